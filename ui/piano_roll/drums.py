"""Short names of drums, for the narrow column beside their rows."""

from core.score import Score

_NAMES = {
    35: "Kick", 36: "Kick", 37: "Rim", 38: "Snare", 39: "Clap", 40: "Snare", 41: "Low tom",
    42: "Hi-hat", 43: "Low tom", 44: "Pedal", 45: "Mid tom", 46: "Open hat", 47: "Mid tom",
    48: "Hi tom", 49: "Crash", 50: "Hi tom", 51: "Ride", 52: "China", 53: "Bell", 54: "Tamb.",
    55: "Splash", 56: "Cowbell", 57: "Crash", 58: "Vibra", 59: "Ride", 60: "Bongo", 61: "Bongo",
    62: "Conga", 63: "Conga", 64: "Conga", 65: "Timbale", 66: "Timbale", 67: "Agogo", 68: "Agogo",
    69: "Cabasa", 70: "Maracas", 71: "Whistle", 72: "Whistle", 73: "Guiro", 74: "Guiro",
    75: "Claves", 76: "Block", 77: "Block", 78: "Cuica", 79: "Cuica", 80: "Triangle",
    81: "Triangle",
}  # fmt: skip


def drum_names(score: Score) -> dict[str, str]:
    """General MIDI percussion number, as text, -> its name, for those that the score has."""
    pitches = {note.pitch for track in score.tracks if track.is_drum for note in track.notes}
    return {str(pitch): _NAMES.get(pitch, f"No. {pitch}") for pitch in sorted(pitches)}

"""A match in plain words, for pages and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.retrieving.matches import Match

if TYPE_CHECKING:
    from core.retrieving.recordings import RecordingMatch  # brings SciPy along

QUOTED_BARS, QUOTED_NOTES, QUOTED_PITCHES = 3.0, 16, 4
"""A run of so much is called a quotation; one note again and again is none.

Of 42 passages of the validation split, which the collection does not have, one in ten has a run of
12 notes or 2.7 bars in common with its nearest piece: turns of phrase that folk tunes share.
"""
ALIKE = 0.5
"""From this score on two passages are called alike; one in ten of those 42 comes to 0.48."""


def is_quotation(match: Match) -> bool:
    """Whether a run of notes is the same that is longer than those of unrelated music."""
    return (
        match.copied_notes >= QUOTED_NOTES
        and match.copied_pitches >= QUOTED_PITCHES
        and match.copied_bars >= QUOTED_BARS
    )


def verdict(match: Match) -> str:
    """What the copy score says, in a sentence."""
    if is_quotation(match):
        return "A passage stands in both, note for note."
    if match.score >= ALIKE:
        return "Alike, but no long passage is the same."
    return "No more alike than unrelated music is."


def copied(match: Match) -> str:
    """The copy score: how many of the notes, and the longest run."""
    share = f"{match.copied_share:.0%} of the notes stand there too"
    if match.copied_notes < 2:
        return share
    bars = f"{match.copied_bars:.1f}".removesuffix(".0")
    unit = "bar" if bars == "1" else "bars"
    return f"{share}; the longest unbroken run is {match.copied_notes} notes, {bars} {unit}"


def moved(match: Match) -> str:
    """How the passage lies beside the query: key and tempo."""
    parts = []
    if match.transposition:
        up = abs(match.transposition)
        way = "up" if match.transposition > 0 else "down"
        parts.append(f"{up} semitone{'s' if up > 1 else ''} {way}")
    if not 0.97 < match.tempo_ratio < 1.03:
        parts.append(f"{match.tempo_ratio:.2f} times as fast")
    return " and ".join(parts) if parts else "in the same key and tempo"


def bars(first: int, end: int) -> str:
    """`bar 3` or `bars 3–6`, as people count them."""
    return f"bar {first + 1}" if end == first + 1 else f"bars {first + 1}–{end}"


def of_recording(match: RecordingMatch) -> str:
    """How alike a recording is, in a line."""
    place = f"{int(match.at_s // 60)}:{int(match.at_s % 60):02d}"
    return (
        f"harmony {max(match.harmony, 0):.2f} alike at {place} of the excerpt, "
        f"sound {match.sound:.2f} alike"
    )

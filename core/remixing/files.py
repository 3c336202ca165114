"""Files into a remix and out of it: the solo of a sound file, the mix as it is heard, the stems."""

from __future__ import annotations

from core.audio import Clip, encode_flac, encode_wav
from core.errors import UserInputError
from core.gallery import read_flac
from core.recipe import Recipe
from core.remixing.arrangement import Arrangement
from core.remixing.arrangement_files import chart_text, midi, musicxml
from core.remixing.desk import Desk, heard
from core.remixing.stems import Stems


def solo_of(data: bytes, start_s: float, seconds: float) -> Clip:
    """The part of a sound file that is the solo, up to the file's end.

    Raises UserInputError for a file that cannot be read there, or where nothing sounds.
    """
    from core.decoding import decode, is_silent

    clip = decode(data, start_s=start_s, seconds=seconds)
    if is_silent(clip):
        raise UserInputError(
            "This part of the file is silent, so there is nothing to play along with; choose a "
            "part or a file with sound."
        )
    return clip


def as_kept(stems: Stems) -> Stems:
    """The stems at 16 bits: what the page plays, and every mix is made of."""
    return Stems({name: read_flac(encode_flac(clip)) for name, clip in stems.parts.items()})


def mix(channels: Stems, desk: Desk) -> Clip:
    """The mix of channels `as_kept`, as the page plays and exports it."""
    return heard(channels, desk)


def stem_files(
    channels: Stems,
    desk: Desk,
    recipe: Recipe,
    credit: str | None,
    arrangement: Arrangement | None = None,
) -> dict[str, bytes]:
    """Name -> content: the mix, every channel by itself, the recipe, and whose music it is.

    Of an engine that plays from notes these too, as MIDI and MusicXML, and its chords.
    """
    files = {"mix.wav": encode_wav(mix(channels, desk))}
    files |= {f"{name}.wav": encode_wav(clip) for name, clip in channels.parts.items()}
    files["recipe.json"] = recipe.to_json().encode()
    if arrangement is not None:
        files["band.mid"] = midi(arrangement)
        files["band.musicxml"] = musicxml(arrangement)
        files["chords.txt"] = chart_text(arrangement).encode()
    if credit:
        files["CREDIT.txt"] = (credit + "\n").encode()
    return files

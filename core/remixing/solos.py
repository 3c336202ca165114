"""A solo as it is given: a sound, or notes that say themselves what would have to be heard."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from core.audio import Clip
from core.errors import UserInputError
from core.hearing.heard import Heard
from core.midi_events import is_midi
from core.musicxml import is_musicxml
from core.remixing.files import solo_of
from core.score import Score
from core.tunes import solo_tracks


@dataclass(frozen=True)
class Solo:
    """clip: its sound. heard: what its notes say, where it was given as notes."""

    clip: Clip
    heard: Heard | None = None


def is_notes(data: bytes) -> bool:
    """Whether a file holds notes and no sound: MIDI or MusicXML."""
    return is_midi(data[:12]) or is_musicxml(data)


def tune_of(data: bytes, name: str = "") -> Score:
    """The tune of a file that `is_notes`: one instrument, from its first bar with notes on.

    Raises UserInputError where it cannot be read, or where nothing but drums plays.
    """
    from core.score_files import read_score

    score = read_score(data, name)
    tracks = solo_tracks(score)
    if not tracks:
        raise UserInputError("There is no tune in this file; choose one with notes beside drums.")
    first = min(track.notes[0].start for track in tracks) // score.bar_ticks
    return dataclasses.replace(score, tracks=tracks).between(first, score.bars)


def read_solo(data: bytes, start_s: float, seconds: float, name: str = "") -> Solo:
    """The part of a file, of sound or of notes, that is the solo, up to the file's end.

    Notes are played through the house's SoundFont on the instrument that the file names. Raises
    UserInputError for a file that cannot be read there, or where nothing sounds.
    """
    if not is_notes(data):
        return Solo(solo_of(data, start_s, seconds))
    from core.synth import render
    from core.transcription import heard_of_score

    tune = tune_of(data, name)
    end_s = min(start_s + seconds, tune.duration_s)
    heard = heard_of_score(tune, start_s, end_s)
    last_bar = -int(-end_s // (tune.bar_ticks * tune.seconds_per_tick))
    return Solo(render(tune.between(0, last_bar)).between(start_s, end_s), heard)

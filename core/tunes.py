"""Which of a score's tracks is the tune."""

from __future__ import annotations

import numpy as np

from core.composition.instruments import role
from core.score import Score, Track

_LINE_SHARE = 0.8
"""A track whose notes mostly begin one by one is a line and no chords."""


def melody_track(score: Score) -> Track | None:
    """The track that is called a melody or played on its instruments, else the highest line.

    None where nothing but drums plays.
    """
    pitched = [track for track in score.tracks if track.notes and not track.is_drum]
    if not pitched:
        return None

    def rank(track: Track) -> tuple[bool, bool, float]:
        line = len({note.start for note in track.notes}) > _LINE_SHARE * len(track.notes)
        height = float(np.median([note.pitch for note in track.notes]))
        return role(track) == "melody", line, height

    return max(pitched, key=rank)


def solo_tracks(score: Score) -> tuple[Track, ...]:
    """The tracks of one instrument alone that has the tune: two hands of a piano are one.

    Empty where nothing but drums plays.
    """
    tune = melody_track(score)
    if tune is None:
        return ()
    if role(tune) == "melody":
        return (tune,)
    return tuple(
        track
        for track in score.tracks
        if track.notes and not track.is_drum and track.program == tune.program
    )

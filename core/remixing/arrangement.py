"""An arrangement: what the band plays, on the solo's grid, and what was heard for it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from core.hearing.heard import Chord, Heard
from core.remixing.band_controls import STYLES, BandControls
from core.remixing.stems import SOLO, STEMS, TITLES
from core.score import Note, Score, Track


@dataclass(frozen=True)
class Arrangement:
    """score: the solo first, then the parts in the order of STEMS, all of them, rests too.

    heard: what the solo was taken for; its grid says when a tick of the score is.
    """

    heard: Heard
    score: Score
    controls: BandControls

    @property
    def chords(self) -> tuple[Chord, ...]:
        return self.heard.chords

    def notes(self, stem: str) -> tuple[Note, ...]:
        """Of SOLO or one of STEMS."""
        return self.score.tracks[track_of(stem)].notes

    def with_notes(self, parts: dict[str, list[Note]]) -> Arrangement:
        """The same with other notes in some parts."""
        tracks = list(self.score.tracks)
        for stem, notes in parts.items():
            index = track_of(stem)
            tracks[index] = dataclasses.replace(tracks[index], notes=tuple(notes))
        return dataclasses.replace(
            self, score=dataclasses.replace(self.score, tracks=tuple(tracks))
        )


def track_of(stem: str) -> int:
    """The index of a part's track in an arrangement's score."""
    return (SOLO, *STEMS).index(stem)


def empty(heard: Heard, solo: Score, controls: BandControls) -> Arrangement:
    """An arrangement in which only the solo plays. solo: its score, of one track."""
    style = STYLES[controls.style]
    parts = tuple(
        Track(TITLES[stem], style.program(stem), (), is_drum=stem == "drums") for stem in STEMS
    )
    return Arrangement(heard, dataclasses.replace(solo, tracks=(solo.tracks[0], *parts)), controls)

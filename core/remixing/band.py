"""`band`: hears a solo and plays along on drums, bass, piano and another instrument.

What the second paper left open is that each instrument depends on its own past and on the others.
Here the solo is heard as notes, beats and chords (core/transcription.py); a network, `composer`'s
taught to accompany, writes the parts note by note, each note given the solo a bar ahead and all
that any part has played (core/remixing/band_drawing.py); the parts are played at the solo's own
pace and in its own tuning (core/remixing/band_playing.py). Nothing of the sound is predicted, so
nothing is noise.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from core.audio import Clip
from core.composition.composer_decoder import Weights
from core.errors import UserInputError
from core.hearing.heard import Heard
from core.loaders import load_model
from core.progress import Progress, ignore, part
from core.remixing.arrangement import Arrangement, empty
from core.remixing.band_controls import FITTING, BandControls
from core.remixing.band_drawing import Band, drawn
from core.remixing.band_form import finished
from core.remixing.band_frame import frame_of
from core.remixing.band_playing import played
from core.remixing.chart_text import bars_of, laid
from core.remixing.chords import Chart
from core.remixing.fitting import fitting
from core.remixing.stems import STEMS, Stems

MIN_SOLO_S, MAX_SOLO_S = 1.0, 120.0
_KEPT = 8
"""Solos heard and arrangements drawn that are kept for the next redraw."""


@functools.lru_cache(maxsize=2)
def _weights(sha256: str, model: Any) -> Weights:
    return Weights(model)


class RemixBand:
    """The engine. See `core.engines.Remixer` and `core.engines.Arranger`."""

    def remix(self, solo: Clip, *, seed: int, progress: Progress = ignore) -> Stems:
        """See `core.engines.Remixer`."""
        return self.remix_along(solo, seed=seed, progress=progress)[0]

    def remix_along(
        self,
        solo: Clip,
        *,
        seed: int,
        controls: BandControls = BandControls(),  # noqa: B008 - it is frozen
        heard: Heard | None = None,
        progress: Progress = ignore,
    ) -> tuple[Stems, Arrangement]:
        """See `core.engines.Arranger`."""
        if not MIN_SOLO_S <= solo.duration_s <= MAX_SOLO_S:
            raise UserInputError(
                f"The solo lasts {solo.duration_s:.1f} s; choose one of {MIN_SOLO_S:g} s to "
                f"{MAX_SOLO_S:g} s."
            )
        heard = heard or heard_in(solo, part(progress, 0.0, 0.4))
        arrangement = arranged(heard, solo.duration_s, seed, controls, part(progress, 0.4, 0.8))
        stems = played(arrangement, solo, seed, part(progress, 0.8, 1.0))
        return stems, arrangement


_heard: dict[str, Heard] = {}


def heard_in(solo: Clip, progress: Progress = ignore) -> Heard:
    """What is heard in a solo; of the last ones it is remembered. Raises UserInputError."""
    from core.transcription import hear

    key = solo.sha256()
    found = _heard.get(key)
    if found is None:
        found = hear(solo, progress=progress)
        _remember(_heard, key, found)
    progress(1.0)
    return found


_drawn: dict[Any, Arrangement] = {}


def arranged(
    heard: Heard,
    seconds: float,
    seed: int,
    controls: BandControls,
    progress: Progress = ignore,
    draw: Callable[..., Arrangement] = drawn,
) -> Arrangement:
    """The band's notes for a solo of `seconds`, the redraws done one after another.

    The arrangement's controls name the style that fits where none was asked for; its chords are
    those that were told, if any were. What was drawn before for the same solo is not drawn again.
    Raises UserInputError and ModelUnavailableError.
    """
    frame = frame_of(heard, seconds)
    if controls.chords:
        score, grid = frame.score, heard.grid
        told = laid(bars_of(controls.chords), score.bars, grid.beats, grid.beat_ticks)
        heard, frame = replace(heard, chords=told), replace(frame, chart=Chart(told))
    if controls.style == FITTING:
        controls = replace(controls, style=fitting(frame))
    loaded = load_model("band")
    band = Band(frame, controls, _weights(loaded.spec.sha256, loaded.model))
    every = (frozenset(range(frame.score.bars)), frozenset(range(len(STEMS))))
    steps = [(*every, seed), *((s.bars, s.tracks, s.seed) for s in controls.redraws)]
    plain = BandControls(style=controls.style, density=controls.density)
    arrangement = empty(heard, frame.score, controls)
    key: tuple[Any, ...] = (loaded.spec.sha256, heard, seconds, plain)
    for index, (bars, parts, number) in enumerate(steps):
        key = (*key, bars, parts, number)
        found = _drawn.get(key)
        if found is None:
            within = part(progress, index / len(steps), (index + 1) / len(steps))
            found = draw(arrangement, band, bars, parts, number, within)
            _remember(_drawn, key, found)
        arrangement = empty(heard, frame.score, controls).with_notes(
            {stem: list(found.notes(stem)) for stem in STEMS}
        )
    progress(1.0)
    return finished(arrangement, frame)


def _remember(kept: dict[Any, Any], key: Any, value: Any) -> None:
    """Keep a value and let the oldest one go."""
    kept[key] = value
    for old in list(kept)[:-_KEPT]:
        kept.pop(old, None)

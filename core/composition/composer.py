"""`composer`: music for several instruments, note by note, by a transformer over whole notes.

One event is one note, of five fields drawn one after the other (core/composition/tokens.py). The
network sees what stands fixed a bar ahead (core/composition/stream.py), so that one network
composes, continues a primer, arranges around given tracks and leads over to given bars. All music
was moved to C major or A minor for training; the key asked for is a transposition of what is
written.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.composition.canvas import Canvas, blank, of_piece
from core.composition.composer_decoder import Decoder, Weights
from core.composition.controls import Controls, Redraw, Watch, nobody
from core.composition.form import sources
from core.composition.instruments import NAMES, PROGRAMS
from core.composition.stream import GENRES, Conditions, Stream
from core.composition.tokens import METRES
from core.composition.writing import Guide, TakenUp, Writer
from core.errors import UserInputError
from core.keys import estimate_key
from core.loaders import load_model
from core.progress import Progress, ignore
from core.score import Composition, Key, Score

STYLES = Path(__file__).with_name("composer_styles.json")
LOOK_BACK_BARS = 16
"""Bars that the network hears before those it writes; most are more than its memory holds."""
_TONICS = (0, 2, 4, 5, 7, 9, 10)
"""Pitch classes that a piece may be in where nobody asks: few sharps and flats to read."""


@functools.lru_cache(maxsize=1)
def styles() -> dict[str, Any]:
    """What the training pieces of each genre are like, by `training.composer_styles`; "" is all.

    density: notes a bar that part them into fifths. tempo: bpm, quarter, median and three quarters.
    minor: share in minor. sets: [instruments, pieces] often played together. metres: the same.
    ranges, of all alone: see `ranges`.
    """
    return dict(json.loads(STYLES.read_text(encoding="utf-8")))


@functools.lru_cache(maxsize=1)
def ranges() -> dict[int, tuple[int, int]]:
    """Instrument -> the pitches, in the common key, that hold all but a few of its notes."""
    return {int(i): (low, high) for i, (low, high) in styles()[""]["ranges"].items()}


@functools.lru_cache(maxsize=2)
def _weights(sha256: str, model: Any) -> Weights:
    return Weights(model)


class Composer:
    """The engine. See `core.engines.Composer`."""

    def compose(
        self,
        primer: Score | None,
        bars: int,
        *,
        seed: int,
        controls: Controls = Controls(),  # noqa: B008 - it is frozen
        redraw: Redraw | None = None,
        progress: Progress = ignore,
        watch: Watch = nobody,
    ) -> Composition:
        rng = np.random.default_rng([seed, 2])
        if redraw is None and primer is not None and primer.note_count:
            key = primer.key or estimate_key(primer)
            whole = dataclasses.replace(primer, bars=primer.bars + bars, key=key)
            new = frozenset(range(primer.bars, whole.bars))
            redraw = Redraw(whole, new, frozenset(range(len(primer.tracks))))
        taken_up: list[int | None] = []
        if redraw is not None:
            conditions = self._of_piece(redraw.piece, controls)
            canvas = of_piece(redraw, shift_of(redraw.piece.key or estimate_key(redraw.piece)))
        else:
            conditions, like = self._from_nothing(bars, controls, rng)
            playing = conditions.instruments or frozenset()
            taken_up = sources(bars, rng)
            canvas = blank(like, shift_of(like.key), playing, PROGRAMS[conditions.genre or ""])
        loaded = load_model("composer")
        weights = _weights(loaded.spec.sha256, loaded.model)
        towards = taken_up.__getitem__ if taken_up else None
        return write(canvas, conditions, controls, weights, rng, progress, watch, towards)

    def _of_piece(self, piece: Score, controls: Controls) -> Conditions:
        """What is known of a piece that goes on: its own style, and what the visitor asks for."""
        if (piece.beats, piece.beat_unit) not in METRES:
            raise UserInputError(
                f"This engine knows 4/4, 3/4, 2/4 and 6/8, not {piece.beats}/{piece.beat_unit}; "
                "give a piece in one of these."
            )
        key = piece.key or estimate_key(piece)
        return Conditions(
            metre=(piece.beats, piece.beat_unit),
            genre=controls.genre if controls.genre in GENRES else None,
            mode=key.mode if key else None,
            tempo_bpm=piece.tempo_bpm,
            density=_fifth(controls.density),
            bars=piece.bars,
        )

    def _from_nothing(
        self, bars: int, controls: Controls, rng: np.random.Generator
    ) -> tuple[Conditions, Score]:
        """The piece's frame: what the visitor left open is drawn from what the genre is like."""
        genre = controls.genre if controls.genre in GENRES else GENRES[0]
        style = styles().get(genre) or styles()[""]
        metre = controls.metre
        if metre is None:
            shares = np.array([share for _, share in style["metres"]], float)
            metre = tuple(style["metres"][int(rng.choice(len(shares), p=shares / shares.sum()))][0])
        if metre not in METRES:
            raise UserInputError("This engine writes in 4/4, 3/4, 2/4 and 6/8; choose one of them.")
        low, _, high = style["tempo"]
        tempo = controls.tempo_bpm or float(round(rng.uniform(low, high)))
        key = controls.key
        if key is None:
            minor = rng.random() < style["minor"]
            key = Key(int(rng.choice(_TONICS)), "minor" if minor else "major")
        if controls.instruments:
            playing = frozenset(NAMES.index(n) for n in controls.instruments if n in NAMES)
        else:
            counts = np.array([count for _, count in style["sets"]], float)
            picked = int(rng.choice(len(counts), p=counts / counts.sum()))
            playing = frozenset(style["sets"][picked][0])
        conditions = Conditions(
            metre=metre, genre=genre, mode=key.mode, tempo_bpm=tempo,
            density=_fifth(controls.density if controls.density is not None else 0.5),
            instruments=playing, bars=bars,
        )  # fmt: skip
        like = Score(
            (), bars, tempo_bpm=tempo, beats=metre[0], beat_unit=metre[1], key=key,
            title=f"{genre.capitalize()} in {key}",
        )  # fmt: skip
        return conditions, like


def write(
    canvas: Canvas,
    conditions: Conditions,
    controls: Controls,
    weights: Weights,
    rng: np.random.Generator,
    progress: Progress = ignore,
    watch: Watch = nobody,
    taken_up: Callable[[int], TakenUp] | None = None,
    guide: Guide | None = None,
) -> Composition:
    """Fill the canvas's open bars, in order.

    taken_up: asked for each open bar, when all before it are written, what it is drawn towards.
    guide: of what is drawn.
    """
    first, last = min(canvas.bars), max(canvas.bars)
    begin = max(0, first - LOOK_BACK_BARS)
    writer = Writer(
        Stream(conditions, begin),
        Decoder(weights),
        rng,
        controls,
        canvas.allowed,
        canvas.open_from,
        ranges(),
        guide,
    )
    for bar in range(begin, last + 1):
        writer.bar_line()
        for other in (bar, bar + 1) if bar == begin else (bar + 1,):
            for event in canvas.given(other, first):
                writer.given(other, event)
        if bar in canvas.bars:
            writer.write_bar(canvas.forced(bar), taken_up(bar) if taken_up else None)
            canvas.add(bar, writer.written, writer.choices)
            watch(canvas.score(bar + 1))
        elif bar < first:
            for event in canvas.history(bar):
                writer.heard(event)
        progress((bar - begin + 1) / (last - begin + 1))
    return canvas.composition()


def shift_of(key: Key | None) -> int:
    """Semitones, -6 to 5, from a key to the common one: C major or A minor."""
    if key is None:
        return 0
    return -((key.tonic - (0 if key.mode == "major" else 9) + 6) % 12 - 6)


def _fifth(density: float | None) -> int | None:
    return None if density is None else min(int(density * 5), 4)

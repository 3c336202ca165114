"""Runs of the Compose page: a new piece, or a part of one drawn anew."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from core.composition import plan as plans
from core.composition.plan import Plan
from core.composition.steps import Step
from core.engines import composer
from core.job import JobState
from core.progress import Progress, part
from core.score import Composition, Score
from ui.background import Runs
from ui.compose import pieces
from ui.compose.pieces import Piece
from ui.compose.primers import Primer

RUNS: Runs[Piece] = Runs("compose")
SKETCH = "compose_sketch"
WRITING = 0.8
"""The share of a run in which notes are written; then they are played."""


@dataclass
class Sketch:
    """What a run has written so far; the work puts it in, the page looks at it.

    work: the piece it is a version of. given_bars, bars: as the Piece will have.
    """

    work: str
    given_bars: int
    bars: int
    score: Score | None = None

    def put(self, score: Score) -> None:
        """The engine's `watch`. It may count only the bars so far; the page shows them all."""
        self.score = replace(score, bars=max(score.bars, self.bars))

    def doing(self, state: JobState) -> str:
        """What the run is at, in words."""
        if state.fraction >= WRITING:
            return "Playing it on the instruments"
        if self.score is None:
            return "Getting ready"
        notes = self.score.note_count
        return f"Composing: {notes} note{'' if notes == 1 else 's'} so far"


def compose(plan: Plan, primer: Primer | None) -> None:
    """Make a piece from its plan, in place of the one that is shown."""
    score = primer.score if primer else None
    title = _title(plan, primer)
    given = score.bars if score and plan.bars else 0
    new = Piece(title, plan, Composition(Score((), 1)), given)

    def write(progress: Progress, sketch: Sketch) -> Composition:
        return plans.make(plan, score, progress=progress, watch=sketch.put)

    _start(new, write, keep=False)


def redraw(piece: Piece, step: Step) -> None:
    """Draw a part of the piece anew; the piece as it was can be brought back."""

    def write(progress: Progress, sketch: Sketch) -> Composition:
        engine = composer(piece.plan.engine)
        controls = piece.plan.controls
        return plans.redrawn(
            engine, piece.made, step, controls, progress=progress, watch=sketch.put
        )

    anew = replace(piece, plan=piece.plan.then(step), example=None, credit=None)
    _start(anew, write, keep=True)


def _start(unfinished: Piece, write: Callable[[Progress, Sketch], Composition], keep: bool) -> None:
    bars = unfinished.given_bars + unfinished.plan.bars
    sketch = Sketch(unfinished.work, unfinished.given_bars, bars)
    st.session_state[SKETCH] = sketch
    st.session_state["compose_keeps"] = keep

    def work(progress: Progress) -> Piece:
        from core.composition.stems import sound

        started = time.perf_counter()
        made = write(part(progress, 0.0, WRITING), sketch)
        spent = time.perf_counter() - started
        sketch.put(made.score)
        sound(made.score, part(progress, WRITING, 1.0))
        title = unfinished.title or _named(unfinished.plan, made.score)
        return replace(unfinished, title=title, made=made, compute_seconds=spent)

    RUNS.submit(lambda: work)


def collect() -> None:
    """Take what a finished run gave; the piece that it replaces can be brought back."""
    before: Piece | None = st.session_state.get(RUNS.result)
    if RUNS.collect():
        if st.session_state.get("compose_keeps") and before is not None:
            pieces.remember(before)
        else:
            pieces.forget_versions()


def _title(plan: Plan, primer: Primer | None) -> str:
    if primer is None:
        return ""
    done = "continued" if plan.bars else "harmonised"
    return f"{primer.title.rsplit('.', 1)[0]}, {done}"


def _named(plan: Plan, score: Score) -> str:
    """`Jazz in E♭ major`, or without the genre, or without the key."""
    kind = plan.controls.genre or ("chorale" if plan.engine == "chorale" else "piece")
    return kind[:1].upper() + kind[1:] + (f" in {score.key}" if score.key else "")

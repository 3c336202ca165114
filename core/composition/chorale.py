"""`chorale`: four voices in Bach's manner, sixteenth by sixteenth.

A network learned from Bach's chorales (chorale_model.py) says of every voice in turn, soprano,
bass, alto, tenor, what it sings in the next sixteenth, given all that was sung so far and what the
others sing now. It is told where the bar lines are and how far off the end is, so that a piece
may end with a cadence. Any voice, or any stretch of one, may be given: the others are drawn around
it (chorale_drawing.py), so the engine continues a chorale, harmonises a melody, or redraws a bar.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.composition.chorale_decoder import Decoder, Weights
from core.composition.chorale_drawing import BoolArray, Drawing, Network, Plan, picked
from core.composition.chorale_frames import LOWEST, ORDER, VOICES, IntArray, Past
from core.composition.chorale_score import (
    RANGES,
    STEP_TICKS,
    Choir,
    Part,
    blank,
    choir_of,
    composition,
    plan_of,
    steps_of,
)
from core.composition.controls import Controls, Redraw, Watch, nobody
from core.errors import UserInputError
from core.keys import estimate_key
from core.loaders import load_model
from core.progress import Progress, ignore
from core.score import Composition, Key, Note, Score

MODEL_ID = "chorale"
TEMPO_BPM = 72.0
METRES = ((4, 4), (3, 4))
MAX_BARS = 256
"""Of a piece, given and new: the longest that is drawn in a minute."""
OPENINGS = 128
"""First chords drawn to find one in the key that was asked for."""
TRIADS = {"major": {0, 4, 7}, "minor": {0, 3, 7}}


@dataclass(frozen=True)
class Task:
    """choir: what stands. free: [frames, 4], what is drawn. start: the first frame that sounds."""

    choir: Choir
    free: BoolArray
    start: int = 0


class Chorale:
    """See the module. Of the controls it has tempo, key, metre, temperature and top_p."""

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
        """See `core.engines.Composer`. With bars 0 a primer's missing voices are added.

        A primer of up to four parts is sung by the voices that its tracks are named after, or that
        lie as high; the voices it lacks are drawn. A key is given to pieces from nothing alone.
        """
        rng = np.random.default_rng(seed)
        if redraw is not None:
            task = _redrawn(redraw)
        elif primer is not None:
            task = _continued(primer, bars, controls)
        else:
            task = _new(bars, controls)
        plan = plan_of(task.choir, len(task.free), task.free)
        if redraw is None and primer is None and controls.key is not None:
            plan = _opened(plan, controls.key, rng)
        drawing = Drawing(
            network(), plan, rng, temperature=controls.temperature, top_p=controls.top_p
        )

        def each_frame(t: int) -> None:
            progress((t + 1 - task.start) / (len(plan.frames) - task.start))
            if (t + 1) % task.choir.bar_steps == 0:
                watch(composition(task.choir, task.free, drawing.so_far(), t + 1).score)

        drawn = drawing.run(each_frame, task.start)
        made = composition(task.choir, task.free, drawn)
        progress(1.0)
        key = made.score.key or controls.key or estimate_key(made.score)
        title = made.score.title or f"Chorale in {key}"
        return dataclasses.replace(
            made, score=dataclasses.replace(made.score, key=key, title=title)
        )


def network() -> Network:
    """The network at the beginning of a piece. Raises ModelUnavailableError."""
    loaded = load_model(MODEL_ID)
    return Decoder(_weights(loaded.spec.sha256, loaded.model))


@functools.lru_cache(maxsize=2)
def _weights(sha256: str, model: Any) -> Weights:
    return Weights(model)


def _new(bars: int, controls: Controls) -> Task:
    if not 1 <= bars <= MAX_BARS:
        raise UserInputError(f"Ask for 1 to {MAX_BARS} bars.")
    metre = controls.metre or METRES[0]
    if metre not in METRES:
        raise UserInputError("A chorale is in 4/4 or 3/4; choose one of them.")
    score = blank(bars, controls.tempo_bpm or TEMPO_BPM, metre)
    choir = Choir(score, tuple(Part(voice, ()) for voice in range(VOICES)), 0)
    return Task(choir, np.ones((bars * choir.bar_steps, VOICES), np.bool_))


def _continued(primer: Score, bars: int, controls: Controls) -> Task:
    total = primer.bars + bars
    if bars < 0 or total > MAX_BARS:
        raise UserInputError(f"The piece would have {total} bars; {MAX_BARS} is the most.")
    tempo = controls.tempo_bpm or primer.tempo_bpm
    choir = choir_of(dataclasses.replace(primer, bars=total, tempo_bpm=tempo))
    free = ~plan_of(choir, total * choir.bar_steps).given
    start = min(steps_of(part.notes[0])[0] for part in choir.parts if part.notes)
    free[:start] = False
    if bars == 0:
        # what follows the last note is the primer's own silence
        free[max(steps_of(part.notes[-1])[1] for part in choir.parts if part.notes) :] = False
    if not free.any():
        raise UserInputError("All four voices are there; ask for new bars, or give fewer voices.")
    return Task(choir, free, start)


def _redrawn(redraw: Redraw) -> Task:
    piece = redraw.piece
    bar_ticks = piece.bar_ticks

    def stands(index: int, note: Note) -> bool:
        return (
            index not in redraw.tracks
            or note.start // bar_ticks not in redraw.bars
            or note.start < redraw.from_tick
            or (index, note.start, note.pitch) == redraw.chosen
        )

    kept = tuple(
        dataclasses.replace(track, notes=tuple(n for n in track.notes if stands(index, n)))
        for index, track in enumerate(piece.tracks)
    )
    choir = choir_of(piece, dataclasses.replace(piece, tracks=kept))
    frames = piece.bars * choir.bar_steps
    free = np.zeros((frames, VOICES), np.bool_)
    asked = [t // choir.bar_steps in redraw.bars for t in range(frames)]
    asked = [on and t * STEP_TICKS >= redraw.from_tick for t, on in enumerate(asked)]
    for voice, part in enumerate(choir.parts):
        if part.track is None or part.track not in redraw.tracks:
            continue
        free[:, voice] = asked
        for note in piece.tracks[part.track].notes:
            if not stands(part.track, note):
                free[slice(*steps_of(note)), voice] = True
        for note in kept[part.track].notes:
            free[slice(*steps_of(note)), voice] = False
    if not free.any():
        raise UserInputError("Nothing is chosen to be redrawn; choose a bar and a voice.")
    start = min(steps_of(n)[0] for track in piece.tracks if not track.is_drum for n in track.notes)
    return Task(choir, free, min(start, int(np.flatnonzero(free.any(axis=1))[0])))


def _opened(plan: Plan, key: Key, rng: np.random.Generator) -> Plan:
    """The plan with a first chord: the key's triad, as the network would sing it.

    Of many first chords the likeliest that is such a triad, moved where none is in this very key.
    """
    net, past = network(), Past(OPENINGS)
    net.read(past.features(int(plan.left[0]), int(plan.metre[0])))
    frame: IntArray = np.zeros((OPENINGS, VOICES), np.int64)
    score = np.zeros(OPENINGS)
    for index, voice in enumerate(ORDER):
        log_p = net.log_probabilities(index, frame).copy()
        log_p[:, 0] = -np.inf
        frame[:, voice] = picked(log_p, rng, 1.0, 1.0)
        score += log_p[np.arange(OPENINGS), frame[:, voice]]
    best: tuple[float, IntArray] | None = None
    for chord, likely in zip(frame, score, strict=True):
        classes = {int(p - chord[3]) % 12 for p in chord}
        move = (key.tonic - int(chord[3]) - LOWEST + 1 + 6) % 12 - 6
        moved = chord + move
        inside = all(
            low <= p + LOWEST - 1 <= high for p, (low, high) in zip(moved, RANGES, strict=True)
        )
        if classes != TRIADS[key.mode] or not inside:
            continue
        # a chord of another key is as good, moved, but a little less likely
        if best is None or likely - abs(move) > best[0]:
            best = (float(likely - abs(move)), moved)
    chord = best[1] if best else _close_triad(key)
    frames, given = plan.frames.copy(), plan.given.copy()
    frames[0], given[0] = chord, True
    return dataclasses.replace(plan, frames=frames, given=given)


def _close_triad(key: Key) -> IntArray:
    """The tonic triad in a common position: root, fifth, root, third from the bass upwards."""
    bass = 43 + (key.tonic - 43) % 12
    third = 4 if key.mode == "major" else 3
    pitches = np.array([bass + 12 + third + 12 * (bass < 48), bass + 12, bass + 7, bass])
    return np.asarray(pitches - LOWEST + 1, np.int64)

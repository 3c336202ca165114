"""`structure`, our engine: a network says which past moments will serve, a search plays them.

The clip's frames are compared with each other (mel, chroma, onsets). From how each lag has fared
over the last 20 s a small network, trained on nothing but music going on, predicts how far the
sound of each lag ago will be from each coming moment (structure_model.py). Dynamic programming then
finds the path of lags that is predicted closest and joins best, each join is refined to the sample
by cross-correlation, and the clip's own sound is played along the path, with others of its moments
beneath it (mixing.py). A short clip tells the network too little: there `loop`'s rule has a say.
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise

import numpy as np

from core.audio import Clip, FloatArray
from core.errors import UserInputError
from core.extrapolation.candidates import short_list, source_frames
from core.extrapolation.features import Features, features
from core.extrapolation.lag_rule import LagRule
from core.extrapolation.loop import source_costs
from core.extrapolation.mixing import SECOND_FRAMES, Chunk, mixed
from core.extrapolation.pulse import change_costs
from core.extrapolation.render import Segment, align, render
from core.extrapolation.replays import Replays, frames_in
from core.extrapolation.search import (
    IntArray,
    Weights,
    best_path,
    lead_up_distances,
    worth_trying,
)
from core.extrapolation.self_similarity import (
    CHANNELS,
    DB_PER_UNIT,
    LAGS,
    PAST,
    RANGES,
    STEP,
    chosen_lags,
    combined,
    distances,
    frames_of,
    network_input,
)
from core.extrapolation.steadying import steadied
from core.loaders import load_model
from core.progress import Progress, ignore, part
from core.spectrogram import DISPLAY

MODEL_ID = "structure"
MIN_CLIP_S = 1.0
LEAD_UP_FRAMES = 86
TOUCH_FRAMES, TOUCH_REACH = 3, 12
MIN_LAG = 16
CHUNK = 108
"""Steps that one prediction is used for, 10 s."""
LONGEST_CLIP_S = 40.0
MOST_LAGS = 256
"""About as many lags are looked at for a path; a clip of 20 s has fewer at first."""
VARIETY = 0.004
"""Standard deviation of what the seed adds to a lag's predicted distance, units of 20 dB."""
REPLAY, REPLAY_TRIES = 0.15, 12
"""What a step of a replay of two bars costs in a long continuation, units of 20 dB, and how often
the path is sought anew at most; chosen on the validation split, see training/README.md."""
LEAN_S, LEAN, SHARPER = (5.0, 10.0, 19.5), (2.0, 0.7, 0.0), (3.0, 1.5, 1.5)
"""At these lengths of the clip, and evenly between them, the weight of `loop`'s costs beside the
predicted distances, and `mixed`'s power of its shares; chosen on the validation split, see
training/README.md."""
UNLIKE_DB = 3.0
"""Clips of which half the pairs of moments are further apart, as in music, leave a choice."""
WEIGHTS = Weights()


class Structure:
    """Plays on from the clip's own past along a predicted path. See the module."""

    def extrapolate(
        self, clip: Clip, seconds: float, *, seed: int, progress: Progress = ignore
    ) -> Clip:
        """See `core.engines.Extrapolator`. Needs at least 1 s of clip; looks at its last 40 s."""
        return self.continue_along(clip, seconds, seed=seed, progress=progress)[0]

    def continue_along(
        self, clip: Clip, seconds: float, *, seed: int, progress: Progress = ignore
    ) -> tuple[Clip, list[Segment]]:
        """The continuation, and the path of sources that it plays, in samples of `clip`."""
        if clip.duration_s < MIN_CLIP_S:
            raise UserInputError("The clip is shorter than a second; choose at least 2 seconds.")
        length = round(seconds * clip.sample_rate)
        used = clip.between(max(clip.duration_s - LONGEST_CLIP_S, 0.0), clip.duration_s)
        found = features(used)
        moments = Moments(found)
        progress(0.1)
        hop = DISPLAY.hop_length * clip.sample_rate / DISPLAY.sample_rate
        steps = int(-(-length // (STEP * hop)))
        chunks = moments.chunks(steps, np.random.default_rng(seed), part(progress, 0.1, 0.5))
        path = np.concatenate([chunk.path for chunk in chunks])
        segments = segments_of(path, moments, used, length)
        played = render(used, segments, length, part(progress, 0.5, 0.6))
        sharper = moments.by_length(SHARPER)
        made = mixed(used, played, chunks, found.log_mel.T, sharper, part(progress, 0.6, 1.0))
        made = steadied(made)
        skipped = clip.length - used.length
        return made, [Segment(skipped + s.source, s.length) for s in segments]


class Moments:
    """A clip's frames at 43 Hz, compared with each other.

    table: [count, count, 6], see core.extrapolation.self_similarity.distances.
    """

    def __init__(self, found: Features) -> None:
        some = frames_of(found)
        self.count = some.count
        self.table = distances(some)
        self.mixed = combined(self.table)
        self.looped = LagRule(source_costs(found, some.count))
        self._found = found

    @cached_property
    def replays(self) -> Replays:
        """What would be a replay."""
        return Replays(self._found, self.count)

    @cached_property
    def unlike(self) -> float:
        """From 0, where all moments are alike and no source is better than another, to 1."""
        typical_db = float(np.median(self.table[..., :RANGES].mean(axis=-1))) * DB_PER_UNIT
        return min(typical_db / UNLIKE_DB, 1.0)

    @cached_property
    def changes(self) -> FloatArray:
        """What a change from each frame to each other costs the beat."""
        return change_costs(self._found, self.count)

    def by_length(self, values: tuple[float, ...]) -> float:
        """What stands for a clip of this length between `values` at LEAN_S."""
        return float(np.interp(self.count / DISPLAY.frame_rate_hz, LEAN_S, values))

    def chunks(
        self, steps: int, rng: np.random.Generator, progress: Progress = ignore
    ) -> list[Chunk]:
        """What to play, at least 4 * `steps` frames of it."""
        path = np.zeros(0, np.int64)
        chunks: list[Chunk] = []
        many = steps > CHUNK
        while len(path) < steps * STEP:
            chunks.append(self._chunk(self.history(path), path if many else None, rng))
            path = np.concatenate([path, chunks[-1].path])
            progress(min(len(path) / (steps * STEP), 1.0))
        return chunks

    def history(self, path: IntArray) -> IntArray:
        """The frames that lead up to the end of `path`, as frames of the clip, at most 40 s.

        When the continuation has pushed the clip out of reach, the clip's end is put back in front
        of the last 20 s, so that its sound never goes out of use.
        """
        whole = np.concatenate([np.arange(self.count), path])
        recent, most = PAST * STEP, LAGS * STEP
        if len(path) < recent or len(whole) <= most:
            return whole[-most:]
        kept = np.arange(max(self.count - (most - recent), 0), self.count)
        return np.concatenate([kept, whole[-recent:]])

    def _chunk(self, history: IntArray, so_far: IntArray | None, rng: np.random.Generator) -> Chunk:
        """The next 10 s, after the frames of `history`.

        so_far: the path up to here; None where these 10 s are all.
        """
        lags, said = self.predicted(history)
        size = len(history)
        likely, distances_ahead = short_list(said, lags, size)
        lean = self.by_length(LEAN)
        if lean > 0:
            lags = self.looped.best_of_groups(lags)
        ahead = np.arange(1, CHUNK + 1)[:, None] * STEP
        within = (lags >= min(MIN_LAG, size // 4)) & (lags < size)
        lags, said = lags[within], said[within]
        # A lag that is too short plays its own copy again: in a short clip any lag may, in a long
        # one where there is no other.
        usable = (lags[None] >= ahead) | (lean > 0)
        usable |= ~usable.any(axis=1, keepdims=True)
        level = (said.T[:CHUNK] * usable).sum(axis=1) / usable.sum(axis=1)
        costs = said.T[:CHUNK] - level[:, None] + rng.standard_normal(len(lags)) * VARIETY
        costs = (costs + lean * self.looped.costs(lags)) * self.unlike
        costs = np.where(usable, costs, np.inf).astype(np.float32)
        tried = worth_trying(costs, MOST_LAGS)
        path = self._sought(history, so_far, lags[tried], costs[:, tried])
        sources = history[source_frames(likely, size)]
        sources[0] = np.pad(path, (0, sources.shape[1] - len(path)), mode="edge")
        # Seconds for which the history is too short have no other source than the path's own.
        without = (np.arange(sources.shape[1]) // SECOND_FRAMES + 1) * SECOND_FRAMES >= size
        sources[:, without] = sources[0, without]
        return Chunk(path, sources, distances_ahead)

    def _sought(
        self, history: IntArray, so_far: IntArray | None, lags: IntArray, costs: FloatArray
    ) -> IntArray:
        """The cheapest path, int [CHUNK * STEP]; costs: as `best_path` has it.

        In a continuation of over 10 s replays have a price, and so have changes that lose the beat.
        At first the clip may go on as it ended, so there only what is heard after it counts.
        """
        size = len(history)
        changes, start = self._changes(history, lags, keep_beat=so_far is not None)
        if so_far is None:
            return heard_along(history, lags[best_path(costs, changes, start)])[size:]
        before = np.concatenate([np.arange(self.count), so_far]) if len(so_far) else so_far
        ahead = size + np.arange(CHUNK)[:, None] * STEP + 1
        sources = history[np.clip(ahead - lags[None], 0, size - 1)]
        fewest, kept = CHUNK * STEP + 1, so_far
        for _ in range(REPLAY_TRIES + 1):
            heard = heard_along(history, lags[best_path(costs, changes, start)])
            path = heard[size:]
            found = self.replays.too_long(before, path)
            inside = frames_in(found, len(path))
            if inside < fewest:
                fewest, kept = inside, path
            if not inside:
                break
            priced = self.replays.priced(found, heard, sources, size)
            costs = costs + (REPLAY * priced).astype(np.float32)
        return kept

    def _changes(
        self, history: IntArray, lags: IntArray, *, keep_beat: bool
    ) -> tuple[FloatArray, FloatArray]:
        """What `best_path` is told of changes, [CHUNK, lags, lags], and of the start, [lags].

        How unlike the lead-ups of two sources are at each step, and how far apart within a beat.
        """
        size = len(history)
        own = self.mixed[np.ix_(history, history)]
        lead = lead_up_distances(own, LEAD_UP_FRAMES)
        first = np.clip(size - lags, 0, size)
        touch = lead_up_distances(own[-TOUCH_REACH:], TOUCH_FRAMES)[-1, first]
        start = WEIGHTS.mismatch * lead[size, first] + WEIGHTS.touch * touch
        prices = WEIGHTS.jump + WEIGHTS.mismatch * lead
        if keep_beat:
            frames = np.append(history, history[-1])
            prices += self.changes[np.ix_(frames, frames)]
        now = size + np.arange(CHUNK)[:, None] * STEP
        source = np.clip(now - lags[None], 0, size)
        return prices[source[:, :, None], source[:, None, :]], start

    def predicted(self, history: IntArray) -> tuple[IntArray, FloatArray]:
        """(lags in frames, int [LAGS]; predicted distances [LAGS, FUTURE], up to a constant)."""
        size = len(history)
        lags = np.arange(LAGS * STEP)
        past = np.zeros((len(lags), PAST, CHANNELS), np.float32)
        for first in range(STEP):
            rows = np.arange(first, PAST * STEP, STEP) + size - PAST * STEP
            columns = rows[None] - lags[:, None]
            there = (columns >= 0) & (rows[None] >= 0)
            now, then = history[np.maximum(rows, 0)], history[np.maximum(columns, 0)]
            past += self.table[now[None], then] * there[..., None]
        past /= STEP
        chosen = chosen_lags(past, size)
        batch = network_input(past[chosen], chosen, size)[None]
        return chosen, load_model(MODEL_ID)(batch)[0]


def heard_along(history: IntArray, chosen: IntArray) -> IntArray:
    """`history` and the frames that are played after it at a lag for each step, int [steps]."""
    size = len(history)
    known = np.concatenate([history, np.zeros(len(chosen) * STEP, np.int64)])
    for frame in range(len(chosen) * STEP):
        known[size + frame] = known[size + frame - chosen[frame // STEP]]
    return known


def segments_of(path: IntArray, moments: Moments, clip: Clip, length: int) -> list[Segment]:
    """The path as stretches of samples, every jump refined to the sample."""
    hop = DISPLAY.hop_length * clip.sample_rate / DISPLAY.sample_rate
    mono = clip.mono()
    cuts = [0, *(np.flatnonzero(np.diff(path) != 1) + 1).tolist(), len(path)]
    segments: list[Segment] = []
    at, goes_on = 0, clip.length
    for start, stop in pairwise(cuts):
        wanted = min(round(stop * hop), length) - at
        rough = clip.length - round((moments.count - int(path[start])) * hop)
        while wanted > 0:
            source = align(mono, goes_on, rough, round(0.5 * hop), clip.sample_rate)
            played = min(wanted, clip.length - source)
            segments.append(Segment(source, played))
            at, goes_on, wanted = at + played, source + played, wanted - played
            if stop < len(path):  # what the clip's end cuts off, the next stretch makes up for
                break
            rough = max(segments, key=lambda segment: segment.length).source
    return segments

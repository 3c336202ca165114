"""Beats to a grid: which beats begin bars, how many a bar has, and times that follow the player."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from core.hearing.bars_network import COUNTS, Bars
from core.hearing.beats_network import METRE_NAMES, Pulse, at_beats
from core.hearing.heard import Grid

Array = npt.NDArray[np.float64]

_NEAR = 0.14
"""Of a beat: how far from a beat or a third of it a moment may be and still be on it."""
_THIRDS_LEAST = 0.22
_SURE_THIRDS, _LEAST_THIRDS = 0.5, 0.15
"""What the network must give 6/8 where it stands alone, and where notes part the beats in three."""
_SMOOTH_BEATS = 1.5
_HARMONY = 0.75
"""What a nat of harmony is worth beside one of the beats: chosen on the validation split."""
_REACH_S = 0.06
_LEAST_METRE = 0.02
_OWN, _ASKED = 0.5, 0.5
"""What a nat of the beats network's bars is worth, and one of the bars network's: chosen on
validation pieces."""
_LEAST_BEGINS = 0.02
"""No beat is believed to be surer to begin a bar, or not to, than by so much from 1 or 0."""


def grid_of(
    beats_s: Array,
    times_s: Array,
    heard: Pulse,
    seconds: float,
    fits: Callable[[Grid], float] | None = None,
    says: Callable[[Array], Bars] | None = None,
) -> Grid:
    """The grid over the whole clip.

    beats_s: two or more. times_s: the moments at which notes begin. The metre is 4/4, 3/4, 2/4 or
    6/8. fits: nats by which a grid's bars suit the harmony; compared among grids of one metre.
    says: what the bars network says of the beats.
    """
    beats_s = on_notes(beats_s, times_s)
    thirds = _compound(beats_s, times_s, heard)
    found = _bars(beats_s, heard, thirds)
    if says is not None:
        asked = _asked(says(beats_s), thirds)
        found = {key: _OWN * found[key] + _ASKED * asked[key] for key in found}
    scores: dict[Grid, float] = {}
    for count in {count for count, _ in found}:
        grids = {
            key: _covering(beats_s, key[1], count, seconds, thirds)
            for key in found
            if key[0] == count
        }
        suits = {key: _HARMONY * fits(grid) if fits else 0.0 for key, grid in grids.items()}
        mean = float(np.mean(list(suits.values())))
        scores |= {grids[key]: found[key] + suits[key] - mean for key in grids}
    return max(scores, key=lambda grid: scores[grid])


def on_notes(beats_s: Array, times_s: Array) -> Array:
    """Beats moved towards the notes near them, and evened out over their neighbours."""
    nearest = times_s[np.abs(times_s[None] - beats_s[:, None]).argmin(axis=1)]
    off = nearest - beats_s
    known = np.abs(off) < _REACH_S
    numbers = np.arange(len(beats_s))
    weight = np.exp(-0.5 * ((numbers[:, None] - numbers) / _SMOOTH_BEATS) ** 2) * known
    shift = (weight @ np.where(known, off, 0.0)) / np.maximum(weight.sum(axis=1), 0.2)
    moved = beats_s + shift
    return moved if (np.diff(moved) > 0.1).all() else beats_s


def _compound(beats_s: Array, times_s: Array, heard: Pulse) -> bool:
    """Whether beats are dotted quarters."""
    share = float(heard.metre[METRE_NAMES.index((6, 8))])
    return share > _SURE_THIRDS or (share > _LEAST_THIRDS and _in_thirds(beats_s, times_s))


def _in_thirds(beats_s: Array, times_s: Array) -> bool:
    """Whether notes part the beats in three and not in two; swing lacks the second third."""
    place = np.interp(times_s, beats_s, np.arange(len(beats_s))) % 1.0
    inside = (times_s > beats_s[0]) & (times_s < beats_s[-1])
    if inside.sum() < 4:
        return False
    near = {c: float((np.abs(place[inside] - c) < _NEAR / 2).mean()) for c in (1 / 3, 0.5, 2 / 3)}
    quarters = float((np.minimum(np.abs(place[inside] - 0.25),
                                 np.abs(place[inside] - 0.75)) < _NEAR / 3).mean())  # fmt: skip
    thirds = near[1 / 3] + near[2 / 3]
    return (
        thirds > 1.5 * (near[0.5] + quarters)
        and thirds > _THIRDS_LEAST
        and near[1 / 3] > 0.3 * near[2 / 3]
    )


def _bars(beats_s: Array, heard: Pulse, thirds: bool) -> dict[tuple[int, int], float]:
    """(beats a bar, place of the first beat in its bar) -> nats, by what the network says.

    Beats of which it is not sure say less of bars.
    """
    share = dict(zip(METRE_NAMES, map(float, heard.metre), strict=True))
    prior = {2: 1.0} if thirds else {n: share[n, 4] + _LEAST_METRE for n in (2, 3, 4)}
    beat = np.clip(at_beats(heard.beat, beats_s), 0.01, 1.0)
    down = np.clip(at_beats(heard.bar, beats_s) / beat, 0.03, 0.97)
    nats = {count: float(np.log(chance)) for count, chance in prior.items()}
    return _placed(beat * np.log(down), beat * np.log(1 - down), nats)


def _asked(said: Bars, thirds: bool) -> dict[tuple[int, int], float]:
    """The same as `_bars`, by what the bars network says."""
    begins = np.clip(said.begins.astype(np.float64), _LEAST_BEGINS, 1 - _LEAST_BEGINS)
    nats = {
        count: 0.0 if thirds else float(np.logaddexp(chance, np.log(_LEAST_METRE)))
        for count, chance in zip(COUNTS, said.counts, strict=True)
    }
    return _placed(np.log(begins), np.log(1 - begins), nats)


def _placed(yes: Array, no: Array, counts: dict[int, float]) -> dict[tuple[int, int], float]:
    """The same as `_bars`: nats of each beat for a bar to begin there and not to, of each count."""
    found = {}
    for count, nats in counts.items():
        for first in range(count):
            begins = (np.arange(len(yes)) + first) % count == 0
            found[count, first] = float(np.where(begins, yes, no).sum()) + nats - np.log(count)
    return found


def _covering(beats_s: Array, first: int, per_bar: int, seconds: float, thirds: bool) -> Grid:
    """The grid with beats added at either end at the pace there, over 0 to `seconds`.

    thirds: beats are dotted quarters, and the grid's are their eighths.
    """
    if thirds:
        inside = np.arange(3 * (len(beats_s) - 1) + 1) / 3
        beats_s = np.interp(inside, np.arange(len(beats_s)), beats_s)
        first, per_bar = 3 * first, 3 * per_bar
    steps = np.diff(beats_s)
    before_s, after_s = float(np.median(steps[:4])), float(np.median(steps[-4:]))
    ahead = max(int(np.floor(beats_s[0] / before_s + 1e-6)), 0)
    behind = max(int(np.ceil((seconds - beats_s[-1]) / after_s)), 0)
    beats = np.concatenate([
        beats_s[0] - before_s * np.arange(ahead, 0, -1),
        beats_s,
        beats_s[-1] + after_s * np.arange(1, behind + 1),
    ])  # fmt: skip
    unit = 8 if thirds else 4
    return Grid(tuple(float(t) for t in beats), (first - ahead) % per_bar, per_bar, unit)

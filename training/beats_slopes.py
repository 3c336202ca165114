"""The slopes of the beats network, written out, as training.perceptron has those of the others.

On a busy core a framework takes longer to start and to compile than this network takes to be
fitted. tests/models/test_hearing_training.py holds the slopes to differences of the loss and the
logits to Keras.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.hearing.beat_frames import FEATURES, PARTS
from core.hearing.beats_network import DILATIONS, LAYERS, METRES, TAPS, TEMPI

Array = np.ndarray[Any, Any]
Weights = dict[str, list[Array]]
"""Kernel and bias of each of core.hearing.beats_network.LAYERS."""
Target = tuple[Array, Array, Array]
"""Beats and bar lines [solos, steps, PARTS * 2], where they are known [solos, steps, 1], and shares
of beat lengths and metres [solos, TEMPI + METRES]."""

BAR, TEMPO, METRE = 1.0, 0.06, 0.04
"""What the other targets' losses are worth beside that of the beats."""
RARE = -3.0
"""Logit to begin with: few frames begin a beat."""


def begin(width: int, rng: np.random.Generator) -> Weights:
    """Drawn as He et al. (ICCV 2015) have it; what a block adds to its input begins small."""
    kernels = {
        "first": (PARTS * FEATURES, width), "beside": (TAPS, width, width),
        "frames": (width, PARTS * 2), "gathered": (2 * width, 2 * width),
        "entire": (2 * width, TEMPI + METRES),
    }  # fmt: skip
    for dilation in DILATIONS:
        kernels[f"far_{dilation}"] = (TAPS, width, width)
        kernels[f"kept_{dilation}"] = (width, width)
    out = {}
    for name in LAYERS:
        shape = kernels[name]
        size = np.sqrt(2 / np.prod(shape[:-1])) * (0.4 if name.startswith("kept") else 1.0)
        size *= 0.3 if name in ("frames", "entire") else 1.0
        kernel = (rng.standard_normal(shape) * size).astype(np.float32)
        bias = np.full(shape[-1], RARE if name == "frames" else 0.0, np.float32)
        out[name] = [kernel, bias]
    return out


def slopes(weights: Weights, shown: Array, mask: Array, target: Target) -> tuple[float, Weights]:
    """(loss, its slope in each of the weights).

    shown: [solos, steps, PARTS * FEATURES]. mask: [solos, steps, 1], 1 where there is sound.
    """
    out: Weights = {}
    first = _elu(_dense(weights["first"], shown)) * mask
    seen = {"beside": _taps(first, 1)}
    near = _elu(_spread(weights["beside"], seen["beside"])) * mask
    x, skips = near, np.zeros_like(near)
    bent: dict[int, Array] = {}
    for dilation in DILATIONS:
        seen[f"far_{dilation}"] = _taps(x, dilation)
        bent[dilation] = _elu(_spread(weights[f"far_{dilation}"], seen[f"far_{dilation}"]))
        y = _dense(weights[f"kept_{dilation}"], bent[dilation]) * mask
        skips, x = skips + y, x + y
    last = _elu(x)
    frames = _dense(weights["frames"], last)
    count = np.maximum(mask.sum(axis=1), 1.0)
    mean = np.concatenate([skips, np.maximum(skips, 0)], axis=-1).sum(axis=1) / count
    pooled = _elu(_dense(weights["gathered"], mean))
    value, to_frames, to_whole = loss(frames, _dense(weights["entire"], pooled), target)

    to_pooled = _back(out, "entire", weights, pooled, to_whole) * _bend(pooled)
    to_mean = _back(out, "gathered", weights, mean, to_pooled) / count
    width = x.shape[-1]
    to_skips = to_mean[:, None, :width] + to_mean[:, None, width:] * (skips > 0)
    to_x = _back(out, "frames", weights, last, to_frames) * _bend(last)
    for dilation in reversed(DILATIONS):
        name = f"far_{dilation}"
        to_y = (to_x + to_skips) * mask
        to_bent = _back(out, f"kept_{dilation}", weights, bent[dilation], to_y)
        to_bent *= _bend(bent[dilation])
        to_x = to_x + _back_spread(out, name, weights, seen[name], to_bent, dilation)
    to_near = to_x * mask * _bend(near)
    to_first = (
        _back_spread(out, "beside", weights, seen["beside"], to_near, 1) * mask * _bend(first)
    )
    _back(out, "first", weights, shown, to_first)
    return value, out


def loss(frames: Array, whole: Array, target: Target) -> tuple[float, Array, Array]:
    """(loss, its slopes in the logits): cross-entropy of frames, and, weighted, of the whole."""
    wanted, known, shares = target
    weight = np.tile(np.array([1.0, BAR], np.float32), PARTS) * known
    weight = weight / (PARTS * known.sum() + 1.0)
    each = np.maximum(frames, 0) - frames * wanted + np.log1p(np.exp(-np.abs(frames)))
    value = float((each * weight).sum())
    to_frames = (1 / (1 + np.exp(-frames)) - wanted) * weight
    to_whole = np.zeros_like(whole)
    for part, worth in ((slice(0, TEMPI), TEMPO), (slice(TEMPI, None), METRE)):
        raised = np.exp(whole[:, part] - whole[:, part].max(axis=1, keepdims=True))
        chance = raised / raised.sum(axis=1, keepdims=True)
        true = shares[:, part] / shares[:, part].sum(axis=1, keepdims=True)
        value -= worth * float((true * np.log(chance + 1e-9)).sum()) / len(whole)
        to_whole[:, part] = worth * (chance - true) / len(whole)
    return value, to_frames, to_whole


def _dense(layer: list[Array], x: Array) -> Array:
    return np.asarray(x @ layer[0] + layer[1])


def _taps(x: Array, dilation: int) -> Array:
    """[solos, steps, TAPS * width]: each step's neighbours, `dilation` apart."""
    reach, steps = dilation * (TAPS // 2), x.shape[1]
    wide = np.pad(x, ((0, 0), (reach, reach), (0, 0)))
    return np.concatenate(
        [wide[:, tap * dilation : tap * dilation + steps] for tap in range(TAPS)], axis=-1
    )


def _spread(layer: list[Array], taps: Array) -> Array:
    return np.asarray(taps @ layer[0].reshape(-1, layer[0].shape[-1]) + layer[1])


def _back(out: Weights, name: str, weights: Weights, x: Array, to: Array) -> Array:
    """The slope in a dense layer's input; that in its weights goes into `out`."""
    rows, slope = x.reshape(-1, x.shape[-1]), to.reshape(-1, to.shape[-1])
    out[name] = [rows.T @ slope, slope.sum(axis=0)]
    return np.asarray(to @ weights[name][0].T)


def _back_spread(
    out: Weights, name: str, weights: Weights, taps: Array, to: Array, dilation: int
) -> Array:
    """The same for a convolution."""
    kernel = weights[name][0]
    rows, slope = taps.reshape(-1, taps.shape[-1]), to.reshape(-1, to.shape[-1])
    out[name] = [(rows.T @ slope).reshape(kernel.shape), slope.sum(axis=0)]
    spread = to @ kernel.reshape(-1, kernel.shape[-1]).T
    reach, (solos, steps, _) = dilation * (TAPS // 2), to.shape
    width = kernel.shape[1]
    wide = np.zeros((solos, steps + 2 * reach, width), spread.dtype)
    for tap in range(TAPS):
        part = spread[..., tap * width : (tap + 1) * width]
        wide[:, tap * dilation : tap * dilation + steps] += part
    return wide[:, reach : reach + steps]


def _elu(x: Array) -> Array:
    return np.asarray(np.where(x > 0, x, np.expm1(np.minimum(x, 0))))


def _bend(y: Array) -> Array:
    """The slope of _elu where it gave y."""
    return np.asarray(np.where(y > 0, 1, y + 1))

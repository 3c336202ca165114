"""What `spectral`'s network sees and says of the coming frames, and how that becomes a spectrum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.audio import FloatArray
from core.extrapolation.candidates import CANDIDATES, FRAMES, SECOND
from core.extrapolation.self_similarity import DB_PER_UNIT, STEP, IntArray
from core.spectrogram import DISPLAY, ComplexArray

BANDS = DISPLAY.n_mels
GROUPS = 10
EXTRA = 2 * BANDS + CANDIDATES + 1
RECENT_FRAMES = 43
LEVEL = 1.5
"""Added to log-mel in units of 20 dB, to have it near 0."""


@dataclass(frozen=True)
class Painted:
    """shares: [FRAMES, CANDIDATES, GROUPS], sum to 1. log_mel: [FRAMES, 80], units of 20 dB."""

    shares: FloatArray
    log_mel: FloatArray


def painter_input(history: FloatArray, sources: IntArray, costs: FloatArray) -> FloatArray:
    """[FRAMES, CANDIDATES * 80 + EXTRA] for the network.

    history: [frames, 80], units of 20 dB. sources: int [CANDIDATES, FRAMES], frames of it. costs:
    [CANDIDATES, 10], predicted distances by second.
    """
    heard = history[sources] + LEVEL
    each = np.repeat(costs, SECOND * STEP, axis=1).T * 4.0
    usual = np.tile(history.mean(axis=0) + LEVEL, (FRAMES, 1))
    recent = np.tile(history[-RECENT_FRAMES:].mean(axis=0) + LEVEL, (FRAMES, 1))
    when = np.linspace(0.0, 1.0, FRAMES)[:, None]
    flat = heard.transpose(1, 0, 2).reshape(FRAMES, -1)
    return np.concatenate([flat, usual, recent, each, when], axis=1).astype(np.float32)


def painted(said: FloatArray, inputs: FloatArray, sharpness: float = 1.0) -> Painted:
    """The network's answer, [FRAMES, CANDIDATES * GROUPS + 80], made a picture.

    sharpness: power to which the shares are raised before they are made to sum to 1 again; above
    1 the likeliest candidate prevails and less is averaged.
    """
    shares = said[:, : CANDIDATES * GROUPS].reshape(FRAMES, CANDIDATES, GROUPS) ** sharpness
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-9)
    heard = inputs[:, : CANDIDATES * BANDS].reshape(FRAMES, CANDIDATES, BANDS) - LEVEL
    mixed = (np.repeat(shares, BANDS // GROUPS, axis=2) * heard).sum(axis=1)
    return Painted(shares, mixed + said[:, CANDIDATES * GROUPS :])


def spectrum(picture: Painted, candidates: ComplexArray, filters: FloatArray) -> ComplexArray:
    """The candidates' spectra mixed by their shares at the picture's level, complex [bins, FRAMES].

    candidates: complex [CANDIDATES, bins, FRAMES]. filters: [80, bins] of the mel scale. Powers are
    mixed; phases are those of the candidate that is loudest in the mixture, which keeps tones
    whole. Then each mel band is brought to the level that the picture has there, by at most 12 dB
    up.
    """
    reach = filters / np.maximum(filters.sum(axis=0, keepdims=True), 1e-9)
    by_band = np.repeat(picture.shares, BANDS // GROUPS, axis=2)
    by_bin = np.einsum("fkb,bn->knf", by_band, reach, optimize=True)
    empty = filters.sum(axis=0) <= 0
    by_bin[:, empty] = picture.shares.mean(axis=2).T[:, None]
    weighted = by_bin * np.abs(candidates) ** 2
    power = weighted.sum(axis=0)
    loudest = weighted.argmax(axis=0)
    phases = np.take_along_axis(candidates, loudest[None], axis=0)[0]
    phases = phases / np.maximum(np.abs(phases), 1e-9)
    now_db = 10 * np.log10(np.maximum(filters @ power, 1e-9))
    wanted_db = picture.log_mel.T * DB_PER_UNIT
    gain_db = np.clip(wanted_db - now_db, -30.0, 12.0)
    gain_db[wanted_db < -55] = np.minimum(gain_db[wanted_db < -55], 0.0)
    gains = 10 ** (reach.T @ gain_db / 20)
    return np.asarray(np.sqrt(power) * gains * phases, np.complex64)

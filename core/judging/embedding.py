"""Points that say what sound is like, one for each second, for the Fréchet distance of two sets."""

from __future__ import annotations

import numpy as np

from core.audio import Clip, FloatArray
from core.loaders import load_model
from core.spectrogram import DISPLAY, log_mel_db

MODEL_ID = "embedding"
UNITS = 64
PATCH_FRAMES = round(DISPLAY.frame_rate_hz)


def patches(log_mel: FloatArray) -> FloatArray:
    """[n_mels, frames] dB -> [seconds, PATCH_FRAMES, n_mels]: one a second, a rest is left out."""
    count = int(log_mel.shape[1] / DISPLAY.frame_rate_hz)
    starts = [round(second * DISPLAY.frame_rate_hz) for second in range(count)]
    cut = [log_mel[:, start : start + PATCH_FRAMES].T for start in starts]
    return np.stack(cut) if cut else np.zeros((0, PATCH_FRAMES, log_mel.shape[0]), np.float32)


def embed(clip: Clip) -> FloatArray:
    """The clip's seconds in the embedding, float32 [whole seconds, 64].

    The network was trained to tell which track a second of mono sound at 22050 Hz is from
    (weights/cards/embedding.md). Level matters: bring what is compared to one level first.
    Raises ModelUnavailableError where the weights are missing.
    """
    network = load_model(MODEL_ID)
    batch = network.spec.input_shape[0]
    found = patches(log_mel_db(clip))
    out = []
    for start in range(0, len(found), batch):
        some = found[start : start + batch]
        padding = np.zeros((batch - len(some), *found.shape[1:]), np.float32)
        out.append(network(np.concatenate([some, padding]))[: len(some)])
    return np.concatenate(out) if out else np.zeros((0, UNITS), np.float32)

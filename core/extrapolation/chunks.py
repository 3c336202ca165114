"""Any duration from a network that takes 20 s and gives 10 s, both as one-second vectors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.audio import Clip, FloatArray, fit_length
from core.errors import UserInputError
from core.progress import Progress

SAMPLE_RATE = 22050
SECONDS_IN = 20
SECONDS_OUT = 10
MIN_CLIP_S = 1.0


def chained(
    network: Callable[[FloatArray], FloatArray], clip: Clip, seconds: float, progress: Progress
) -> Clip:
    """What follows `clip`, at its rate and channel count: each chunk sees the 20 s before it.

    network: float32 [1, 20, 22050] -> [1, 10, 22050], amplitudes. A clip under 20 s is padded with
    silence in front. Raises UserInputError for a clip under a second.
    """
    if clip.duration_s < MIN_CLIP_S:
        raise UserInputError("The clip is shorter than a second; choose at least 2 seconds.")
    past = clip.with_channels(1).resampled(SAMPLE_RATE).samples[0]
    window = SECONDS_IN * SAMPLE_RATE
    past = np.concatenate([np.zeros(window, np.float32), past])[-window:]
    chunks: list[FloatArray] = []
    wanted = -(-round(seconds * SAMPLE_RATE) // (SECONDS_OUT * SAMPLE_RATE))
    for _ in range(wanted):
        chunk = network(past.reshape(1, SECONDS_IN, SAMPLE_RATE)).reshape(-1)
        chunks.append(np.nan_to_num(np.clip(chunk, -1.0, 1.0)))
        past = np.concatenate([past, chunks[-1]])[-window:]
        progress(len(chunks) / wanted)
    made = Clip(np.concatenate(chunks)[None], SAMPLE_RATE)
    made = made.resampled(clip.sample_rate).with_channels(clip.channels)
    return Clip(fit_length(made.samples, round(seconds * clip.sample_rate)), clip.sample_rate)

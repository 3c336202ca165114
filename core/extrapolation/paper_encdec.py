"""`paper-encdec`: "Harmonizing Emotions: ... through Innovative Extrapolation" (2023).

An encoder-decoder over one-second vectors of raw samples, 20 s in and 10 s out, without LSTMs, by
Kumar, Shresth, Kumar and Kaur (IJRASET 11 XI). Where the text leaves a choice:
- Hidden layers are shared by all units, 12.9 million parameters; 31 sets would be 400 million.
  Batch normalisation is each unit's own: shared, its moving averages fit no unit, and the trained
  network overflowed at inference.
- The reshape to [samples, k] is row by row, as written.
- Of the two orders "from 64 to 512", the one with the lower validation loss ships (see the card).
- Longer continuations chain 10 s chunks, which the abstract proposes and the paper never built:
  each chunk sees the 20 s before it, generated or not.
"""

from __future__ import annotations

import numpy as np

from core.audio import Clip, FloatArray, fit_length
from core.errors import UserInputError
from core.loaders import load_model
from core.progress import Progress, ignore

SAMPLE_RATE = 22050
SECONDS_IN = 20
SECONDS_OUT = 10
MIN_CLIP_S = 1.0


class PaperEncDec:
    """The published network, as it is: expect noise."""

    def extrapolate(
        self, clip: Clip, seconds: float, *, seed: int, progress: Progress = ignore
    ) -> Clip:
        """See `core.engines.Extrapolator`. Nothing is random here, so `seed` changes nothing.

        A clip under 20 s is padded with silence in front, as the network takes 20 s exactly.
        """
        if clip.duration_s < MIN_CLIP_S:
            raise UserInputError("The clip is shorter than a second; choose at least 2 seconds.")
        network = load_model("paper-encdec")
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

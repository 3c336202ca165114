"""`one2one`: "Employing LSTMs for Music Remixing" (2023), the first of its three networks.

Gourav, Singh and Kaur (IJRASET 11 XI): Dense, Dropout and BatchNorm layers, Reshape, and one
bidirectional LSTM with units 1, sample rate x duration steps and return_sequences, trained with
Adam 1e-4 on one second at a time; "many one-duration timestamps will be combined" for any length.
One sequence is the mix of all parts, so it can follow one instrument by another; it has none of
them by itself to follow by its own past. What the text leaves open, here and in `one2four`:
- 22050 Hz mono: 22050 steps, which is what "sample_rate*duration" is for librosa.
- How Dense layers meet 22050 steps: they see frames of 105 samples, 210 a second, and their
  outputs are laid end to end. Dense(256, relu), Dropout(0.2), BatchNorm extract features;
  Dense(105), BatchNorm, Reshape are the "reshaping layer".
- The two directions' outputs are averaged, so that a sample stays within full scale.
- "Default loss" is the mean squared error.
- Of the 15 tracks the split takes 9, 9 and 3, which is 21. Here pieces are split by their own
  groups, and seconds are drawn from them (training/remix_lstm.py).
- Seconds are joined as they are, as published: the LSTM starts anew with each, and a click at a
  join is the network's own. The last second is filled with silence, and cut again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.audio import Clip, FloatArray, fit_length
from core.errors import UserInputError
from core.loaders import load_model
from core.progress import Progress, ignore
from core.remixing.stems import MIX, Stems

SAMPLE_RATE = 22050
MIN_SOLO_S, MAX_SOLO_S = 1.0, 120.0


class One2One:
    """The band as one sound that cannot be taken apart: expect noise."""

    def remix(self, solo: Clip, *, seed: int, progress: Progress = ignore) -> Stems:
        """See `core.engines.Remixer`. Nothing is random here, so `seed` changes nothing."""
        return second_by_second("one2one", (MIX,), solo, progress)


def second_by_second(
    model_id: str, parts: Sequence[str], solo: Clip, progress: Progress = ignore
) -> Stems:
    """What a published network makes of each second of `solo`, joined; mono at SAMPLE_RATE.

    The model takes some seconds at once, float32 [seconds, 22050], and gives
    [seconds, 22050, parts]. Raises UserInputError for a solo under 1 s or over 120 s.
    """
    if not MIN_SOLO_S <= solo.duration_s <= MAX_SOLO_S:
        raise UserInputError(
            f"The solo lasts {solo.duration_s:.1f} s; choose one of {MIN_SOLO_S:g} s to "
            f"{MAX_SOLO_S:g} s."
        )
    progress(0.0)
    model = load_model(model_id)
    sound = solo.with_channels(1).resampled(SAMPLE_RATE).samples
    at_once = model.spec.input_shape[0]
    calls = -(-sound.shape[1] // (at_once * SAMPLE_RATE))
    seconds = fit_length(sound, calls * at_once * SAMPLE_RATE).reshape(calls, at_once, SAMPLE_RATE)
    made: list[FloatArray] = []
    for number, batch in enumerate(seconds, start=1):
        made.append(np.clip(np.nan_to_num(model(batch)), -1.0, 1.0))
        progress(number / calls)
    joined = np.concatenate(made).reshape(-1, len(parts))[: sound.shape[1]]
    return Stems({part: Clip(joined[None, :, i], SAMPLE_RATE) for i, part in enumerate(parts)})

"""`lstm-seq2seq`: the comparator that the paper of `paper-encdec` names and could not train.

Kumar, Shresth, Kumar and Kaur, "Harmonizing Emotions" (IJRASET 11 XI, 2023), say that "the same
model using LSTMs" is too heavy to train (III A, IV) and draw no such model. What is theirs: twenty
one-second vectors of 22050 raw samples in, ten out, many to many; LeakyReLU(0.3); Dense(22050) with
LeakyReLU for each output; mean squared error, Adam, batch 20, 120 files, 200 epochs. Adam's rate is
0.003, for at the paper's 0.01 training diverged before the 50th epoch. What they leave open:
- An encoder LSTM hands its states to a decoder LSTM, which feeds on its own last second.
- 128 units. A state as wide as a second, 22050 units, which "a single vector of shape (1, 22050)"
  suggests, would be 7.8 thousand million parameters (`benchmarks/training_cost.py`).
- A Dense(128) with LeakyReLU, shared by both LSTMs, before them: Dense layers of 64 to 512 units
  stand inside every unit of the paper's own network (III D). Without it, 128 units would be 25
  million parameters, nearly all in the two LSTMs' input kernels; with it they are 5.9.
- Longer continuations chain 10 s chunks, as the abstract proposes.
"""

from __future__ import annotations

from core.audio import Clip
from core.extrapolation.chunks import chained
from core.loaders import load_model
from core.progress import Progress, ignore


class LstmSeq2Seq:
    """The paper's job done by LSTMs, small enough to train: expect noise here too."""

    def extrapolate(
        self, clip: Clip, seconds: float, *, seed: int, progress: Progress = ignore
    ) -> Clip:
        """See `core.engines.Extrapolator`. Nothing is random here, so `seed` changes nothing.

        A clip under 20 s is padded with silence in front, as the network takes 20 s exactly.
        """
        return chained(load_model("lstm-seq2seq"), clip, seconds, progress)

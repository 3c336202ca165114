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

from core.audio import Clip
from core.extrapolation.chunks import chained
from core.loaders import load_model
from core.progress import Progress, ignore


class PaperEncDec:
    """The published network, as it is: expect noise."""

    def extrapolate(
        self, clip: Clip, seconds: float, *, seed: int, progress: Progress = ignore
    ) -> Clip:
        """See `core.engines.Extrapolator`. Nothing is random here, so `seed` changes nothing.

        A clip under 20 s is padded with silence in front, as the network takes 20 s exactly.
        """
        return chained(load_model("paper-encdec"), clip, seconds, progress)

"""`one2four-combined` and `one2four-split`: the second and third network of the 2023 paper.

`core.remixing.one2one` says whose they are and what is chosen for all three. Each of drums, bass,
piano and other has a bidirectional LSTM of its own here, which can follow that part's own past
within the second, and no other part. Where the text leaves a choice:
- combined: "two abstract layers, which are feature extraction layers and reshaping layer" stand
  once, before all four LSTMs.
- split: four whole networks, each with layers of its own, trained one by one on the same seconds;
  the paper combines "results later together", which is what the mixing desk does.
"""

from __future__ import annotations

from core.audio import Clip
from core.progress import Progress, ignore
from core.remixing.one2one import second_by_second
from core.remixing.stems import STEMS, Stems


class One2FourCombined:
    """Four LSTMs in one network: expect noise in each stem."""

    def remix(self, solo: Clip, *, seed: int, progress: Progress = ignore) -> Stems:
        """See `core.engines.Remixer`. Nothing is random here, so `seed` changes nothing."""
        return second_by_second("one2four-combined", STEMS, solo, progress)


class One2FourSplit:
    """Four networks, a stem each, the ones that the paper chose: expect noise in each stem."""

    def remix(self, solo: Clip, *, seed: int, progress: Progress = ignore) -> Stems:
        """See `core.engines.Remixer`. Nothing is random here, so `seed` changes nothing."""
        return second_by_second("one2four-split", STEMS, solo, progress)

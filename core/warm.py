"""Run what the app runs, once: `python -m core.warm`.

librosa compiles parts of itself at their first use, half a minute that no visitor should wait for;
numba keeps the outcome on disk. `make app` and the Dockerfile call this.
"""

import numpy as np

from core.audio import Clip
from core.extrapolation.run import run
from core.inversion import invert
from core.remixing.run import measured
from core.remixing.stems import STEMS, Stems


def main() -> None:
    """Continue ten seconds of clicks to a last beat, take every figure, invert a spectrogram.

    And measure a band. Needs no weights.
    """
    sound = np.random.default_rng(0).standard_normal((2, 20 * 22050)) * 0.01
    for click in range(40):
        sound[:, click * 11025 : click * 11025 + 60] = 0.8
    clip = Clip(sound.astype(np.float32), 22050)
    before, after = clip.between(0, 10), clip.between(10, 20)
    run(before, after, engines=["loop"], seconds=10.0, seed=0, ending="beat")
    invert(np.ones((1025, 8), np.float32))
    band = Stems(dict.fromkeys(STEMS, after.with_channels(1)))
    measured(before, band, band)


if __name__ == "__main__":
    main()

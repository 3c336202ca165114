"""Run what the app runs, once: `python -m core.warm`.

librosa compiles parts of itself at their first use, half a minute that no visitor should wait for;
numba keeps the outcome on disk. `make app` and the Dockerfile call this.
"""

import numpy as np

from core.audio import Clip
from core.extrapolation.run import run


def main() -> None:
    """Continue three seconds of noise and take every figure of it. Needs no weights."""
    noise = np.random.default_rng(0).standard_normal((2, 6 * 22050)) * 0.1
    clip = Clip(noise.astype(np.float32), 22050)
    run(clip, clip.between(0, 3), engines=["loop"], seconds=3.0, seed=0)


if __name__ == "__main__":
    main()

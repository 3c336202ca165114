"""The mean of two weight files of one network, of which the second went on from the first.

    python -m training.blend BEGIN.weights.h5 END.weights.h5 --share 0.7 --out runs/blend

Wortsman et al., "Robust fine-tuning of zero-shot models", 2022: what the end learned of its
training material is mostly kept, and what it lost on other material mostly comes back.
`headline.json` beside the end's weights is not copied: a blend has to be measured anew.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import h5py
import numpy as np


def blended(begin: Path, end: Path, share: float, out: Path) -> None:
    """Write `out`: `share` of the end's arrays, the rest of the beginning's."""
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(end, out)
    with h5py.File(begin) as first, h5py.File(out, "r+") as second:

        def mix(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset):
                own = np.asarray(item, np.float32)
                item[...] = (share * own + (1.0 - share) * np.asarray(first[name])).astype(
                    item.dtype
                )

        second.visititems(mix)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("begin", type=Path)
    parser.add_argument("end", type=Path)
    parser.add_argument("--share", type=float, default=0.7)
    parser.add_argument("--out", type=Path, required=True, help="a folder")
    args = parser.parse_args()
    blended(args.begin, args.end, args.share, args.out / args.end.name)


if __name__ == "__main__":
    main()

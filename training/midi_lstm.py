"""Train `midi-lstm`, which says what comes next in a pattern.

    python -m training.midi_lstm --kind melody-2 --patterns runs/midi_patterns.npz \
        --out runs/midi-lstm-melody-2

`training.midi_fit` says what is written, and what a training that was ended goes on from.
"""

from __future__ import annotations

from typing import Any

from training.midi_command import config_of, parser_of, run
from training.midi_fit import Config

WIDTHS: dict[str, dict[str, Any]] = {
    "melody-2": {"units": 330, "depth": 1, "embedding": 64, "width": 128},
    "melody-16": {"units": 330, "depth": 1, "embedding": 64, "width": 192},
    "trio-2": {"units": 330, "depth": 1, "embedding": 64, "width": 128},
    "trio-16": {"units": 330, "depth": 1, "embedding": 64, "width": 128},
}
"""By kind; within 5 % of the parameters that training.midi_vae gives the same kind."""
USUAL: dict[str, Config] = {
    "melody-2": Config(epoch_patterns=8192),
    "melody-16": Config(batch=32, epoch_patterns=2048, valid_patterns=256),
    "trio-2": Config(epoch_patterns=8192),
    "trio-16": Config(batch=32, epoch_patterns=2048, valid_patterns=256),
}


def main() -> None:
    args = parser_of(__doc__ or "", WIDTHS["melody-2"]).parse_args()
    run(args, config_of(args, "midi-lstm", USUAL[args.kind], WIDTHS[args.kind]))


if __name__ == "__main__":
    main()

"""Train `midi-vae`, which holds patterns in a space, or with --adversarial its other variant.

    python -m training.midi_vae --kind melody-2 --patterns runs/midi_patterns.npz \
        --out runs/midi-vae-melody-2

`midi-vae-adversarial` is the same network, trained as an adversarial autoencoder (Makhzani et al.
2015): most of the divergence's weight is taken away, and in its place an adversary learns to tell
places of patterns from places drawn from the standard normal, which the encoder learns to defeat.

`training.midi_fit` says what is written, and what a training that was ended goes on from.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from training.midi_command import config_of, parser_of, run
from training.midi_fit import Config

SHARED = {"units": 160, "reader": 48, "conductor": 80, "embedding": 48, "width": 128}
WIDTHS: dict[str, dict[str, Any]] = {
    "melody-2": {**SHARED, "latent": 64, "direct": True},
    "melody-16": {**SHARED, "latent": 112},
    "trio-2": {**SHARED, "latent": 96, "direct": True},
    "trio-16": {**SHARED, "latent": 128},
}
"""By kind; within 5 % of the parameters that training.midi_lstm gives the same kind."""
USUAL: dict[str, Config] = {
    "melody-2": Config(epoch_patterns=8192, hidden=0.0),
    "melody-16": Config(batch=32, epoch_patterns=2048, valid_patterns=256, hidden=0.0),
    "trio-2": Config(epoch_patterns=8192, hidden=0.0),
    "trio-16": Config(batch=32, epoch_patterns=2048, valid_patterns=256, hidden=0.0),
}
ADVERSARIAL = {"adversarial": 1.0, "divergence": 0.05}


def main() -> None:
    parser = parser_of(__doc__ or "", SHARED | {"latent": 0})
    args = parser.parse_args()
    usual = USUAL[args.kind]
    if args.adversarial:
        usual = replace(usual, divergence=ADVERSARIAL["divergence"])
    model = "midi-vae-adversarial" if args.adversarial else "midi-vae"
    run(args, config_of(args, model, usual, WIDTHS[args.kind]))


if __name__ == "__main__":
    main()

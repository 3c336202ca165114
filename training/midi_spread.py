"""Widen what `midi-vae` says of the places of patterns, as far as patterns unheard ask for it.

    python -m training.midi_spread --kind melody-2 --run runs/midi-vae-melody-2

An encoder is surer of the patterns that it learned from than of others. All its log variances are
multiplied by one number, that of SHARES which gives validation patterns the least negative evidence
lower bound, as a temperature is fitted to a classifier (Guo et al., "On calibration of modern
neural networks", 2017). It goes into the weights of the layer that says them; means stay as they
are. The headline of the run is measured anew; what the training's
history has for the same weights stays there as `trained`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np

from core.comparing.network import read
from core.comparing.patterns import Pattern
from core.comparing.vae import MidiVae
from training.midi_patterns import load
from training.midi_state import write_headline

SHARES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.5, 0.4)
VALID = 512


def figures(model: MidiVae, patterns: Pattern, share: float) -> dict[str, float]:
    """Validation nats per step with all log variances times `share`; one draw a pattern."""
    mean, log_variance = model.encode(patterns)
    log_variance = log_variance * share
    noise = np.random.default_rng(2).standard_normal(mean.shape)
    said = model.nats_at(mean + np.exp(0.5 * log_variance) * noise, patterns).sum(axis=(1, 2))
    apart = 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1.0).sum(axis=1)
    steps = patterns.shape[1]
    found = {"reconstruction": said.mean() / steps, "divergence": apart.mean() / steps}
    return {"valid_nats": sum(found.values()), **{f"valid_{k}": v for k, v in found.items()}}


def widen(
    path: Path, model: str, kind: str, patterns: Pattern
) -> tuple[float, Mapping[str, float]]:
    """Fit the share, scale the weights in the file by it; (share, figures)."""
    network = read(path, model, kind)
    assert isinstance(network, MidiVae)
    tried = {share: figures(network, patterns, share) for share in SHARES}
    best = min(tried, key=lambda share: tried[share]["valid_nats"])
    with h5py.File(path, "a") as file:
        for name in ("0", "1"):
            item = file["centre/vars"][name]
            item[..., network.latent_size :] *= best
    return best, tried[best]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", required=True)
    parser.add_argument("--model", default="midi-vae", help="or midi-vae-adversarial")
    parser.add_argument("--run", type=Path, required=True, help="what training.midi_vae wrote")
    parser.add_argument("--patterns", type=Path, default=Path("runs/midi_patterns.npz"))
    args = parser.parse_args()
    valid = load(args.patterns, args.kind, "valid").tokens
    picked = valid[np.linspace(0, len(valid) - 1, min(VALID, len(valid))).round().astype(int)]
    share, found = widen(args.run / "best.weights.h5", args.model, args.kind, picked)
    before = json.loads((args.run / "headline.json").read_text(encoding="utf-8"))
    trained, earlier = before.get("trained", before["value"]), before.get("spread", 1.0)
    write_headline(args.run, found, trained=trained, spread=round(share * earlier, 4))
    print(json.dumps({"share": share, **found}))


if __name__ == "__main__":
    main()

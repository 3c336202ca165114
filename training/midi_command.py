"""The command line that `training.midi_lstm` and `training.midi_vae` share."""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.comparing.patterns import KINDS
from training.midi_fit import COLUMNS, Config, fit
from training.midi_patterns import load

EPOCHS_KEPT = 10
ROOT = Path(__file__).parents[1]


def parser_of(doc: str, widths: Mapping[str, int]) -> argparse.ArgumentParser:
    """Options for all of Config, and for the network's widths, which are by kind."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--kind", choices=tuple(KINDS), required=True)
    parser.add_argument("--patterns", type=Path, default=Path("runs/midi_patterns.npz"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="weights to begin with, where shapes agree")
    parser.add_argument(
        "--publish", action="store_true", help="write the log and the gallery's file at the end"
    )
    for field in fields(Config):
        if isinstance(field.default, int | float):
            option = "--" + field.name.replace("_", "-")
            switch = {"nargs": "?", "const": 1.0} if field.name == "adversarial" else {}
            parser.add_argument(option, type=type(field.default), **switch)
    for name in widths:
        parser.add_argument("--" + name, type=int)
    parser.add_argument("--dropout", type=float)
    return parser


def config_of(
    args: argparse.Namespace, model: str, usual: Config, network: Mapping[str, Any]
) -> Config:
    """The usual configuration with what was asked for in its place."""
    given = {f.name: getattr(args, f.name, None) for f in fields(Config)}
    asked = {name: getattr(args, name, None) for name in (*network, "dropout")}
    changes = {name: value for name, value in given.items() if value is not None}
    own = {**network, **{name: value for name, value in asked.items() if value is not None}}
    return replace(usual, **{**changes, "model": model, "network": own})


def run(args: argparse.Namespace, config: Config) -> None:
    """Fit on the file's patterns, and publish what came of it if asked."""
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "network.json").write_text(json.dumps(dict(config.network)) + "\n")
    train = load(args.patterns, config.kind, "train").tokens
    valid = load(args.patterns, config.kind, "valid").tokens
    fit(config, train, valid, args.out, start=args.start)
    if args.publish:
        publish(args.out, config.model, config.kind)


def publish(out: Path, model: str, kind: str, root: Path = ROOT) -> None:
    """training/logs/<model>-<kind>.csv and gallery/compare/<model>-<kind>.json of a run."""
    with (out / "history.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    samples = json.loads((out / "samples.json").read_text(encoding="utf-8"))
    if len(samples) != len(rows):
        raise ValueError(f"{out} has {len(rows)} epochs and samples of {len(samples)}")
    log = root / "training" / "logs" / f"{model}-{kind}.csv"
    with log.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    picked = np.unique(np.linspace(0, len(rows) - 1, EPOCHS_KEPT).round().astype(int)).tolist()
    epochs = [
        {
            "epoch": int(rows[number]["epoch"]),
            "train_nats": float(rows[number]["train_nats"]),
            "valid_nats": float(rows[number]["valid_nats"]),
            "patterns": samples[number],
        }
        for number in picked
    ]
    file = root / "gallery" / "compare" / f"{model}-{kind}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    found = {"model": model, "kind": kind, "epochs": epochs}
    file.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")

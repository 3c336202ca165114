"""A small gallery and a results file, made by the real code, for pages to show."""

import dataclasses
import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from core import gallery
from core.audio import Clip, encode_flac, encode_wav
from core.composition import stems
from core.composition.controls import Controls
from core.composition.finished import save as save_piece
from core.composition.plan import Plan
from core.extrapolation.run import run
from core.path_picture import path_figure
from core.pictures import draw, save
from tests.app.fake_composer import FakeComposer, tones
from ui.requests import Request

RATE = 22050


def music(seconds: float, rate: int = RATE, seed: int = 0) -> Clip:
    """Plucked notes over a beat, stereo: something with onsets, pitches and repetition."""
    rng = np.random.default_rng(seed)
    length = round(seconds * rate)
    out = np.zeros((2, length + rate), np.float32)
    scale = np.array([0, 3, 5, 7, 10, 12])
    riff = rng.integers(0, len(scale), 8)
    t = np.arange(rate // 2) / rate
    for step in range(int(seconds * 4)):
        at = round(step * rate / 4)
        hz = 220 * 2 ** (scale[riff[step % 8]] / 12)
        note = 0.22 * np.exp(-6 * t) * sum(np.sin(2 * np.pi * hz * k * t) / k for k in (1, 2, 3, 5))
        out[:, at : at + len(t)] += note * np.array([[1.0], [0.8]])
        if step % 2 == 0:
            hit = 0.15 * rng.standard_normal(rate // 16) * np.exp(-np.arange(rate // 16) / 200)
            out[:, at : at + len(hit)] += hit
    return Clip(np.clip(out[:, :length], -1, 1), rate)


def wav(seconds: float, seed: int = 0) -> bytes:
    return encode_wav(music(seconds, seed=seed))


def make_gallery(root: Path, slugs: tuple[str, ...] = ("first", "second")) -> None:
    """Finished examples with `loop`, 20 s in and 10 s out, pictures included.

    All but the first are as they were made before items had paths.
    """
    for rank, slug in enumerate(slugs):
        folder = root / "extrapolate" / slug
        folder.mkdir(parents=True)
        data = encode_flac(music(30, seed=rank))
        (folder / "source.flac").write_bytes(data)
        whole = gallery.read_flac(data)
        clip, actual = whole.between(0, 20), whole.between(20, 30)
        made = run(clip, actual, engines=["loop"], seconds=10.0, seed=0)[0]
        (folder / "loop.flac").write_bytes(encode_flac(made.clip))
        kept = gallery.GalleryContinuation(
            "loop", "loop.flac", made.metrics, made.compute_seconds, made.path
        )
        continuation = kept.to_fields()
        if rank == 0:
            picture = path_figure(made.path, clip, made.clip)
            (folder / kept.path_file()).write_bytes(picture)
        else:
            del continuation["path"]
        recipe = Request(("loop",), 0.0, 10, 0, slug).recipe(hashlib.sha256(data).hexdigest())
        fields = {
            "rank": rank,
            "title": f"Study {slug}",
            "artist": "A. Player",
            "genre": ["folk", "beat"][rank % 2],
            "licence": "CC0-1.0",
            "source": "synthesised for this test",
            "recipe": dataclasses.asdict(recipe),
            "continuations": [continuation],
        }
        (folder / "item.json").write_text(json.dumps(fields))
        save(draw({"input": clip, "actual": actual, "loop": made.clip}), folder)


def results_file(folder: Path) -> None:
    def entry(mean: float) -> dict[str, float]:
        return {"mean": mean, "low": mean * 0.95, "high": mean * 1.05}

    rows = [
        ("silence", "rung", 21.5, 0.0),
        ("repeat-last-10-s", "rung", 9.1, 0.27),
        ("loop", "engine", 6.7, 0.54),
        ("paper-encdec", "engine", 17.2, 0.02),
    ]
    results = {
        "job": "extrapolation",
        "commit": "0123456789abcdef",
        "date": "2026-11-21",
        "machine": "2 cores",
        "data": "audio, test split",
        "items": 73,
        "rows": [
            {
                "name": name,
                "kind": kind,
                "metrics": {"log_mel_distance_db": entry(mel), "onset_correlation": entry(onset)},
            }
            for name, kind, mel, onset in rows
        ],
        "tables": [
            {
                "title": "The paper's figure",
                "note": "MSE as published, and ours.",
                "columns": ["set", "MSE"],
                "rows": [["train", 0.286], ["test", 0.301]],
            }
        ],
    }
    (folder / "extrapolation.json").write_text(json.dumps(results))


def pcm(wav_bytes: bytes) -> np.ndarray:
    return sf.read(io.BytesIO(wav_bytes), dtype="int16", always_2d=True)[0]


def make_pieces(root: Path, slugs: tuple[str, ...] = ("study",)) -> None:
    """Finished pieces by the fake composer, eight bars, with everything a real one has."""
    for rank, slug in enumerate(slugs):
        plan = Plan("composer", bars=8, seed=rank, controls=Controls("pop", temperature=0.95))
        words = {
            "title": f"Piece {slug}",
            "artist": "A. Model",
            "genre": "pop",
            "licence": "CC0-1.0",
            "source": "composed for this test",
        }
        made = FakeComposer().compose(None, 8, seed=rank)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stems, "_stem", tones)
            save_piece(root / "compose" / slug, plan, made, rank=rank, words=words)

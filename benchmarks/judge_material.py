"""What judges hear: pairs of the true and a generated continuation of the same clip, kept on disk.

Both sounds of a pair go the same way: joined to the clip, written as a 16-bit file, read again, cut
to the clip's last seconds and what follows, made log-mel with the same gain.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import rungs
from benchmarks.extrapolation import SECONDS_IN, SECONDS_OUT, Window, load
from core import engines
from core.audio import Clip, FloatArray, encode_wav, fit_length, join
from core.decoding import decode
from core.engines import extrapolator
from core.registry import model
from core.spectrogram import DISPLAY, log_mel_db
from training.dataset import tracks

HEARD_BEFORE_S = 5.0
LEAD_S = 0.25
"""Stored in front of what is heard, so that training can shift the window in time."""
FRAMES = int((HEARD_BEFORE_S + SECONDS_OUT) * DISPLAY.frame_rate_hz) + 1
STORED_FRAMES = int((LEAD_S + HEARD_BEFORE_S + SECONDS_OUT) * DISPLAY.frame_rate_hz) + 1
SHIFTS = STORED_FRAMES - FRAMES
SEAM_FRAME = round((LEAD_S + HEARD_BEFORE_S) * DISPLAY.frame_rate_hz) - SHIFTS // 2
"""Where the clip ends when the window is in the middle of its shifts."""
PER_TRACK = 2
CACHE = Path("runs/judge")
ROOT = Path(__file__).resolve().parents[1]

Maker = Callable[[Window, int], Clip]

RUNGS: dict[str, Maker] = {
    "repeat last 10 s": lambda window, seed: rungs.repeat_last(window.clip, SECONDS_OUT),
    "ceiling": lambda window, seed: rungs.ceiling(window.clip, window.actual),
}


@dataclass(frozen=True)
class Material:
    """tracks: of each pair. true, made: float16 [pairs, STORED_FRAMES, n_mels], dB."""

    tracks: list[str]
    true: npt.NDArray[np.float16]
    made: npt.NDArray[np.float16]


def maker(name: str) -> Maker:
    """What makes the continuations of a rung or an engine, from a window and a seed."""
    if name in RUNGS:
        return RUNGS[name]
    engine = extrapolator(name)
    return lambda window, seed: engine.extrapolate(window.clip, SECONDS_OUT, seed=seed)


def heard(clip: Clip, after: Clip) -> FloatArray:
    """What a judge is told of `clip` followed by `after`: float32 [STORED_FRAMES, n_mels], dB.

    The gain brings `clip` to a peak of .9, whatever follows it.
    """
    after = after.resampled(clip.sample_rate).with_channels(clip.channels)
    length = round(SECONDS_OUT * clip.sample_rate)
    joined = join(clip, Clip(fit_length(after.samples, length), clip.sample_rate))
    written = decode(encode_wav(joined))
    start_s = clip.duration_s - HEARD_BEFORE_S - LEAD_S
    cut = written.between(start_s, clip.duration_s + SECONDS_OUT)
    return log_mel_db(cut.scaled(0.9 / max(clip.peak(), 1e-4)))[:, :STORED_FRAMES].T


def random_windows(data: Path, split: str, per_track: int, limit: int | None) -> list[Window]:
    """`per_track` windows anywhere in each track that is long enough, always the same ones.

    limit: about so many tracks, spread over the index, where neighbours are from one album.
    """
    rng = np.random.default_rng(0)
    found = []
    every = tracks(data, "audio", split)
    for track in every[:: max(len(every) // limit, 1) if limit else 1][:limit]:
        whole = track.clip()
        room = whole.duration_s - SECONDS_IN - SECONDS_OUT
        if room < 0:
            continue
        for start in rng.uniform(0, room, per_track):
            middle = start + SECONDS_IN
            before = whole.between(start, middle)
            after = whole.between(middle, middle + SECONDS_OUT)
            if before.peak() > 1e-3 and after.peak() > 1e-3:
                found.append(Window(track.id, track.group, before, after))
    return found


def material(data: Path, name: str, split: str, limit: int | None = None) -> Material:
    """The pairs of a split, from the cache where nothing that they depend on has changed.

    Random windows in the training split; elsewhere those that the extrapolation benchmark uses.
    """
    file = CACHE / name.replace(" ", "-") / f"{split}-{_key(data, name, split, limit)}.npz"
    if file.exists():
        with np.load(file) as stored:
            return Material(stored["tracks"].tolist(), stored["true"], stored["made"])
    if split == "train":
        found = random_windows(data, split, PER_TRACK, limit)
    else:
        found = load(data, split, limit)
    make = maker(name)
    true = np.zeros((len(found), STORED_FRAMES, DISPLAY.n_mels), np.float16)
    made = np.zeros_like(true)
    for index, window in enumerate(found):
        true[index] = heard(window.clip, window.actual)
        made[index] = heard(window.clip, make(window, index))
    out = Material([window.track for window in found], true, made)
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".tmp")
    with partial.open("wb") as target:
        np.savez(target, tracks=np.array(out.tracks), true=true, made=made)
    partial.replace(file)
    return out


def _key(data: Path, name: str, split: str, limit: int | None) -> str:
    """Changes with the data's index, the settings, the weights and the code that is run."""
    settings = [name, split, limit, PER_TRACK, HEARD_BEFORE_S, LEAD_S, SECONDS_IN, SECONDS_OUT]
    digest = hashlib.sha256(repr(settings).encode())
    digest.update((data / "audio" / "index.csv").read_bytes())
    digest.update(Path(__file__).read_bytes())
    modules = ["core.audio", "core.decoding", "core.spectrogram"]
    if name in RUNGS:
        modules.append("benchmarks.rungs")
    else:
        info = engines.info("extrapolate", name)
        modules.append(info.target.partition(":")[0])
        if info.model_id:
            spec = model(info.model_id)
            digest.update(spec.sha256.encode())
            modules.append(spec.builder.partition(":")[0])
    for path in code(modules):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def code(modules: Sequence[str]) -> list[Path]:
    """The files of these modules of ours and of all of ours that they import, sorted."""
    found: set[Path] = set()
    waiting = list(modules)
    while waiting:
        path = ROOT.joinpath(*waiting.pop().split(".")).with_suffix(".py")
        if path in found or not path.is_file():
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                # `from core import hub` may load core.hub
                waiting += [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
    return sorted(found)

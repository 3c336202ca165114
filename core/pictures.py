"""Spectrograms as small PNG files on one colour scale, with where their axes' labels go.

Drawing needs librosa and matplotlib, and imports them late; reading the pictures that the gallery
holds needs neither, so the home page shows them at once.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from core.audio import Clip

COLOUR_MAP = "magma"
RANGE_DB = 70.0
MAX_COLUMNS = 1600
PIXELS_PER_BAND = 3
TICKS_HZ = (250, 1000, 2000, 4000, 8000)
AXES_FILE = "pictures.json"


@dataclass(frozen=True)
class Tick:
    """A frequency's label, and its height as a fraction of the picture's, from below."""

    label: str
    at: float


@dataclass(frozen=True)
class Axes:
    """What pictures side by side share: the colours' range in dB, and the frequency axis."""

    low_db: float
    high_db: float
    colours: tuple[str, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True)
class Pictures:
    """name -> PNG, all on the same axes. Time runs from the left edge to the right one."""

    files: Mapping[str, bytes]
    axes: Axes


def draw(clips: Mapping[str, Clip]) -> Pictures:
    """Mel spectrograms (core.spectrogram.DISPLAY) of all clips on one scale.

    The scale's top is the loudest band of any clip rounded up to 5 dB, its bottom 70 dB lower, or
    the spectrogram's floor.
    """
    from core.spectrogram import DISPLAY, log_mel_db

    spectrograms = {name: log_mel_db(clip) for name, clip in clips.items()}
    loudest = max(float(mel.max()) for mel in spectrograms.values())
    high = max(float(np.ceil(loudest / 5.0) * 5.0), DISPLAY.floor_db + 20.0)
    low = max(high - RANGE_DB, DISPLAY.floor_db)
    frequencies = DISPLAY.mel_frequencies_hz()
    rows = (np.arange(len(frequencies)) + 0.5) / len(frequencies)
    ticks = tuple(
        Tick(_hz_label(hz), round(float(np.interp(hz, frequencies, rows)), 4)) for hz in TICKS_HZ
    )
    palette = _palette()
    colours = tuple(f"#{bytes(palette[i]).hex()}" for i in range(0, 256, 15))
    files = {name: _png(mel, low, high, palette) for name, mel in spectrograms.items()}
    return Pictures(files, Axes(low, high, colours, ticks))


def save(pictures: Pictures, folder: Path) -> None:
    """Write `<name>.png` for each picture and `pictures.json` for their axes into `folder`."""
    for name, data in pictures.files.items():
        (folder / f"{name}.png").write_bytes(data)
    text = json.dumps(asdict(pictures.axes), indent=1) + "\n"
    (folder / AXES_FILE).write_text(text, encoding="utf-8")


def load(folder: Path, names: list[str]) -> Pictures | None:
    """What `save` wrote for these names; None when any of it is missing."""
    try:
        fields = json.loads((folder / AXES_FILE).read_text(encoding="utf-8"))
        files = {name: (folder / f"{name}.png").read_bytes() for name in names}
    except FileNotFoundError:
        return None
    ticks = tuple(Tick(**tick) for tick in fields["ticks"])
    axes = Axes(fields["low_db"], fields["high_db"], tuple(fields["colours"]), ticks)
    return Pictures(files, axes)


def figure(clips: Mapping[str, Clip], start_s: Mapping[str, float]) -> bytes:
    """One labelled picture of all clips for print: PNG, axes in Hz and s, one colour bar in dB.

    start_s: where each clip's time axis starts.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from core.spectrogram import DISPLAY, log_mel_db

    spectrograms = {name: log_mel_db(clip) for name, clip in clips.items()}
    high = max(float(mel.max()) for mel in spectrograms.values())
    page = Figure(figsize=(9.0, 2.1 * len(clips)), dpi=120, layout="constrained")
    FigureCanvasAgg(page)
    frequencies = DISPLAY.mel_frequencies_hz()
    rows = np.interp(TICKS_HZ, frequencies, np.arange(len(frequencies)))
    panels = page.subplots(len(clips), 1, squeeze=False)[:, 0]
    for panel, (name, mel) in zip(panels, spectrograms.items(), strict=True):
        start = start_s[name]
        panel.imshow(
            mel,
            origin="lower",
            aspect="auto",
            interpolation="nearest",
            cmap=COLOUR_MAP,
            vmin=high - RANGE_DB,
            vmax=high,
            extent=(start, start + clips[name].duration_s, -0.5, len(frequencies) - 0.5),
        )
        panel.set_title(name, loc="left", fontsize=10)
        panel.set_yticks(rows, [str(hz) for hz in TICKS_HZ])
        panel.set_ylabel("Hz")
        panel.set_xlabel("s")
    page.colorbar(panels[-1].images[0], ax=list(panels), label="dB")
    buffer = io.BytesIO()
    page.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _hz_label(hz: int) -> str:
    return f"{hz // 1000}k" if hz >= 1000 else str(hz)


def _palette() -> npt.NDArray[np.uint8]:
    """The colour map's 256 colours, uint8 [256, 3]."""
    import matplotlib as mpl

    colours = mpl.colormaps[COLOUR_MAP](np.arange(256), bytes=True)
    return np.asarray(colours[:, :3], dtype=np.uint8)


def _png(
    mel: npt.NDArray[np.float32], low: float, high: float, palette: npt.NDArray[np.uint8]
) -> bytes:
    """Decibels [n_mels, frames] as a palette PNG, low frequencies below; at most MAX_COLUMNS wide.

    Wider ones keep the loudest of neighbouring frames, so that short hits stay visible.
    """
    from PIL import Image

    group = -(-mel.shape[1] // MAX_COLUMNS)
    if group > 1:
        starts = np.arange(0, mel.shape[1], group)
        mel = np.maximum.reduceat(mel, starts, axis=1)
    levels = np.clip((mel - low) / (high - low), 0.0, 1.0)
    pixels = np.ascontiguousarray(np.round(levels[::-1] * 255.0).astype(np.uint8))
    image = Image.fromarray(pixels).convert("L")
    image.putpalette(palette.tobytes())
    image = image.resize((image.width, image.height * PIXELS_PER_BAND), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()

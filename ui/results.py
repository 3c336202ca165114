"""A finished run as the pages keep it: compressed sound, pictures, figures and the recipe."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from core import engines
from core.audio import Clip, encode_flac, encode_wav, join
from core.downloads import bundle, safe_name
from core.extrapolation.path import Segment
from core.gallery import GalleryEntry, read_flac
from core.pictures import Pictures, draw, figure
from core.recipe import Recipe
from ui import figures, paths
from ui.spectrogram_row import Panel, spectrogram_row

ACTUAL_TITLE = "Actual continuation"
PUBLISHED_NOTE = "As published. Noise is what this model gives; nothing went wrong."


@dataclass(frozen=True)
class Made:
    """One engine's continuation: FLAC bytes (16 bit), figures of core.metrics, seconds of work.

    path: where it comes from, for an engine that copies.
    """

    engine: str
    flac: bytes
    metrics: dict[str, float]
    compute_seconds: float
    path: paths.Path | None = None

    @property
    def title(self) -> str:
        return engines.info("extrapolate", self.engine).title

    @property
    def published(self) -> bool:
        return engines.info("extrapolate", self.engine).published


@dataclass(frozen=True)
class Result:
    """All that a page shows of a run. Sounds are FLAC, which is far smaller than arrays.

    title: the example's, or the visitor's name for the file.
    credit: who made the music and under which licence, for examples.
    notes: one sentence for each engine that could not run.
    """

    title: str
    credit: str | None
    recipe: Recipe
    input_flac: bytes
    actual_flac: bytes | None
    made: tuple[Made, ...]
    pictures: Pictures
    notes: tuple[str, ...] = ()

    def only(self, names: Sequence[str]) -> Result:
        """The result as if just these engines had been asked, in this order."""
        kept = {made.engine: made for made in self.made if made.engine in names}
        recipe = replace(self.recipe, engines={name: self.recipe.engines[name] for name in kept})
        order = tuple(kept[name] for name in names if name in kept)
        return replace(self, made=order, recipe=recipe)


def credit(item: GalleryEntry) -> str:
    """Artist, licence and source of an example in a line."""
    return f"{item.title} by {item.artist} · {item.licence} · {item.source}"


def build(
    title: str,
    credit_line: str | None,
    recipe: Recipe,
    clip: Clip,
    actual: Clip | None,
    made: Sequence[tuple[str, Clip, dict[str, float], float, Sequence[Segment]]],
    notes: Sequence[str] = (),
    pictures: Pictures | None = None,
    path_pictures: Mapping[str, bytes] | None = None,
) -> Result:
    """Compress and draw. made: (engine, sound, figures, seconds of work, path) for each.

    pictures, path_pictures: those that are there already, the latter by engine.
    """
    drawn = path_pictures or {}
    if pictures is None:
        sounds = {"input": clip} | {engine: sound for engine, sound, *_ in made}
        if actual is not None:
            sounds["actual"] = actual
        pictures = draw(sounds)
    return Result(
        title,
        credit_line,
        recipe,
        encode_flac(clip),
        None if actual is None else encode_flac(actual),
        tuple(
            Made(engine, encode_flac(sound), dict(figures), spent,
                 paths.of(path, clip, sound, drawn.get(engine)))
            for engine, sound, figures, spent, path in made
        ),
        pictures,
        tuple(notes),
    )  # fmt: skip


@st.cache_data(max_entries=24, ttl=1800, show_spinner=False)
def _wav(flac: bytes) -> tuple[bytes, float, int]:
    """(WAV bytes, seconds, rate in Hz) of FLAC bytes; the same samples."""
    clip = read_flac(flac)
    return encode_wav(clip), clip.duration_s, clip.sample_rate


def wav(flac: bytes) -> bytes:
    """What the player plays and the download gives."""
    return _wav(flac)[0]


def show_player(result: Result, *, key: str) -> None:
    """The comparison player for a result."""
    pictures = result.pictures.files
    sound, seconds, rate = _wav(result.input_flac)
    panels = [Panel("input", "Input", "input", sound, seconds, rate, pictures["input"])]
    for made in result.made:
        sound, seconds, rate = _wav(made.flac)
        panels.append(
            Panel(
                made.engine,
                made.title,
                "predicted",
                sound,
                seconds,
                rate,
                pictures[made.engine],
                PUBLISHED_NOTE if made.published else "",
            )
        )
    if result.actual_flac is not None:
        sound, seconds, rate = _wav(result.actual_flac)
        note = "What the recording really does next."
        panels.append(
            Panel("actual", ACTUAL_TITLE, "actual", sound, seconds, rate, pictures["actual"], note)
        )
    spectrogram_row(panels, result.pictures.axes, key=key)


def show_figures(result: Result) -> None:
    """Every engine's figures, a row each."""
    figures.show([figures.Line(made.title, made.published, made.metrics) for made in result.made])


def show_paths(result: Result, *, key: str) -> None:
    """Where each continuation that was copied comes from; nothing where none was."""
    paths.show({made.title: made.path for made in result.made if made.path is not None}, key=key)


def show_reading(result: Result) -> None:
    """One plain sentence on how to read each figure that this result has."""
    with st.expander("How to read the figures", icon=":material/straighten:"):
        if result.actual_flac is None:
            st.write(
                "There is no true continuation to compare with, so only the figures that do "
                "without one are shown."
            )
        figures.explain([made.metrics for made in result.made])


def stem(result: Result) -> str:
    """What downloads of this result are called, without their ending."""
    return f"encore-{safe_name(result.title.rsplit('.', 1)[0], 'clip').lower()}"


def joined_wav(result: Result, made: Made) -> bytes:
    """Input and continuation as one file: what one hears without looking."""
    return encode_wav(join(read_flac(result.input_flac), read_flac(made.flac)))


def bundle_zip(result: Result) -> bytes:
    """Everything of a run in a zip: sounds, spectrograms, paths, figures, recipe, and credit."""
    clips = {"Input": read_flac(result.input_flac)}
    files = {"input.wav": wav(result.input_flac)}
    for made in result.made:
        files[f"{made.engine}.wav"] = wav(made.flac)
        files[f"{made.engine}-joined.wav"] = joined_wav(result, made)
        clips[made.title] = read_flac(made.flac)
        if made.path is not None:
            both = clips["Input"], clips[made.title]
            files[f"{made.engine}-path.png"] = paths.print_figure(made.path, *both, made.title)
            files[f"{made.engine}-path.csv"] = made.path.csv()
    if result.actual_flac is not None:
        files["actual.wav"] = wav(result.actual_flac)
        clips[ACTUAL_TITLE] = read_flac(result.actual_flac)
    start = clips["Input"].duration_s
    starts = {name: 0.0 if name == "Input" else start for name in clips}
    files["spectrograms.png"] = figure(clips, starts)
    for name, data in result.pictures.files.items():
        files[f"{name}.png"] = data
    measured = {
        made.engine: {
            name: value if math.isfinite(value) else None for name, value in made.metrics.items()
        }
        for made in result.made
    }
    files["metrics.json"] = (json.dumps(measured, indent=2, sort_keys=True) + "\n").encode()
    files["recipe.json"] = result.recipe.to_json().encode()
    if result.credit:
        files["CREDIT.txt"] = (result.credit + "\n").encode()
    return bundle(files)


def show_downloads(result: Result, *, key: str) -> None:
    """Buttons for each continuation, alone and joined, and for the bundle. None reruns the page."""
    name = stem(result)
    with st.container(horizontal=True):
        for made in result.made:
            st.download_button(
                f"{made.title}",
                wav(made.flac),
                f"{name}-{made.engine}.wav",
                "audio/wav",
                key=f"{key}_wav_{made.engine}",
                help="The continuation alone, WAV",
                on_click="ignore",
                icon=":material/download:",
            )
            st.download_button(
                f"Input + {made.title}",
                lambda made=made: joined_wav(result, made),
                f"{name}-{made.engine}-joined.wav",
                "audio/wav",
                key=f"{key}_joined_{made.engine}",
                help="Input and continuation as one WAV file",
                on_click="ignore",
                icon=":material/join:",
            )
        st.download_button(
            "Everything (zip)",
            lambda: bundle_zip(result),
            f"{name}.zip",
            "application/zip",
            key=f"{key}_zip",
            help="All sounds, spectrograms, figures and the recipe that replays this run",
            on_click="ignore",
            icon=":material/folder_zip:",
        )

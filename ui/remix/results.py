"""A finished remix as the page keeps it: compressed sound, pictures, figures and the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from core import engines
from core.audio import Clip, encode_flac, encode_wav
from core.gallery import read_flac
from core.pictures import Pictures, draw
from core.remixing import pictures as names
from core.remixing.arrangement import Arrangement
from core.remixing.desk import Desk
from core.remixing.plan import ACTUAL, JOB, Plan
from core.remixing.run import Remix, level_desk, together, with_solo
from core.remixing.stems import SOLO, Stems

ACTUAL_TITLE = "Actual band"


@dataclass(frozen=True)
class Band:
    """One engine's band, or the true one (ACTUAL).

    flacs: FLAC bytes (16 bit) of the mixer's channels, the solo first. seconds, sample_rate: of
    each. metrics: names of core.metric_names. arrangement: its notes, where it plays from notes;
    desk: where the faders then begin.
    """

    name: str
    flacs: Mapping[str, bytes]
    seconds: float
    sample_rate: int
    metrics: Mapping[str, float]
    arrangement: Arrangement | None = None
    desk: Desk = Desk()  # noqa: RUF009 - it is frozen

    @property
    def title(self) -> str:
        return ACTUAL_TITLE if self.name == ACTUAL else engine_title(self.name)

    @property
    def published(self) -> bool:
        known = {info.name: info.published for info in engines.engines(JOB)}
        return known.get(self.name, False)

    @property
    def stems(self) -> tuple[str, ...]:
        """What it can be taken apart into, without the solo."""
        return tuple(name for name in self.flacs if name != SOLO)

    def picture(self, stem: str) -> str:
        """The name of a channel's picture; of the whole band together for MIX."""
        return SOLO if stem == SOLO else names.name(self.name, stem)

    def channels(self) -> Stems:
        """The solo and its parts, as they play."""
        return Stems({name: read_flac(flac) for name, flac in self.flacs.items()})


@dataclass(frozen=True)
class Result:
    """All that the page shows of a remix.

    title: the example's, or the visitor's name for the file. plan: without its mix.
    credit: who made the music and under which licence, for examples.
    actual: the band that truly played, where it is known.
    pictures: those of core.remixing.pictures, on one scale.
    notes: one sentence for each engine that could not run.
    """

    title: str
    credit: str | None
    plan: Plan
    bands: tuple[Band, ...]
    actual: Band | None
    pictures: Pictures
    notes: tuple[str, ...] = ()

    @property
    def all_bands(self) -> tuple[Band, ...]:
        """The engines' and then the true one."""
        return self.bands if self.actual is None else (*self.bands, self.actual)

    def band(self, name: str) -> Band:
        """The one of this name, or the first."""
        return next((band for band in self.all_bands if band.name == name), self.bands[0])

    def only(self, plan: Plan) -> Result:
        """The result as if just the plan's engines had been asked, in its order."""
        bands = {band.name: band for band in self.bands}
        kept = tuple(bands[name] for name in plan.engines)
        return replace(self, plan=plan.mixed("", Desk()), bands=kept)


def engine_title(name: str) -> str:
    """What the page calls an engine; its name where it is not installed."""
    return next((info.title for info in engines.engines(JOB) if info.name == name), name)


def build(
    title: str,
    credit: str | None,
    plan: Plan,
    solo: Clip,
    made: Sequence[Remix],
    actual: Stems | None,
    *,
    notes: Sequence[str] = (),
    pictures: Pictures | None = None,
) -> Result:
    """Compress and draw. pictures: those that are there already."""
    stems = {one.engine: one.stems for one in made}
    if actual is not None:
        stems[ACTUAL] = actual
    figures = {one.engine: one.metrics for one in made}
    notes_of = {one.engine: one.arrangement for one in made}
    bands = {
        name: _band(name, solo, own, figures.get(name, {}), notes_of.get(name))
        for name, own in stems.items()
    }
    return Result(
        title,
        credit,
        plan,
        tuple(band for name, band in bands.items() if name != ACTUAL),
        bands.get(ACTUAL),
        draw(names.sounds(solo, stems)) if pictures is None else pictures,
        tuple(notes),
    )


def _band(
    name: str,
    solo: Clip,
    stems: Stems,
    metrics: Mapping[str, float],
    arrangement: Arrangement | None,
) -> Band:
    channels = with_solo(solo, stems)
    flacs = {stem: encode_flac(clip) for stem, clip in channels.parts.items()}
    desk = Desk() if arrangement is None else level_desk(solo, stems)
    return Band(
        name, flacs, channels.duration_s, channels.sample_rate, dict(metrics), arrangement, desk
    )


@st.cache_data(max_entries=24, ttl=1800, show_spinner=False)
def whole_wav(flacs: Sequence[bytes]) -> bytes:
    """These sounds added up, as WAV."""
    clips = {str(index): read_flac(flac) for index, flac in enumerate(flacs)}
    return encode_wav(together(Stems(clips)))

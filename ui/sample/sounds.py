"""What the Sample page hears: engines' maps, and sounds made once and kept for a while."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace

import streamlit as st

from core import engines, gallery
from core.audio import Clip, encode_wav, loudness_lufs
from core.engines import EngineInfo, Sampler
from core.errors import ModelUnavailableError
from core.gallery import GallerySound
from core.sampling import plan as plans
from core.sampling.plan import JOB, Plan
from core.sampling.sound import Touch
from ui.latent_plane import Audible, Map

_busy = threading.BoundedSemaphore(2)
"""Sounds that are made at once; what is kept already waits for nobody."""
_lock = threading.Lock()
_warm: set[str] = set()
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sound:
    """A finished sound. wav: the bytes that play and download alike."""

    id: str
    wav: bytes
    seconds: float
    sample_rate: int

    @property
    def audible(self) -> Audible:
        return Audible(self.id, self.wav)


def infos() -> dict[str, EngineInfo]:
    """The job's engines by name, the default in front."""
    return {entry.name: entry for entry in engines.engines(JOB)}


@st.cache_resource(max_entries=8, show_spinner=False)
def engine(name: str) -> Sampler:
    """The engine's object. Making it loads no network."""
    return engines.sampler(name)


def warm(plan: Plan) -> None:
    """Begin to make the plan's engine ready, in a thread of its own, once; return at once.

    So that the first click need not wait for imports and weights. A failure is logged, and told to
    whoever then asks for a sound.
    """
    with _lock:
        if plan.engine in _warm:
            return
        _warm.add(plan.engine)
    made = engine(plan.engine)

    def work() -> None:
        try:
            loudness_lufs(made.decode(plans.latents(made, plan)[0], Touch(seconds=0.5)))
        except ModelUnavailableError as error:
            _log.warning("warming up: %s", error)

    threading.Thread(target=work, name=f"warm-{plan.engine}", daemon=True).start()


@st.cache_resource(max_entries=8, show_spinner=False)
def shown(name: str) -> Map:
    """The engine's map. Raises ModelUnavailableError where its points are missing."""
    made = engine(name)
    return Map(infos()[name].title, made.plane, made.points(), made.plays_pitches, made.pitches)


def fitting(plan: Plan) -> Plan:
    """The plan as its engine can follow it: on the plane, at a pitch that it plays, if any."""
    made = engine(plan.engine)
    p = made.plane
    places = tuple(
        (min(max(x, p.x_low), p.x_high), min(max(y, p.y_low), p.y_high)) for x, y in plan.places
    )
    plan = replace(plan, places=places)
    if not made.plays_pitches:
        return plan.touched(Touch())
    low, high = made.pitches
    pitch = min(max(plan.touch.pitch, low), high)
    return plan.touched(replace(plan.touch, pitch=pitch))


def key(plan: Plan) -> str:
    """Equal for equal sounds."""
    return plan.recipe().key()[:20]


def examples() -> dict[str, GallerySound]:
    """The first finished sound of each engine, by its name; the engine need not be installed."""
    return {next(iter(found.recipe.engines)): found for found in reversed(gallery.sounds())}


def finished(plan: Plan) -> Sound | None:
    """The sound, where the gallery has it."""
    wanted = plan.recipe().key()
    for found in gallery.sounds():
        if found.recipe.key() == wanted and found.tune is None:
            return of(plan, found.clip())
    return None


def player(found: GallerySound) -> None:
    """A finished sound to play."""
    tune = found.tune
    if tune is not None:
        st.audio(tune, format="audio/mpeg")
    else:
        st.audio(of(plans.of_recipe(found.recipe), found.clip()).wav, format="audio/wav")


def sound(plan: Plan) -> Sound:
    """The sound of a plan without a file of the visitor's. Raises what `plans.make` raises."""
    return finished(plan) or _made(key(plan), plan)


def of(plan: Plan, clip: Clip) -> Sound:
    """The plan's sound, once it is made."""
    return Sound(key(plan), encode_wav(clip), clip.duration_s, clip.sample_rate)


@st.cache_resource(max_entries=300, ttl=3600, show_spinner=False)
def _made(name: str, _plan: Plan) -> Sound:
    with _busy:
        return of(_plan, plans.make(_plan, engine=engine(_plan.engine)))

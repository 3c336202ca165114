"""Jobs, the engines that do them, and the protocol each job's engines keep."""

from __future__ import annotations

import hashlib
import importlib
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from core.audio import Clip
from core.composition.controls import Controls, Redraw, Watch, nobody
from core.engine_files import marked
from core.engine_list import ENGINES, EngineInfo
from core.progress import Progress, ignore
from core.registry import models
from core.remixing.band_controls import BandControls
from core.remixing.stems import Stems
from core.sampling.sound import Latent, Plane, Point, Touch
from core.score import Composition, Score

if TYPE_CHECKING:
    from core.extrapolation.path import Segment
    from core.hearing.heard import Heard
    from core.remixing.arrangement import Arrangement


_ENGINES = (*ENGINES, *marked())


class Extrapolator(Protocol):
    """Continues a clip."""

    def extrapolate(
        self, clip: Clip, seconds: float, *, seed: int, progress: Progress = ignore
    ) -> Clip:
        """What follows `clip`, `seconds` long, at its rate and channel count.

        The same clip, seconds, seed and weights give the same samples. Raises UserInputError when
        the clip is too short to say anything, ModelUnavailableError when weights are missing.
        """
        ...


@runtime_checkable
class Copier(Protocol):
    """An extrapolator that plays on from the clip's own past, and can say from where."""

    def continue_along(
        self, clip: Clip, seconds: float, *, seed: int, progress: Progress = ignore
    ) -> tuple[Clip, list[Segment]]:
        """What `extrapolate` gives, and the path that was rendered: copies of the clip, in order.

        Raises what `extrapolate` raises.
        """
        ...


class Composer(Protocol):
    """Writes music."""

    def compose(
        self,
        primer: Score | None,
        bars: int,
        *,
        seed: int,
        controls: Controls = Controls(),  # noqa: B008 - it is frozen
        redraw: Redraw | None = None,
        progress: Progress = ignore,
        watch: Watch = nobody,
    ) -> Composition:
        """`bars` new bars, after those of the primer, which the result begins with.

        With `redraw`, primer and bars are ignored: the result is its piece, partly new. The same
        arguments and weights give the same notes. Raises UserInputError for a primer or a redraw
        that the engine cannot use, ModelUnavailableError when weights are missing.
        """
        ...


class Remixer(Protocol):
    """Adds a band to a solo."""

    def remix(self, solo: Clip, *, seed: int, progress: Progress = ignore) -> Stems:
        """The parts that play along with `solo`, as long as it is, without the solo itself.

        Named as core.remixing.stems.STEMS; an engine that cannot take its parts apart gives one,
        MIX. Their rate and channels are the engine's own. The same clip, seed and weights give the
        same samples. Raises UserInputError when the clip is too short or too long,
        ModelUnavailableError when weights are missing.
        """
        ...


@runtime_checkable
class Arranger(Protocol):
    """A remixer that plays from notes, can be told how, and can say what it plays."""

    def remix_along(
        self,
        solo: Clip,
        *,
        seed: int,
        controls: BandControls = BandControls(),  # noqa: B008 - it is frozen
        heard: Heard | None = None,
        progress: Progress = ignore,
    ) -> tuple[Stems, Arrangement]:
        """What `remix` gives, as the controls ask, and the notes and chords that were played.

        heard: what the solo's notes say, where it was given as notes; it is not listened to then.
        The same clip, seed, controls and weights give the same samples. Raises what `remix` raises.
        """
        ...


class Sampler(Protocol):
    """Holds sounds in a space that can be walked.

    plays_pitches: whether `decode` keeps to the touch's pitch. pitches: lowest and highest MIDI
    number it plays. latent_size: length of a latent's values. plane: what of the map is shown.
    """

    plays_pitches: bool
    pitches: tuple[int, int]
    latent_size: int
    plane: Plane

    def encode(self, clip: Clip) -> Latent:
        """The place of a note. Raises UserInputError where there is no note to be heard in it."""
        ...

    def decode(self, latent: Latent, touch: Touch = Touch(), *, seed: int = 0) -> Clip:  # noqa: B008
        """The sound at a place, one channel, at the engine's own rate.

        The same arguments and weights give the same samples. Raises ModelUnavailableError.
        """
        ...

    def at(self, x: float, y: float) -> Latent:
        """The place under any point of the plane, between the training sounds too."""
        ...

    def locate(self, latent: Latent) -> tuple[float, float]:
        """(x, y): where on the plane a place is shown."""
        ...

    def points(self) -> list[Point]:
        """The training sounds that the map shows. Loads no network."""
        ...


def engines(job: str) -> list[EngineInfo]:
    """The job's engines, ours first, the default in front."""
    return [info for info in _ENGINES if info.job == job]


def info(job: str, name: str) -> EngineInfo:
    """The entry of one engine. Raises KeyError with the names there are."""
    for entry in engines(job):
        if entry.name == name:
            return entry
    raise KeyError(f"no engine {name!r} for {job}; there are {[e.name for e in engines(job)]}")


def weights_sha256(job: str, name: str) -> str | None:
    """Of the engine's weight file, as recipes name it; None for an engine without or unknown.

    Of an engine with several, the sha256 of theirs, one after the other.
    """
    entry = next((entry for entry in engines(job) if entry.name == name), None)
    known = models()
    found = [known[model].sha256 for model in entry.models if model in known] if entry else []
    if len(found) < 2:
        return found[0] if found else None
    return hashlib.sha256("".join(found).encode()).hexdigest()


def engine(job: str, name: str) -> Any:
    """A new engine object, which keeps the job's protocol. Raises KeyError for an unknown name."""
    module, _, attribute = info(job, name).target.partition(":")
    return getattr(importlib.import_module(module), attribute)()


def composer(name: str) -> Composer:
    """`engine("compose", name)`, typed."""
    return cast(Composer, engine("compose", name))


def extrapolator(name: str) -> Extrapolator:
    """`engine("extrapolate", name)`, typed."""
    return cast(Extrapolator, engine("extrapolate", name))


def remixer(name: str) -> Remixer:
    """`engine("remix", name)`, typed."""
    return cast(Remixer, engine("remix", name))


def sampler(name: str) -> Sampler:
    """`engine("sample", name)`, typed."""
    return cast(Sampler, engine("sample", name))

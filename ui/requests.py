"""What a visitor asks of the Extrapolate page, and the link that carries it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core import engines
from core.audio import Clip
from core.errors import UserInputError
from core.extrapolation.ending import ENDINGS
from core.gallery import GalleryItem
from core.recipe import Recipe

JOB = "extrapolate"
INPUT_S = 20.0
MIN_SECONDS, MAX_SECONDS, DEFAULT_SECONDS = 10, 120, 10
MIN_ACTUAL_S = 1.0
MAX_SEED = 2**31 - 1
MAX_START_S = 36_000.0
"""Where the input starts at the latest, in a file that is not there yet."""
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Request:
    """engines: names in the order shown. start_s: where in the file the input starts.

    seconds: how long the continuation is. example: the gallery item's slug where it is one.
    ending: one of core.extrapolation.ending.ENDINGS. input_sha256: of a visitor's own file.
    """

    engines: tuple[str, ...]
    start_s: float
    seconds: int
    seed: int
    example: str | None = None
    ending: str = "none"
    input_sha256: str | None = None

    def query(self) -> dict[str, str]:
        """The link's parameters. A visitor's own file, which no link can carry, is asked for."""
        if self.example is not None:
            source = {"example": self.example}
        elif self.input_sha256 is not None:
            source = {"input": self.input_sha256}
        else:
            return {}
        return (
            source
            | {
                "engines": ",".join(self.engines),
                "start": f"{self.start_s:g}",
                "seconds": str(self.seconds),
                "seed": str(self.seed),
            }
            | self._ending()
        )

    def recipe(self, input_sha256: str) -> Recipe:
        """What replays this request on the file with this hash."""
        return Recipe(
            job=JOB,
            engines={name: engines.weights_sha256(JOB, name) for name in self.engines},
            seed=self.seed,
            parameters={"start_s": self.start_s, "seconds": float(self.seconds)} | self._ending(),
            input_sha256=input_sha256,
            example=self.example,
        )

    def _ending(self) -> dict[str, str]:
        """Named only where there is one, so that links and recipes from before stay equal."""
        return {} if self.ending == "none" else {"ending": self.ending}


def of_recipe(recipe: Recipe) -> Request:
    """The request whose run a recipe describes."""
    return Request(
        tuple(recipe.engines),
        float(recipe.parameters.get("start_s", 0.0)),
        round(float(recipe.parameters.get("seconds", DEFAULT_SECONDS))),
        recipe.seed,
        recipe.example,
        recipe.ending,
        recipe.input_sha256 if recipe.example is None else None,
    )


def is_answered_by(wanted: Recipe, finished: Recipe) -> bool:
    """Whether a finished run holds what `wanted` would give. It may hold other engines besides."""
    return (
        wanted.job == finished.job
        and wanted.seed == finished.seed
        and wanted.input_sha256 == finished.input_sha256
        and wanted.ending == finished.ending
        and all(finished.parameters.get(k) == v for k, v in wanted.parameters.items())
        and all(
            name in finished.engines and finished.engines[name] == sha256
            for name, sha256 in wanted.engines.items()
        )
    )


def from_query(
    query: Mapping[str, str],
    examples: Sequence[GalleryItem],
    duration_s: Callable[[GalleryItem], float],
) -> tuple[Request | None, str | None]:
    """(what the link asks for, a sentence on what in it was not understood).

    (None, None) for a plain address. What is missing or wrong takes the example's own value, or the
    page's for a visitor's file; an unknown example gives (None, sentence). duration_s: how long an
    example's file is.
    """
    slug, sha256 = query.get("example"), query.get("input")
    known = {info.name: None for info in engines.engines(JOB)}
    if slug is None:
        if sha256 is None:
            return None, None
        if not _SHA256.fullmatch(sha256):
            return None, "This link names no file that could be given; pick an example instead."
        own, latest_s = Request(tuple(known), 0.0, DEFAULT_SECONDS, 0), MAX_START_S
    else:
        item = next((item for item in examples if item.slug == slug), None)
        if item is None:
            return None, "This link names an example that is not here; pick one below instead."
        own, latest_s, sha256 = of_recipe(item.recipe), latest_start_s(duration_s(item)), None
    whose = "page" if slug is None else "example"
    wrong = []

    def number(name: str, default: float, low: float, high: float) -> float:
        try:
            value = float(query[name])
        except KeyError:
            return default
        except ValueError:
            value = math.nan
        if low <= value <= high:
            return value
        wrong.append(name)
        return default

    names = tuple(dict.fromkeys(query.get("engines", ",".join(own.engines)).split(",")))
    if not set(names) <= set(known):
        wrong.append("engines")
        names = tuple(name for name in names if name in known) or own.engines
    ending = query.get("ending", own.ending)
    if ending not in ENDINGS:
        wrong.append("ending")
        ending = own.ending
    request = Request(
        names,
        round(number("start", own.start_s, 0.0, latest_s), 1),
        round(number("seconds", own.seconds, MIN_SECONDS, MAX_SECONDS)),
        round(number("seed", own.seed, 0, MAX_SEED)),
        slug,
        ending,
        sha256,
    )
    if wrong:
        return request, (
            f"Part of this link was not understood ({', '.join(wrong)}), so the {whose}'s own "
            "settings are used there."
        )
    return request, None


def latest_start_s(duration_s: float) -> float:
    """The last place where a whole input of 20 s starts; 0 where the clip is no longer."""
    return max(0.0, math.floor((duration_s - INPUT_S) * 2) / 2)


def default_start_s(duration_s: float) -> float:
    """With 30 s and more the last 10 s are kept for comparison."""
    return latest_start_s(duration_s - 10.0) if duration_s >= INPUT_S + 10.0 else 0.0


@st.cache_data(max_entries=8, ttl=900, show_spinner=False)
def _decoded(sha256: str, start_s: float, seconds: float, _data: bytes) -> Clip:
    from core.decoding import decode

    return decode(_data, start_s=start_s, seconds=seconds)


def cut(data: bytes, sha256: str, request: Request) -> tuple[Clip, Clip | None]:
    """(the input, what truly follows it for up to the seconds asked, or None).

    Raises UserInputError when the file cannot be read there, or when nothing sounds there.
    """
    from core.decoding import is_silent

    window = _decoded(sha256, request.start_s, INPUT_S + request.seconds, data)
    clip = window.between(0.0, INPUT_S)
    if is_silent(clip):
        raise UserInputError(
            "This part of the clip is silent, so there is nothing to continue; choose a part or "
            "a clip with sound."
        )
    actual = window.between(INPUT_S, INPUT_S + request.seconds)
    return clip, actual if actual.duration_s >= MIN_ACTUAL_S else None

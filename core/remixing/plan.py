"""A plan: all that fixes a remix and its mix, as links and recipes carry it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.engines import engines, weights_sha256
from core.errors import UserInputError
from core.recipe import Recipe
from core.remixing.band_controls import BandControls
from core.remixing.desk import Desk, Fader
from core.remixing.stems import TITLES

JOB = "remix"
BAND = "band"
"""The engine that can be told how to play."""
MIN_SECONDS, MAX_SECONDS, DEFAULT_SECONDS = 1.0, 120.0, 20.0
MAX_SEED = 2**31 - 1
ACTUAL = "actual"
"""What is heard, where that is the true band and no engine's."""


@dataclass(frozen=True)
class Plan:
    """engines: names in the order shown. start_s, seconds: which part of the file is the solo.

    heard: whose band the mix is of, one of `engines` or ACTUAL; empty for the first engine.
    desk: where the faders stand. band: what is asked of BAND, if it is among them.
    example: the gallery's slug, where the solo is one of ours. input_sha256: of the file.
    """

    engines: tuple[str, ...]
    start_s: float = 0.0
    seconds: float = DEFAULT_SECONDS
    seed: int = 0
    heard: str = ""
    desk: Desk = Desk()  # noqa: RUF009 - it is frozen
    example: str | None = None
    input_sha256: str | None = None
    band: BandControls = BandControls()  # noqa: RUF009 - it is frozen

    def __post_init__(self) -> None:
        object.__setattr__(self, "start_s", round(float(self.start_s), 2) + 0.0)
        object.__setattr__(self, "seconds", round(float(self.seconds), 2))
        if BAND not in self.engines:
            object.__setattr__(self, "band", BandControls())

    def mixed(self, heard: str, desk: Desk) -> Plan:
        """The same remix with another mix."""
        return replace(self, heard="" if heard == self.engines[0] else heard, desk=desk)

    def query(self) -> dict[str, str]:
        """The parameters of a link. It names an upload by its hash, which it cannot carry."""
        source = {"example": self.example} if self.example else {"input": self.input_sha256 or ""}
        found = source | {
            "engines": ",".join(self.engines),
            "start": f"{self.start_s:g}",
            "seconds": f"{self.seconds:g}",
            "seed": str(self.seed),
        }
        if self.heard:
            found["heard"] = self.heard
        if self.desk.faders:
            found["faders"] = desk_text(self.desk)
        if self.desk.master_db:
            found["master"] = f"{self.desk.master_db:g}"
        texts = {k: f"{v:g}" if isinstance(v, float) else str(v)
                 for k, v in self.band.to_fields().items()}  # fmt: skip
        return found | texts

    def recipe(self) -> Recipe:
        """What replays the remix and its mix."""
        parameters: dict[str, Any] = {"start_s": self.start_s, "seconds": self.seconds}
        if self.heard:
            parameters["heard"] = self.heard
        if self.desk != Desk():
            parameters["desk"] = self.desk.to_fields()
        if self.band != BandControls():
            parameters["band"] = self.band.to_fields()
        return Recipe(
            job=JOB,
            engines={name: weights_sha256(JOB, name) for name in self.engines},
            seed=self.seed,
            parameters=parameters,
            input_sha256=self.input_sha256 or "",
            example=self.example,
        )


def of_recipe(recipe: Recipe) -> Plan:
    """The plan that a recipe holds, its engines in the order of the job's: JSON keeps none.

    Raises UserInputError for one of another job, or whose faders cannot be read.
    """
    if recipe.job != JOB:
        raise UserInputError("This recipe is of another job; choose one of a remix.")
    fields = recipe.parameters
    order = [info.name for info in engines(JOB)]
    return Plan(
        tuple(sorted(recipe.engines, key=lambda n: order.index(n) if n in order else len(order))),
        float(fields.get("start_s", 0.0)),
        float(fields.get("seconds", DEFAULT_SECONDS)),
        recipe.seed,
        str(fields.get("heard", "")),
        Desk.from_fields(fields.get("desk", {})),
        recipe.example,
        recipe.input_sha256 or None,
        BandControls.from_fields(fields.get("band", {})),
    )


def is_answered_by(wanted: Plan, finished: Recipe) -> bool:
    """Whether a finished remix holds what `wanted` makes, whatever its mix and other engines."""
    have, want = finished, wanted.recipe()
    return (
        have.job == want.job
        and have.seed == want.seed
        and have.input_sha256 == want.input_sha256
        and all(have.parameters.get(k) == want.parameters[k] for k in ("start_s", "seconds"))
        and (BAND not in want.engines or have.parameters.get("band") == want.parameters.get("band"))
        and all(have.engines.get(k, "") == sha256 for k, sha256 in want.engines.items())
    )


def from_fields(
    fields: Mapping[str, str], known: Sequence[str], own: Plan | None = None
) -> tuple[Plan, tuple[str, ...]]:
    """(the plan that a link's parameters ask for, names of those not understood).

    known: engines there are. own: the example's plan, whose values stand in for what is missing or
    not understood; without it the page's own do.
    """
    own = own or Plan(tuple(known))
    wrong: list[str] = []

    def number(name: str, low: float, high: float, missing: float) -> float:
        if name not in fields:
            return missing
        value = _number(fields[name])
        if low <= value <= high:
            return value
        wrong.append(name)
        return missing

    names = tuple(dict.fromkeys(fields.get("engines", ",".join(own.engines)).split(",")))
    if not set(names) <= {*known, *own.engines}:
        wrong.append("engines")
        names = tuple(name for name in names if name in known) or own.engines
    heard = fields.get("heard", "")
    if heard not in ("", ACTUAL, *names):
        wrong.append("heard")
        heard = ""
    seed = number("seed", 0, MAX_SEED, own.seed)
    if seed != int(seed):
        wrong.append("seed")
        seed = own.seed
    desk = Desk()
    if "faders" in fields:
        try:
            desk = desk_named(fields["faders"])
        except UserInputError:
            wrong.append("faders")
    try:
        desk = replace(desk, master_db=_number(fields.get("master", "0")))
    except UserInputError:
        wrong.append("master")
    band = own.band
    if {*fields} & {"style", "density", "humanise", "intro", "ending", "redraws", "chords"}:
        try:
            band = BandControls.from_fields(fields)
        except UserInputError:
            wrong.append("band")
    plan = Plan(
        names,
        number("start", 0.0, math.inf, own.start_s),
        number("seconds", MIN_SECONDS, MAX_SECONDS, own.seconds),
        int(seed),
        heard,
        desk,
        own.example,
        own.input_sha256 or fields.get("input") or None,
        band,
    )
    return plan, tuple(dict.fromkeys(wrong))


def desk_text(desk: Desk) -> str:
    """`drums:-6:0.25,bass:0:0:m`: channel, dB, pan, and `m`, `s` for mute and solo."""
    found = []
    for name, fader in desk.faders.items():
        marks = "m" * fader.mute + "s" * fader.solo
        parts = [name, f"{fader.gain_db:g}", f"{fader.pan:g}", *([marks] if marks else [])]
        found.append(":".join(parts))
    return ",".join(found)


def desk_named(text: str) -> Desk:
    """The inverse of `desk_text`. Raises UserInputError for anything else."""
    faders = {}
    for one in text.split(","):
        name, *values = one.split(":")
        marks = values[2] if len(values) == 3 else ""
        if name not in TITLES or not 2 <= len(values) <= 3 or not set(marks) <= set("ms"):
            raise UserInputError("This link's faders cannot be read.")
        gain_db, pan = map(_number, values[:2])
        faders[name] = Fader(gain_db, pan, "m" in marks, "s" in marks)
    return Desk(faders)


def _number(text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return math.nan

"""A plan: all that fixes patterns of the compared models, as links and recipes carry it.

Every model of a plan gets the same primer, seed and temperature. Whoever follows the plan on the
same primer with the same weights gets the very notes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.comparing import models as compared
from core.comparing.models import MODELS
from core.comparing.offers import JOB, weights_sha256
from core.comparing.patterns import KINDS, Kind, Pattern, to_score
from core.comparing.primers import PRIMERS, Stretch, primer_bars, shipped, stretch
from core.errors import UserInputError
from core.keys import estimate_key
from core.progress import Progress, ignore, part
from core.recipe import Recipe
from core.score import Score

MAX_SEED = 2**31 - 1
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.1, 2.0
OWN = "own"
"""The primer's name where it is a file of the visitor's."""


@dataclass(frozen=True)
class Plan:
    """kind: of core.comparing.patterns.KINDS. models: of MODELS, in the order shown.

    primer: a name of PRIMERS, OWN, or empty for none. primer_sha256: of the file, for OWN.
    """

    kind: str
    models: tuple[str, ...] = MODELS[:2]
    seed: int = 0
    temperature: float = 1.0
    primer: str = ""
    primer_sha256: str | None = None

    def fields(self) -> dict[str, Any]:
        """JSON values by name, without seed; what is at its default is left out."""
        found: dict[str, Any] = {"kind": self.kind, "models": ",".join(self.models)}
        if self.temperature != 1.0:
            found["temperature"] = self.temperature
        if self.primer:
            found["primer"] = self.primer
        return found

    def query(self) -> dict[str, str]:
        """The parameters of a link that makes these patterns again."""
        texts = {k: f"{v:g}" if isinstance(v, float) else str(v) for k, v in self.fields().items()}
        given = {"input": self.primer_sha256} if self.primer_sha256 else {}
        return texts | {"seed": str(self.seed)} | given

    def recipe(self) -> Recipe:
        """What replays the patterns. input_sha256 is empty where no file was given."""
        return Recipe(
            job=JOB,
            engines={name: weights_sha256(name, self.kind) for name in self.models},
            seed=self.seed,
            parameters=self.fields(),
            input_sha256=self.primer_sha256 or "",
        )


@dataclass(frozen=True)
class Side:
    """What one model wrote.

    pattern: [steps, voices], in the models' key. semitones: how far above it the score stands, so
    that a primer sounds where the visitor's tune does. compute_seconds: None where not measured.
    """

    model: str
    pattern: Pattern
    score: Score
    semitones: int = 0
    compute_seconds: float | None = None


def of_recipe(recipe: Recipe) -> Plan:
    """The plan that a recipe of ours holds."""
    fields = {**recipe.parameters, "seed": recipe.seed, "input": recipe.input_sha256}
    return from_fields(fields)[0]


def from_fields(
    fields: Mapping[str, Any], known: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[Plan, tuple[str, ...]]:
    """(the plan that a link's or recipe's parameters ask for, names of those not understood).

    What is missing or not understood takes its default. known: kind -> models that will do; all
    will where there are none.
    """
    known = known or dict.fromkeys(KINDS, MODELS)
    wrong: list[str] = []
    kind = str(fields.get("kind", next(iter(known))))
    if kind not in known:
        wrong.append("kind")
        kind = next(iter(known))
    plain = Plan(kind, known[kind][:2])
    names = tuple(filter(None, str(fields.get("models", "")).split(",")))
    if not set(names) <= set(known[kind]):
        wrong.append("models")
        names = tuple(name for name in names if name in known[kind])
    temperature = _number(fields.get("temperature", plain.temperature))
    if not MIN_TEMPERATURE <= temperature <= MAX_TEMPERATURE:
        wrong.append("temperature")
        temperature = plain.temperature
    seed = _number(fields.get("seed", 0))
    if not 0 <= seed <= MAX_SEED or seed != int(seed):
        wrong.append("seed")
        seed = 0.0
    primer = str(fields.get("primer", ""))
    sha256 = str(fields["input"]) if fields.get("input") and primer == OWN else None
    if primer not in ("", *PRIMERS) and sha256 is None:
        wrong.append("primer")
        primer = ""
    models = tuple(name for name in known[kind] if name in names) or plain.models
    plan = Plan(kind, models, int(seed), round(temperature, 3), primer, sha256)
    return plan, tuple(wrong)


def primer_of(plan: Plan, own: Score | None) -> Stretch | None:
    """What the plan's patterns begin with. own: the visitor's file, read.

    Raises UserInputError where that is wanted and missing, or of no use.
    """
    if not plan.primer:
        return None
    if plan.primer == OWN and own is None:
        raise UserInputError("This pattern begins with a tune from a file: give that file as well.")
    kind = KINDS[plan.kind]
    score = own if plan.primer == OWN and own is not None else shipped(plan.primer)
    return stretch(score, kind, primer_bars(kind))


def make(plan: Plan, own: Score | None = None, *, progress: Progress = ignore) -> tuple[Side, ...]:
    """Follow the plan, model by model.

    Raises what `primer_of` raises, and ModelUnavailableError where weights are missing.
    """
    kind, primer = KINDS[plan.kind], primer_of(plan, own)
    semitones = 0 if primer is None else -primer.semitones
    share = 1 / len(plan.models)
    sides = []
    for index, name in enumerate(plan.models):
        model = compared.pattern_model(name, plan.kind)
        started = time.perf_counter()
        pattern = model.sample(
            1,
            seed=plan.seed,
            primer=None if primer is None else primer.pattern,
            temperature=plan.temperature,
            progress=part(progress, index * share, (index + 1) * share),
        )[0]
        spent = time.perf_counter() - started
        score = scored(pattern, kind, semitones)
        sides.append(Side(name, pattern, score, semitones, spent))
    return tuple(sides)


def scored(pattern: Pattern, kind: Kind, semitones: int = 0) -> Score:
    """The pattern as a piece, moved up, with the key that it seems to be in."""
    score = to_score(np.asarray(pattern), kind).transposed(semitones)
    return replace(score, key=estimate_key(score))


def _number(text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return float("nan")

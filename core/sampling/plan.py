"""A plan: all that fixes a sampled sound, as links and recipes carry it, and how it is made.

Numbers are rounded when a plan is made, to as many digits as a link has, so that whoever opens the
link on the same weights hears the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.audio import Clip
from core.engines import Sampler, sampler, weights_sha256
from core.errors import UserInputError
from core.progress import Progress, ignore
from core.recipe import Recipe
from core.sampling.sound import Latent, Touch
from core.sampling.tunes import TUNES, tune
from core.score import Score

JOB = "sample"
MAX_SEED = 2**31 - 1
MAX_STOPS = 16
MAX_LATENT = 64
MAX_PLACE = 999.0
MIN_HELD_S, MAX_HELD_S = 0.1, 4.0
RELEASE_S = 0.7
"""How long a note goes on after its key is let go, unless the plan says otherwise."""
MIN_STRIKES, STRIKES_A_LEG, MAX_STRIKES = 12, 3, 24
"""How often a path strikes its sound: so that it moves at every stop and is heard soon."""
OWN = "own"
"""The melody's name where it is a file of the visitor's."""

Place = tuple[float, float]


@dataclass(frozen=True)
class Plan:
    """engine: its name. seed: as Sampler.decode takes it.

    places: where on the plane; one, or two and more for a path that is walked while it sounds.
    latent: the sound's exact place, where it is a training sound or an encoded one; else the one
    under `places`.
    touch: how it is played. melody: a name of core.sampling.tunes.TUNES, OWN, or empty for a note.
    input_sha256: of the file with the melody, or else of the sound that was encoded.
    """

    engine: str
    places: tuple[Place, ...] = ((0.0, 0.0),)
    latent: tuple[float, ...] | None = None
    touch: Touch = Touch()  # noqa: RUF009 - it is frozen
    melody: str = ""
    seed: int = 0
    input_sha256: str | None = None

    def at(self, *places: Place) -> Plan:
        """The same sound elsewhere: at a place, or along a path."""
        rounded = tuple((_round(x), _round(y)) for x, y in places)
        return replace(self, places=rounded, latent=None, melody="", input_sha256=None)

    def on(self, place: Place, latent: Latent, input_sha256: str | None = None) -> Plan:
        """At the exact place of a sound, which the plane shows at `place`."""
        values = tuple(_round(value) for value in latent.values)
        return replace(self.at(place), latent=values, input_sha256=input_sha256)

    def note(self) -> Plan:
        """One note of the sound: at the first place of a path, and without a tune."""
        if len(self.places) > 1:
            return self.at(self.places[0])
        kept = None if self.melody else self.input_sha256
        return replace(self, melody="", input_sha256=kept)

    def touched(self, touch: Touch) -> Plan:
        """Played another way."""
        rounded = Touch(*(_round(v) for v in (touch.pitch, touch.velocity)),
                        *(_round(v) for v in (touch.held_s, touch.seconds)))  # fmt: skip
        return replace(self, touch=rounded)

    def fields(self) -> dict[str, Any]:
        """JSON values by name, without seed; what is at its default is left out."""
        found: dict[str, Any] = {"at": _text(self.places)}
        if self.latent is not None:
            found["latent"] = ",".join(f"{value:g}" for value in self.latent)
        plain = Touch()
        for name in ("pitch", "velocity", "held_s", "seconds"):
            if getattr(self.touch, name) != getattr(plain, name):
                found[name] = getattr(self.touch, name)
        if self.melody:
            found["melody"] = self.melody
        return found

    def query(self) -> dict[str, str]:
        """The parameters of a link that makes this sound again."""
        texts = {k: f"{v:g}" if isinstance(v, float) else str(v) for k, v in self.fields().items()}
        given = {"input": self.input_sha256} if self.input_sha256 else {}
        seed = {"seed": str(self.seed)} if self.seed else {}
        return {"engine": self.engine} | texts | seed | given

    def recipe(self) -> Recipe:
        """What replays the sound. input_sha256 is empty where it was made from nothing."""
        return Recipe(
            job=JOB,
            engines={self.engine: weights_sha256(JOB, self.engine)},
            seed=self.seed,
            parameters=self.fields(),
            input_sha256=self.input_sha256 or "",
        )


def of_recipe(recipe: Recipe) -> Plan:
    """The plan that a recipe of ours holds."""
    fields = {**recipe.parameters, "seed": recipe.seed, "engine": next(iter(recipe.engines))}
    return from_fields(fields | {"input": recipe.input_sha256})[0]


def from_fields(
    fields: Mapping[str, Any], known: Sequence[str] = ()
) -> tuple[Plan, tuple[str, ...]]:
    """(the plan that a link's or recipe's parameters ask for, names of those not understood).

    What is missing or not understood takes its default. known: engines that will do; any name will
    where there are none.
    """
    wrong: list[str] = []
    engine = str(fields.get("engine", known[0] if known else ""))
    if known and engine not in known:
        wrong.append("engine")
        engine = known[0]

    def number(name: str, low: float, high: float, missing: float) -> float:
        if name not in fields:
            return missing
        value = _number(fields[name])
        if low <= value <= high:
            return _round(value)
        wrong.append(name)
        return missing

    places: tuple[Place, ...] = ((0.0, 0.0),)
    if "at" in fields:
        found = places_named(str(fields["at"]))
        if found is None:
            wrong.append("at")
        places = found or places
    latent = None
    if "latent" in fields:
        values = tuple(_round(_number(part)) for part in str(fields["latent"]).split(","))
        if len(places) == 1 and len(values) <= MAX_LATENT and all(abs(v) <= 100 for v in values):
            latent = values
        else:
            wrong.append("latent")
    plain = Touch()
    held_s = number("held_s", MIN_HELD_S, MAX_HELD_S, plain.held_s)
    touch = Touch(
        number("pitch", 0, 127, plain.pitch),
        number("velocity", 0, 1, plain.velocity),
        held_s,
        number("seconds", MIN_HELD_S, MAX_HELD_S + 2, plain.seconds),
    )
    melody = str(fields.get("melody", ""))
    if melody not in ("", OWN, *TUNES) or (melody and len(places) > 1):
        wrong.append("melody")
        melody = ""
    seed = number("seed", 0, MAX_SEED, 0)
    if seed != int(seed):
        wrong.append("seed")
        seed = 0
    sha256 = str(fields["input"]) if fields.get("input") else None
    plan = Plan(engine, places, latent, touch, melody, int(seed), sha256)
    return plan, tuple(dict.fromkeys(wrong))


def places_named(text: str) -> tuple[Place, ...] | None:
    """`((0.5, -1.0),)` for `0.5,-1`; several with `;` between; None for anything else."""
    found = []
    for part in text.split(";"):
        numbers = [_number(word) for word in part.split(",")]
        if len(numbers) != 2 or not all(abs(value) <= MAX_PLACE for value in numbers):
            return None
        found.append((_round(numbers[0]), _round(numbers[1])))
    return tuple(found) if len(found) <= MAX_STOPS else None


def latents(engine: Sampler, plan: Plan) -> list[Latent]:
    """Where in the engine's space the plan's places are.

    Raises UserInputError for a latent that is another engine's.
    """
    if plan.latent is None:
        return [engine.at(x, y) for x, y in plan.places]
    if len(plan.latent) != engine.latent_size:
        raise UserInputError(
            f"This place has {len(plan.latent)} numbers and {plan.engine} has "
            f"{engine.latent_size} of them; choose the engine that it was made with."
        )
    return [Latent(plan.latent)]


def melody_of(plan: Plan, own: Score | None) -> Score | None:
    """The notes that the plan plays, None for a single one. own: the visitor's file, read.

    Raises UserInputError where that is wanted and missing.
    """
    if plan.melody != OWN:
        return tune(plan.melody, round(plan.touch.pitch)) if plan.melody else None
    if own is None:
        raise UserInputError("This sound plays a tune from a file: give that file as well.")
    return own


def make(
    plan: Plan,
    own: Score | None = None,
    *,
    engine: Sampler | None = None,
    progress: Progress = ignore,
) -> Clip:
    """Follow the plan. own: the visitor's melody, for OWN. engine: where there is one already.

    Raises what `Sampler.decode`, `latents` and `melody_of` raise, and UserInputError for a melody
    on an engine that has no pitch control.
    """
    engine = sampler(plan.engine) if engine is None else engine
    found = latents(engine, plan)
    score = melody_of(plan, own)
    if score is not None and not engine.plays_pitches:
        raise UserInputError(
            f"{plan.engine} has no pitch control, so it cannot play a tune; choose timbre-vae."
        )
    if score is None and len(found) == 1:
        return engine.decode(found[0], plan.touch, seed=plan.seed)
    from core.sampling import playing

    if score is not None:
        return playing.melody(engine, found[0], score, seed=plan.seed, progress=progress)
    strikes = min(max(MIN_STRIKES, STRIKES_A_LEG * (len(found) - 1)), MAX_STRIKES)
    return playing.morph(engine, found, plan.touch, seed=plan.seed, strikes=strikes)


def _round(value: float) -> float:
    """Three digits after the point; minus zero is zero."""
    return round(float(value), 3) + 0.0


def _text(places: Sequence[Place]) -> str:
    return ";".join(f"{x:g},{y:g}" for x, y in places)


def _number(text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return math.nan

"""A plan: all that fixes a composed piece, as links and recipes carry it, and how it is made.

A piece is one call of an engine and then any number of redraws, each with a seed of its own.
Whoever follows the plan on the same primer with the same weights gets the very notes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.composition.controls import Controls, Redraw, Watch, nobody
from core.composition.offers import (
    DEFAULT_BARS,
    MAX_BARS,
    MAX_TEMPERATURE,
    MAX_TEMPO_BPM,
    MIN_BARS,
    MIN_TEMPO_BPM,
    offer,
)
from core.composition.steps import Step, steps_from_text, steps_to_text
from core.engines import Composer, composer, weights_sha256
from core.progress import Progress, ignore, part
from core.recipe import Recipe
from core.score import PITCH_CLASSES, Composition, Key, Score

JOB = "compose"
MAX_SEED = 2**31 - 1
MAX_PRIMER_BARS = 32
"""Of a longer primer its last bars are continued; more says nothing to a model of this size."""


@dataclass(frozen=True)
class Plan:
    """engine, bars, seed, controls: as Composer.compose takes them; 0 bars add voices to a primer.

    primer_sha256: of the primer's file, where there is one.
    steps: the redraws that followed, in order.
    """

    engine: str
    bars: int = DEFAULT_BARS
    seed: int = 0
    controls: Controls = Controls()  # noqa: RUF009 - it is frozen
    primer_sha256: str | None = None
    steps: tuple[Step, ...] = ()

    def then(self, step: Step) -> Plan:
        """The plan with one more redraw."""
        return replace(self, steps=(*self.steps, step))

    def fields(self) -> dict[str, Any]:
        """JSON values by name, without seed; what is at its default is left out."""
        controls, plain = self.controls, offer(self.engine).default()
        found: dict[str, Any] = {"bars": self.bars}
        for name in ("genre", "tempo_bpm", "density", "temperature", "top_p", "repetition"):
            if getattr(controls, name) != getattr(plain, name):
                found[name] = getattr(controls, name)
        if controls.key is not None:
            found["key"] = key_name(controls.key)
        if controls.metre is not None:
            found["metre"] = "/".join(map(str, controls.metre))
        if controls.instruments is not None:
            found["instruments"] = ",".join(controls.instruments)
        if self.steps:
            found["redraws"] = steps_to_text(self.steps)
        return found

    def query(self) -> dict[str, str]:
        """The parameters of a link that makes this piece again."""
        texts = {k: f"{v:g}" if isinstance(v, float) else str(v) for k, v in self.fields().items()}
        primer = {} if self.primer_sha256 is None else {"primer": self.primer_sha256}
        return {"engine": self.engine, "seed": str(self.seed)} | texts | primer

    def recipe(self) -> Recipe:
        """What replays the piece. input_sha256 is empty where it was made from nothing."""
        return Recipe(
            job=JOB,
            engines={self.engine: weights_sha256(JOB, self.engine)},
            seed=self.seed,
            parameters=self.fields(),
            input_sha256=self.primer_sha256 or "",
        )


_SPELLINGS = {
    "Db": "C#", "D-": "C#", "D#": "E-", "Eb": "E-", "Gb": "F#", "G-": "F#", "G#": "A-", "Ab": "A-",
    "A#": "B-", "Bb": "B-",
}  # fmt: skip


def of_recipe(recipe: Recipe) -> Plan:
    """The plan that a recipe of ours holds."""
    fields = {**recipe.parameters, "seed": recipe.seed, "engine": next(iter(recipe.engines))}
    return from_fields(fields | {"primer": recipe.input_sha256})[0]


def from_fields(
    fields: Mapping[str, Any], known: Sequence[str] = ()
) -> tuple[Plan, tuple[str, ...]]:
    """(the plan that a link's or recipe's parameters ask for, names of those not understood).

    What is missing or not understood takes the engine's default. known: engines that will do; any
    name will where there are none.
    """
    wrong: list[str] = []
    engine = str(fields.get("engine", known[0] if known else ""))
    if known and engine not in known:
        wrong.append("engine")
        engine = known[0]
    has = offer(engine)
    default = has.default()

    def number(name: str, low: float, high: float, missing: Any) -> Any:
        try:
            value = float(fields[name])
        except KeyError:
            return missing
        except (TypeError, ValueError):
            value = float("nan")
        if low <= value <= high:
            return value
        wrong.append(name)
        return missing

    def whole(name: str, low: int, high: int, missing: int) -> int:
        value = number(name, low, high, missing)
        if value != int(value):
            wrong.append(name)
            return missing
        return int(value)

    metre = metre_named(str(fields.get("metre", "")))
    key = key_named(str(fields.get("key", "")))
    instruments = tuple(filter(None, str(fields.get("instruments", "")).split(",")))
    asked = Controls(
        genre=fields.get("genre"),
        tempo_bpm=number("tempo_bpm", MIN_TEMPO_BPM, MAX_TEMPO_BPM, None),
        key=key,
        metre=metre,
        density=number("density", 0, 1, None),
        instruments=instruments or None,
        temperature=number("temperature", 0, MAX_TEMPERATURE, default.temperature),
        top_p=number("top_p", 0, 1, default.top_p),
        repetition=number("repetition", -1, 1, default.repetition),
    )
    kept = has.kept(asked)
    wrong += [
        name
        for name in ("genre", "metre", "key", "instruments")
        if fields.get(name) and getattr(kept, name) in (None, ())
    ]
    steps = steps_from_text(str(fields.get("redraws", "")))
    if steps is None:
        wrong.append("redraws")
    no_new_bars = has.harmonise and fields.get("primer") and str(fields.get("bars")) == "0"
    plan = Plan(
        engine,
        0 if no_new_bars else whole("bars", MIN_BARS, MAX_BARS, DEFAULT_BARS),
        whole("seed", 0, MAX_SEED, 0),
        kept,
        str(fields["primer"]) if fields.get("primer") else None,
        steps or (),
    )
    return plan, tuple(dict.fromkeys(wrong))


def make(
    plan: Plan, primer: Score | None, *, progress: Progress = ignore, watch: Watch = nobody
) -> Composition:
    """Follow a whole plan. Raises what `Composer.compose` raises."""
    engine = composer(plan.engine)
    share = 1 / (1 + len(plan.steps))
    made = engine.compose(
        None if primer is None else primer_part(primer),
        plan.bars,
        seed=plan.seed,
        controls=plan.controls,
        progress=part(progress, 0.0, share),
        watch=watch,
    )
    for index, step in enumerate(plan.steps, 1):
        within = part(progress, index * share, (index + 1) * share)
        made = redrawn(engine, made, step, plan.controls, progress=within, watch=watch)
    return made


def redrawn(
    engine: Composer,
    made: Composition,
    step: Step,
    controls: Controls,
    *,
    progress: Progress = ignore,
    watch: Watch = nobody,
) -> Composition:
    """The piece with one redraw done. Notes that stand keep their choices."""
    piece, chosen = step.applied(made.score)
    anew = engine.compose(
        None,
        piece.bars,
        seed=step.seed,
        controls=controls,
        redraw=Redraw(piece, step.bars, step.tracks, step.from_tick, chosen),
        progress=progress,
        watch=watch,
    )
    there = {(index, note) for index, track in enumerate(anew.score.tracks) for note in track.notes}
    kept = {place: choice for place, choice in made.choices.items() if place in there}
    return Composition(anew.score, kept | anew.choices)


def primer_part(primer: Score) -> Score:
    """As much of a primer as is continued: its last MAX_PRIMER_BARS bars."""
    if primer.bars <= MAX_PRIMER_BARS:
        return primer
    return primer.between(primer.bars - MAX_PRIMER_BARS, primer.bars)


def key_name(key: Key) -> str:
    """`E- minor`: as links and recipes spell it."""
    return f"{PITCH_CLASSES[key.tonic]} {key.mode}"


def key_named(text: str) -> Key | None:
    """The inverse of `key_name`, other spellings of the tonic too; None for anything else."""
    tonic, _, mode = text.partition(" ")
    tonic = _SPELLINGS.get(tonic, tonic)
    if tonic not in PITCH_CLASSES or mode not in ("major", "minor"):
        return None
    return Key(PITCH_CLASSES.index(tonic), mode)


def metre_named(text: str) -> tuple[int, int] | None:
    """`(3, 4)` for `3/4`; None for anything else."""
    beats, _, unit = text.partition("/")
    return (int(beats), int(unit)) if beats.isdecimal() and unit.isdecimal() else None

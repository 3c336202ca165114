"""What a visitor asks of the band, and the styles there are: read before any engine is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from core.composition.instruments import INSTRUMENTS, NAMES
from core.composition.steps import Step, steps_from_text, steps_to_text
from core.errors import UserInputError
from core.remixing.chart_text import bars_of, text_of
from core.remixing.stems import STEMS

FITTING = ""
"""The style that core.remixing.fitting finds for the tune."""
AS_THE_DATA = "data"
"""No style: the network draws what it likes to this tune."""


@dataclass(frozen=True)
class Style:
    """One manner of playing.

    genre: as the network knows it; None for what is usual in the metre. instruments: names of
    core.composition.instruments for bass, piano and other. programs: stem -> General MIDI program,
    where it is not the instrument's own. triplets: off-beats come late, on the beat's last third.
    """

    title: str
    genre: str | None
    instruments: tuple[str, str, str]
    programs: Mapping[str, int] = field(default_factory=dict)
    triplets: bool = False

    def instrument(self, stem: str) -> int:
        """The number of the instrument that plays a stem of STEMS."""
        names = dict(zip(STEMS, ("drums", *self.instruments), strict=True))
        return NAMES.index(names[stem])

    def program(self, stem: str) -> int:
        """The program that plays a stem; meaningless for drums."""
        return self.programs.get(stem, INSTRUMENTS[self.instrument(stem)].program)


_USUAL = ("electric bass", "piano", "string ensemble")
STYLES: Mapping[str, Style] = MappingProxyType(
    {
        FITTING: Style("What fits the tune", None, _USUAL),
        AS_THE_DATA: Style("As the data would", None, _USUAL),
        "pop": Style("Pop", "rock", ("electric bass", "piano", "clean guitar")),
        "rock": Style(
            "Rock", "rock", ("electric bass", "piano", "distorted guitar"),
            {"bass": 34, "other": 29},
        ),
        "ballad": Style("Ballad", "pop", ("electric bass", "piano", "string ensemble")),
        "swing": Style(
            "Swing", "jazz", ("acoustic bass", "piano", "clean guitar"), {"other": 26},
            triplets=True,
        ),
        "bossa": Style("Bossa nova", "latin", ("acoustic bass", "piano", "nylon guitar")),
        "waltz": Style("Waltz", "folk band", ("acoustic bass", "piano", "string ensemble")),
        "country": Style("Country", "country", ("acoustic bass", "piano", "steel guitar")),
        "blues": Style("Blues", "blues", ("electric bass", "piano", "organ"), triplets=True),
        "funk": Style(
            "Funk", "soul", ("electric bass", "electric piano", "clean guitar"), {"bass": 36}
        ),
        "house": Style("House", "electronic", ("synth bass", "piano", "pad")),
        "folk": Style("Folk", "folk band", ("acoustic bass", "piano", "accordion")),
    }
)  # fmt: skip


@dataclass(frozen=True)
class BandControls:
    """style: one of STYLES. density: notes, from 0 (few) to 1 (many).

    humanise: how far the players are off the grid and uneven in touch, 0 (not at all) to 1.
    intro: the parts come in one after another. ending: the last chord is held.
    redraws: parts and bars drawn anew, in order; tracks count as STEMS does.
    chords: a chart as core.remixing.chart_text reads it, laid over the tune again and again; empty
    for what is heard in the tune.
    Densities are rounded to hundredths, so that a link replays the same bytes.
    Raises UserInputError for values out of range.
    """

    style: str = FITTING
    density: float = 0.5
    humanise: float = 0.4
    intro: bool = False
    ending: bool = True
    redraws: tuple[Step, ...] = ()
    chords: str = ""

    def __post_init__(self) -> None:
        if self.style not in STYLES:
            raise UserInputError(f"There is no style called {self.style}; choose one of the list.")
        for name in ("density", "humanise"):
            value = round(float(getattr(self, name)), 2) + 0.0
            if not 0.0 <= value <= 1.0:
                raise UserInputError(f"The band's {name} goes from 0 to 1.")
            object.__setattr__(self, name, value)
        if any(max(step.tracks, default=0) >= len(STEMS) for step in self.redraws):
            raise UserInputError("A redraw names a part that the band does not have.")
        if self.chords:
            object.__setattr__(self, "chords", text_of(bars_of(self.chords)))

    def to_fields(self) -> dict[str, Any]:
        """As recipes and links hold it, what is at its default left out; see `from_fields`."""
        plain, found = BandControls(), {}
        for name in ("style", "density", "humanise", "intro", "ending", "chords"):
            if getattr(self, name) != getattr(plain, name):
                found[name] = getattr(self, name)
        if self.redraws:
            found["redraws"] = steps_to_text(self.redraws)
        return found

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> BandControls:
        """The inverse, of a link's texts too. Raises UserInputError for what cannot be read."""
        plain = cls()
        try:
            steps = steps_from_text(str(fields.get("redraws", "")))
            if steps is None:
                raise ValueError("no redraws")
            return cls(
                str(fields.get("style", plain.style)),
                float(fields.get("density", plain.density)),
                float(fields.get("humanise", plain.humanise)),
                _truth(fields.get("intro", plain.intro)),
                _truth(fields.get("ending", plain.ending)),
                steps,
                str(fields.get("chords", plain.chords)),
            )
        except (TypeError, ValueError, OverflowError) as error:
            raise UserInputError("This link's wishes to the band cannot be read.") from error


def _truth(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() in ("1", "true")

"""What each composer offers its visitors: genres, metres, instruments, and which controls it has.

A page or the command line reads this before any engine is imported.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.composition.controls import Controls
from core.composition.instruments import NAMES

MIN_BARS, MAX_BARS, DEFAULT_BARS = 4, 64, 16
MIN_TEMPO_BPM, MAX_TEMPO_BPM = 30.0, 280.0
MAX_TEMPERATURE = 2.0


@dataclass(frozen=True)
class Offer:
    """One engine's controls. An empty tuple, and False, mean that it has no such control.

    genres, instruments: the engine's own names. metres: (beats, beat unit), its default first.
    tempo, key, density, top_p, repetition: whether Controls' field of that name does something.
    temperature: the default; None where nothing is drawn by chance.
    as_published: the published way takes the likeliest note each time (temperature 0), and is the
    default; drawing by chance is the option.
    primer: it can continue a visitor's piece. harmonise: it can add voices to one, which a plan of
    0 bars asks for. redraw: it can redraw parts of a piece.
    """

    genres: tuple[str, ...] = ()
    metres: tuple[tuple[int, int], ...] = ()
    instruments: tuple[str, ...] = ()
    tempo: bool = True
    key: bool = True
    density: bool = False
    temperature: float | None = 1.0
    as_published: bool = False
    top_p: bool = True
    repetition: bool = False
    primer: bool = True
    harmonise: bool = False
    redraw: bool = True

    def default(self) -> Controls:
        """What the engine does where nothing is asked for."""
        return Controls() if self.temperature is None else Controls(temperature=self.temperature)

    def kept(self, controls: Controls) -> Controls:
        """The controls without those that the engine does not have: equal pieces, equal recipes."""
        plain = Controls()
        return Controls(
            genre=controls.genre if controls.genre in self.genres else None,
            tempo_bpm=controls.tempo_bpm if self.tempo else None,
            key=controls.key if self.key else None,
            metre=controls.metre if controls.metre in self.metres else None,
            density=controls.density if self.density else None,
            instruments=tuple(n for n in controls.instruments or () if n in self.instruments)
            or None,
            temperature=plain.temperature if self.temperature is None else controls.temperature,
            top_p=controls.top_p if self.top_p else plain.top_p,
            repetition=controls.repetition if self.repetition else plain.repetition,
        )


_OFFERS: dict[str, Offer] = {
    "composer": Offer(
        genres=(
            "pop",
            "folk",
            "folk band",
            "country",
            "latin",
            "jazz",
            "blues",
            "soul",
            "rock",
            "lieder",
            "electronic",
            "game",
        ),
        metres=((4, 4), (3, 4), (2, 4), (6, 8)),
        instruments=NAMES,
        density=True,
        temperature=0.95,
        repetition=True,
    ),
    "chorale": Offer(metres=((4, 4), (3, 4)), harmonise=True),
    "notes-lstm": Offer(
        tempo=True, key=False, temperature=0.0, as_published=True, top_p=False, redraw=False
    ),
}


def offer(engine: str) -> Offer:
    """The engine's entry; an engine without one has the plain controls."""
    return _OFFERS.get(engine, Offer())

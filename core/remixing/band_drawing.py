"""Drawing a band: a network fills the parts around the solo, led by the chords.

The network hears the solo a bar ahead (core/composition/stream.py) and all that it has drawn so
far. In a chosen style it first hears two bars of the style's pattern, as if it had just played
them, and is drawn towards the pattern in every bar; without a style it is drawn towards its own
bars, moved to the chords of the new ones, so that the band keeps its groove.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np

from core.composition.canvas import Canvas, Kept, event_of
from core.composition.composer import write
from core.composition.composer_decoder import Weights
from core.composition.controls import Controls
from core.composition.instruments import DRUMS, LEAD
from core.composition.stream import Conditions
from core.composition.tokens import DRUM_PITCH, TICKS_PER_STEP, bar_steps
from core.composition.writing import Event, TakenUp
from core.progress import Progress, ignore
from core.remixing.arrangement import Arrangement, track_of
from core.remixing.band_controls import AS_THE_DATA, STYLES, BandControls, Style
from core.remixing.band_frame import Frame
from core.remixing.band_guide import ChordGuide
from core.remixing.band_patterns import pattern
from core.remixing.chords import Chart, moved_to
from core.remixing.stems import SOLO, STEMS
from core.score import Note

PRIMER_BARS = 2
"""Bars of the pattern that stand before the first bar."""
FILL_EVERY = 8
"""In one of so many bars the band is free, so that it can lead over to the next."""
TEMPERATURE, TOP_P = 0.9, 0.95
TOWARDS_PATTERN, TOWARDS_OWN = -0.35, -0.55
"""Controls.repetition for either: how strongly a bar is drawn towards what it takes up."""
TOWARDS_PATTERN_ANEW = (TOWARDS_PATTERN, 0.0, 0.5)
"""The same, when a part that hardly plays is drawn anew, beside all others; one after another."""
LEAST_BARS, LEAST_SHARE = 2, 0.6
"""In a style, a part plays in at least this share of bars where at least so many are drawn."""
USUAL_GENRES = {(4, 4): "rock", (3, 4): "folk band", (2, 4): "folk band", (6, 8): "blues"}
"""Of no style: where none is named, the network takes after the many pieces without a band."""
TRUST, SURENESS = 3.0, 2.5
"""How far the chart is believed, 1 as its numbers were fitted, and what it is worth how sure its
tones are; chosen on the validation split, see training/README.md."""


@dataclasses.dataclass(frozen=True)
class Band:
    """What is the same for every bar of one arrangement.

    trust: how far the chords are believed. asked_genre: the network's name of one, before the
    style's.
    """

    frame: Frame
    controls: BandControls
    weights: Weights
    trust: float = TRUST
    asked_genre: str | None = None

    @property
    def style(self) -> Style:
        return STYLES[self.controls.style]

    @property
    def genre(self) -> str:
        """As the network knows it."""
        return self.asked_genre or self.style.genre or USUAL_GENRES[self.metre]

    @property
    def metre(self) -> tuple[int, int]:
        return (self.frame.score.beats, self.frame.score.beat_unit)

    @property
    def primer(self) -> int:
        """Bars before the first one."""
        return 0 if self.controls.style == AS_THE_DATA else PRIMER_BARS

    @property
    def later(self) -> int:
        """Ticks by which everything is later for the network."""
        return self.primer * self.frame.score.bar_ticks

    def chart(self) -> Chart:
        """In the network's bars and key."""
        return self.frame.chart.moved(self.later, self.frame.shift)


def drawn(
    arrangement: Arrangement,
    band: Band,
    bars: frozenset[int],
    parts: frozenset[int],
    seed: int,
    progress: Progress = ignore,
) -> Arrangement:
    """Some parts drawn anew in some bars, all else as it is. parts: indices in STEMS.

    In a style every part plays: one that hardly does is drawn again, now that the others stand, and
    in the end it plays the style's pattern. The same arguments and weights give the same notes.
    """
    towards = TOWARDS_PATTERN if band.primer else TOWARDS_OWN
    made = _once(arrangement, band, bars, parts, seed, towards, progress)
    if band.primer:
        for part, towards in itertools.product(sorted(parts), TOWARDS_PATTERN_ANEW):
            if _hardly_plays(made, STEMS[part], band, bars):
                progress(1.0)  # whoever has cancelled need not wait for the next
                made = _once(made, band, bars, frozenset({part}), seed, towards)
        for part in sorted(parts):
            if _hardly_plays(made, STEMS[part], band, bars):
                made = made.with_notes({STEMS[part]: _patterned(made, STEMS[part], band, bars)})
    return made


def _patterned(made: Arrangement, stem: str, band: Band, bars: frozenset[int]) -> list[Note]:
    """A part's notes outside `bars`, and in those the pattern's."""
    bar_ticks, frame = band.frame.score.bar_ticks, band.frame
    kept = [note for note in made.notes(stem) if note.start // bar_ticks not in bars]
    played = [bar + band.primer for bar in sorted(bars) if frame.first <= bar <= frame.last]
    found = pattern(band.controls.style, band.metre, band.chart(), played)[stem]
    shift = 0 if stem == "drums" else frame.shift
    moved = [
        dataclasses.replace(note, start=note.start - band.later, pitch=note.pitch - shift)
        for note in found
    ]
    return sorted([*kept, *moved])


def _hardly_plays(made: Arrangement, stem: str, band: Band, bars: frozenset[int]) -> bool:
    """Whether a part has notes in few of the bars that were drawn."""
    drawn_bars = {bar for bar in bars if band.frame.first <= bar <= band.frame.last}
    played = {note.start // band.frame.score.bar_ticks for note in made.notes(stem)} & drawn_bars
    return len(drawn_bars) >= LEAST_BARS and len(played) < LEAST_SHARE * len(drawn_bars)


def _once(
    arrangement: Arrangement,
    band: Band,
    bars: frozenset[int],
    parts: frozenset[int],
    seed: int,
    towards: float,
    progress: Progress = ignore,
) -> Arrangement:
    """See `drawn`. towards: how strongly to what is taken up, as Controls.repetition."""
    frame, score = band.frame, band.frame.score
    open_bars = frozenset(bar for bar in bars if frame.first <= bar <= frame.last)
    if not open_bars or not parts:
        return arrangement
    canvas = _canvas(arrangement, band, open_bars, [STEMS[part] for part in sorted(parts)])
    conditions = Conditions(
        metre=band.metre,
        genre=band.genre,
        mode=score.key.mode if score.key else None,
        tempo_bpm=score.tempo_bpm,
        density=min(int(band.controls.density * 5), 4),
        instruments=frozenset({LEAD, *(band.style.instrument(stem) for stem in STEMS)}),
    )
    asked = Controls(temperature=TEMPERATURE, top_p=TOP_P, repetition=towards)
    write(
        canvas,
        conditions,
        asked,
        band.weights,
        np.random.default_rng([seed, 7]),
        progress,
        taken_up=_pattern(band) if band.primer else _own(band, canvas),
        guide=_guide(band, canvas.allowed),
    )
    whole = canvas.score().between(band.primer, band.primer + score.bars)
    return arrangement.with_notes(
        {stem: list(whole.tracks[track_of(stem)].notes) for stem in STEMS}
    )


def _canvas(
    arrangement: Arrangement, band: Band, open_bars: frozenset[int], stems: list[str]
) -> Canvas:
    """The piece as the network sees it, with what is to be drawn taken out."""
    score, steps = arrangement.score, bar_steps(band.metre)
    notes = []

    def keep(note: Note, stem: str, pitch: int) -> None:
        """A note in the network's bars, at `pitch` in the piece's key."""
        instrument = LEAD if stem == SOLO else band.style.instrument(stem)
        kept = dataclasses.replace(note, pitch=pitch)
        event = event_of(kept, instrument, band.frame.shift, steps)
        notes.append(Kept(note.start // score.bar_ticks, event, track_of(stem), kept))

    for stem in (SOLO, *STEMS):
        for note in arrangement.notes(stem):
            if stem not in stems or note.start // score.bar_ticks not in open_bars:
                keep(dataclasses.replace(note, start=note.start + band.later), stem, note.pitch)
    if band.primer:
        shift = band.frame.shift
        primer = pattern(band.controls.style, band.metre, band.chart(), range(band.primer))
        for stem, found in primer.items():
            for note in found:
                keep(note, stem, note.pitch - (0 if stem == "drums" else shift))
    tracks = tuple(dataclasses.replace(track, notes=()) for track in score.tracks)
    like = dataclasses.replace(score, tracks=tracks, bars=score.bars + band.primer)
    slots = {band.style.instrument(stem): [track_of(stem)] for stem in stems}
    bars = frozenset(bar + band.primer for bar in open_bars)
    return Canvas(like, notes, bars, frozenset(slots), slots, band.frame.shift)


def _guide(band: Band, playing: frozenset[int]) -> ChordGuide:
    solo = [
        (n.start + band.later, n.end + band.later, n.pitch + band.frame.shift)
        for n in band.frame.score.tracks[0].notes
    ]
    return ChordGuide(band.chart(), solo, band.metre, band.trust, playing, SURENESS)


def _pattern(band: Band) -> Callable[[int], TakenUp]:
    """Towards the style's pattern on the bar's own chords."""
    chart, steps = band.chart(), bar_steps(band.metre)

    def of(bar: int) -> TakenUp:
        if _is_free(bar - band.primer - band.frame.first):
            return None
        parts = pattern(band.controls.style, band.metre, chart, [bar])
        return sorted(
            event_of(note, band.style.instrument(stem), 0, steps)
            for stem, notes in parts.items()
            for note in notes
        )

    return of


def _own(band: Band, canvas: Canvas) -> Callable[[int], TakenUp]:
    """Towards what was drawn two bars before, or one, moved from the chords there to those here."""
    chart, steps = band.chart(), bar_steps(band.metre)

    def of(bar: int) -> TakenUp:
        back = 2 if canvas.drawn(bar - 2) else 1
        if _is_free(bar - band.frame.first):
            return None
        out: list[Event] = []
        for step, instrument, pitch, duration, velocity in canvas.drawn(bar - back):
            tick = (bar * steps + step) * TICKS_PER_STEP
            if instrument != DRUMS:
                before = chart.at(tick - back * steps * TICKS_PER_STEP)
                pitch = min(max(moved_to(pitch, before, chart.at(tick)), 0), DRUM_PITCH - 1)
            out.append((step, instrument, pitch, duration, velocity))
        return sorted(out)

    return of


def _is_free(place: int) -> bool:
    """Whether a bar is not drawn towards anything. place: bars from the band's first one."""
    return place % FILL_EVERY == FILL_EVERY - 1

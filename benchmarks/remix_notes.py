"""What bands play to a solo that has to be heard, in notes: arranging's measures end to end.

`remixing` measures sound; here the notes are put on the true beats, by the seconds at which they
are played, and measured as `arranging` measures them where the tune is given in notes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.arranging_harmony import chart_of
from benchmarks.remix_patterns import PATTERN, patterned, style_of
from benchmarks.remix_rungs import ANOTHER, TRUTH, first_downbeat_s, nearest
from benchmarks.results import Table, cell
from core.audio import Clip
from core.errors import UserInputError
from core.hearing.heard import Grid
from core.metric_names import METRICS
from core.metrics import bootstrap_interval
from core.remix_metrics import RATE
from core.remixing.arrangement import Arrangement
from core.remixing.band import arranged, heard_in
from core.remixing.band_controls import BandControls
from core.remixing.band_frame import snapped
from core.remixing.measures import Parts, measured
from core.remixing.plan import BAND
from core.remixing.stems import STEMS
from core.score import Note
from core.synth_notes import NoteArray
from training.remix_stems import StemPiece

NAMES = (
    "chord_note_rate", "bass_root_agreement", "groove_similarity", "density_ratio",
    "register_difference",
)  # fmt: skip
EIGHTHS = 3
"""Of a beat of the pieces in 6/8."""

Maker = Callable[[int, Sequence[StemPiece]], Parts]


def grid_of(piece: StemPiece) -> Grid:
    """The true beats; in 6/8, where a piece's beat has three eighths, the eighths."""
    beats, unit = piece.metre
    times, places = piece.beats[:, 0], piece.beats[:, 1]
    if unit == 8:
        numbers = np.arange(EIGHTHS * (len(times) - 1) + 1) / EIGHTHS
        times, places = np.interp(numbers, np.arange(len(times)), times), EIGHTHS * places
    return Grid(tuple(map(float, times)), int(places[0]) % beats, beats, unit)


def on_grid(notes: NoteArray, grid: Grid) -> list[Note]:
    """Notes in seconds ([n, 4]: onset, offset, pitch, velocity) on the places of a grid.

    What begins before the first bar is left out.
    """
    starts, ends = snapped(grid.to_ticks(notes[:, 0])), snapped(grid.to_ticks(notes[:, 1]))
    return sorted(
        Note(int(start), int(pitch), max(int(end - start), 1), int(np.clip(velocity, 1, 127)))
        for start, end, (_, _, pitch, velocity) in zip(starts, ends, notes, strict=True)
        if start >= 0
    )


def true_parts(index: int, pieces: Sequence[StemPiece]) -> Parts:
    """What truly plays."""
    grid = grid_of(pieces[index])
    return {stem: on_grid(pieces[index].notes[stem], grid) for stem in STEMS}


def another(index: int, pieces: Sequence[StemPiece]) -> Parts:
    """The parts of `benchmarks.remix_rungs.another`'s piece, from its first downbeat on."""
    mine, found = pieces[index], nearest(index, pieces)
    if found is None:
        return dict.fromkeys(STEMS, ())
    shift = first_downbeat_s(mine.beats) - first_downbeat_s(found.beats)
    grid = grid_of(mine)
    return {stem: on_grid(found.notes[stem] + [shift, shift, 0.0, 0.0], grid) for stem in STEMS}


def parts_of(made: Arrangement, grid: Grid) -> Parts:
    """What an arrangement plays, at the seconds of its own grid, on the true one."""
    played = {}
    for stem in STEMS:
        notes = made.notes(stem)
        ticks = np.array([(n.start, n.end) for n in notes], np.float64).reshape(-1, 2)
        times = made.heard.grid.to_seconds(ticks.ravel()).reshape(-1, 2)
        sound = np.array([(n.pitch, n.velocity) for n in notes], np.float64).reshape(-1, 2)
        played[stem] = on_grid(np.concatenate([times, sound], axis=1), grid)
    return played


def band(index: int, pieces: Sequence[StemPiece]) -> Parts:
    """The engine's notes, as it plays them by default."""
    piece = pieces[index]
    solo = Clip(piece.solo[None], RATE)
    made = arranged(heard_in(solo), solo.duration_s, index, BandControls())
    return parts_of(made, grid_of(piece))


def fixed(index: int, pieces: Sequence[StemPiece]) -> Parts:
    """The notes of `benchmarks.remix_patterns.fixed_pattern`."""
    piece = pieces[index]
    made = patterned(Clip(piece.solo[None], RATE), style_of(piece.genre))
    return parts_of(made, grid_of(piece))


MAKERS: dict[str, Maker] = {BAND: band, PATTERN: fixed, ANOTHER: another, TRUTH: true_parts}


def figures(index: int, pieces: Sequence[StemPiece], make: Maker) -> dict[str, float]:
    """Measures of one piece; none where the solo is refused."""
    piece = pieces[index]
    true, grid = true_parts(index, pieces), grid_of(piece)
    bar_ticks = grid.beats * grid.beat_ticks
    end = float(grid.to_ticks([len(piece.solo) / RATE])[0])
    try:
        made = make(index, pieces)
    except UserInputError:
        return {}
    chart = chart_of(true, piece.metre, max(int(np.ceil(end / bar_ticks)), 1))
    return measured(made, true, chart, bar_ticks)


def table(pieces: Sequence[StemPiece], wanted: Sequence[str]) -> Table:
    """Means over pieces with 95 % intervals. wanted: rows of MAKERS."""
    groups = [piece.group for piece in pieces]
    lines = []
    for name in [name for name in MAKERS if name in wanted]:
        found = [figures(index, pieces, MAKERS[name]) for index in range(len(pieces))]
        cells = []
        for metric in NAMES:
            values = np.array([item.get(metric, np.nan) for item in found])
            mean, low, high = bootstrap_interval(values, groups)
            figure = {"mean": mean, "low": low, "high": high}
            cells.append(cell(figure, METRICS[metric].digits))
        lines.append([name, str(sum(map(bool, found))), *cells])
    return Table(
        "From sound, in notes",
        "The solo is heard first; then its band's notes are put on the true beats and measured "
        "beside the true parts and their chords, as in the benchmark of arranging. Of the pieces "
        "that are not refused.",
        ["name", "pieces", *(METRICS[metric].title for metric in NAMES)],
        lines,
    )

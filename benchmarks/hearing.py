"""How well a solo is heard: notes, beats, chords, and what it costs.

    python -m benchmarks hearing --data DIR --json benchmarks/results/hearing.json

Solos of the test split through a SoundFont that no training example was played with. With
ENCORE_BASIC_PITCH naming a Python that has basic-pitch and onnxruntime, its row is measured too.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import librosa
import numpy as np

from benchmarks.hearing_pieces import Solo, solos
from benchmarks.results import Results, Row, Table, summarise
from benchmarks.salient_notes import salient_notes
from core.audio import encode_wav
from core.hearing.bars import grid_of
from core.hearing.beat_frames import FRAME_S as BEAT_FRAME_S
from core.hearing.beat_frames import frames_of
from core.hearing.beats_network import METRE_NAMES, Pulse, tempo_s
from core.hearing.candidates import salience
from core.hearing.constant_q import SAMPLE_RATE, constant_q, levels
from core.hearing.heard import Grid, Heard, HeardNote
from core.hearing.measures import chord_accuracy, note_f
from core.hearing.notes import notes_of, pitch_levels_db
from core.hearing.onsets import moments
from core.hearing.pulse import beats_of
from core.metrics import beat_f, beat_times_s
from core.transcription import hear, heard_of_notes

OURS, FROM_NOTES, NO_BEATS = "hear", "hear, true notes given", "hear, beats without the network"
LIBROSA, SALIENCE, PYIN, BASIC_PITCH = "librosa", "salience", "librosa pyin", "basic-pitch"
PYIN_SOLOS = 8
METRE_PRIOR = {(2, 4): 0.08, (3, 4): 0.18, (4, 4): 0.64, (6, 8): 0.1}
"""Shares of the training pieces."""
_SILENT_BEAT = 0.02
_USUAL_S, _OCTAVES = 0.52, 0.55
"""The tempo to expect, and its spread: Moelants (ICMPC 2002), in octaves."""
Figures = dict[str, list[dict[str, float]]]
_RIVAL = """
import json, sys
from basic_pitch.inference import Model, predict
from basic_pitch import ICASSP_2022_MODEL_PATH
model = Model(ICASSP_2022_MODEL_PATH)
out = {}
for path in sys.argv[1:]:
    events = predict(path, model)[2]
    out[path] = [(float(e[0]), float(e[1]), int(e[2])) for e in events]
sys.stderr.write("NOTES" + json.dumps(out))
"""


def tactus(grid: Grid) -> np.ndarray:
    """Times of the beats that a foot taps: in 6/8 every third of the grid's."""
    beats = np.array(grid.beats_s)
    if grid.beat_unit != 8:
        return beats
    return np.asarray(beats[(np.arange(len(beats)) + grid.first_beat) % 3 == 0])


def bars_found(grid: Grid, solo: Solo) -> float:
    """F-measure of the times at which bars begin, within 70 ms."""
    beats = np.array(grid.beats_s)
    mine = beats[(np.arange(len(beats)) + grid.first_beat) % grid.beats == 0]
    return beat_f(mine, solo.beats[solo.beats[:, 1] == 0, 0])


def in_time(times: np.ndarray, solo: Solo) -> np.ndarray:
    """Beats within what the true ones cover."""
    low, high = solo.beats[0, 0] - 0.07, solo.beats[-1, 0] + 0.07
    return np.asarray(times[(times >= low) & (times <= high)])


def figures_of(heard: Heard, solo: Solo, notes_too: bool) -> dict[str, float]:
    """All that can be measured of what was heard."""
    out = {
        "beat_f": beat_f(in_time(tactus(heard.grid), solo), solo.beats[:, 0]),
        "bar_f": bars_found(heard.grid, solo),
    }
    if solo.single:
        out["chord_accuracy"] = chord_accuracy(heard, solo.chords, solo.grid)
    if notes_too:
        out["single_note_f" if solo.single else "chord_note_f"] = note_f(heard.notes, solo.notes)
    return out


def by_pyin(solo: Solo) -> list[HeardNote]:
    """Runs of one rounded pitch in librosa's probabilistic YIN (Mauch and Dixon, 2014)."""
    f0, voiced, _ = librosa.pyin(
        solo.clip.samples[0], fmin=65.0, fmax=2100.0, sr=SAMPLE_RATE, hop_length=512
    )
    pitches = np.where(voiced, np.round(69 + 12 * np.log2(np.nan_to_num(f0, nan=440.0) / 440)), -1)
    edges = np.flatnonzero(np.diff(pitches, prepend=-2, append=-2))
    second = 512 / SAMPLE_RATE
    return [
        HeardNote(a * second, int(pitches[a]), b * second)
        for a, b in pairwise(edges)
        if pitches[a] >= 0 and b - a >= 3
    ]


def by_salience(solo: Solo) -> list[HeardNote]:
    """The same picture and the same rules, and no network."""
    amplitudes = constant_q(solo.clip.samples[0])
    onsets, notes = salient_notes(salience(levels(amplitudes)))
    return notes_of(onsets, notes, pitch_levels_db(amplitudes))


def by_basic_pitch(found: Sequence[Solo]) -> list[list[HeardNote]] | None:
    """What basic-pitch hears in its own environment; None where there is none."""
    python = os.environ.get("ENCORE_BASIC_PITCH")
    if not python:
        return None
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.wav" for number in range(len(found))]
        for file, solo in zip(files, found, strict=True):
            file.write_bytes(encode_wav(solo.clip))
        done = subprocess.run(  # noqa: S603 - whoever measures names the program
            [python, "-c", _RIVAL, *map(str, files)], capture_output=True, text=True, check=True
        )
        said = json.loads(done.stderr.split("NOTES")[-1])
    return [
        sorted(HeardNote(start, pitch, end) for start, end, pitch in said[str(file)])
        for file in files
    ]


def without_network(solo: Solo, notes: Sequence[HeardNote]) -> np.ndarray:
    """Beats of the same model that knows nothing but when notes begin, and what tempi are usual."""
    times_s = moments(notes)[:, 0]
    beat = np.full(frames_of(solo.clip.duration_s), _SILENT_BEAT, np.float32)
    beat[np.clip((times_s / BEAT_FRAME_S).astype(int), 0, len(beat) - 1)] = 0.5
    octaves = np.log2(tempo_s() / _USUAL_S)
    tempo = np.exp(-0.5 * (octaves / _OCTAVES) ** 2).astype(np.float32)
    metre = np.array([METRE_PRIOR[name] for name in METRE_NAMES], np.float32)
    plain = Pulse(beat, 0.3 * beat, tempo / tempo.sum(), metre)
    beats_s = beats_of(plain, float(times_s[0]), float(times_s[-1]))
    return tactus(grid_of(beats_s, times_s, plain, solo.clip.duration_s))


def note_row(solo: Solo, heard: Sequence[HeardNote]) -> dict[str, float]:
    return {"single_note_f" if solo.single else "chord_note_f": note_f(heard, solo.notes)}


def measured(found: Sequence[Solo]) -> tuple[Figures, list[float]]:
    """(row -> the figures of each solo, how steady each is said to be)."""
    names = (OURS, FROM_NOTES, NO_BEATS, LIBROSA, SALIENCE, PYIN)
    out: Figures = {name: [] for name in names}
    steady: list[float] = []
    hear(found[0].clip)  # what is loaded once is loaded now
    singles = [at for at, solo in enumerate(found) if solo.single]
    slow = {singles[at] for at in np.linspace(0, len(singles) - 1, PYIN_SOLOS).astype(int)}
    for number, solo in enumerate(found):
        start = time.process_time()
        heard = hear(solo.clip)
        steady.append(heard.steady)
        spent = (time.process_time() - start) / solo.clip.duration_s
        out[OURS].append(figures_of(heard, solo, True) | {"compute_ratio": spent})
        true = [HeardNote(a, int(p), b, int(v)) for a, b, p, v in solo.notes]
        given = heard_of_notes(true, solo.clip.duration_s)
        out[FROM_NOTES].append(figures_of(given, solo, False))
        plain = without_network(solo, heard.notes)
        out[NO_BEATS].append({"beat_f": beat_f(in_time(plain, solo), solo.beats[:, 0])})
        tracked = beat_times_s(solo.clip.samples[0], SAMPLE_RATE)
        out[LIBROSA].append({"beat_f": beat_f(in_time(tracked, solo), solo.beats[:, 0])})
        out[SALIENCE].append(note_row(solo, by_salience(solo)))
        out[PYIN].append(note_row(solo, by_pyin(solo)) if number in slow else {})
        print(number, solo.id, solo.metre, out[OURS][-1], flush=True)
    return out, steady


def category_table(found: Sequence[Solo], figures: Figures) -> Table:
    """Beats by metre and kind, ours beside the rungs."""
    kinds: dict[str, Callable[[Solo], bool]] = {
        "4/4": lambda s: s.metre == (4, 4),
        "3/4": lambda s: s.metre == (3, 4),
        "2/4": lambda s: s.metre == (2, 4),
        "6/8": lambda s: s.metre == (6, 8),
        "begins inside a bar": lambda s: s.upbeat,
        "begins with a bar": lambda s: not s.upbeat,
        "single line": lambda s: s.single,
        "chords": lambda s: not s.single,
        **{name: lambda s, n=name: s.id.startswith(n + "/")  # type: ignore[misc]
           for name in ("midi_arranged", "midi_multitrack", "midi_pop909", "midi_lieder")},
    }  # fmt: skip
    names = (OURS, FROM_NOTES, NO_BEATS, LIBROSA)
    lines = []
    for kind, belongs in kinds.items():
        rows = [at for at, solo in enumerate(found) if belongs(solo)]
        if rows:
            cells = [np.mean([figures[name][at]["beat_f"] for at in rows]) for name in names]
            bars = np.mean([figures[OURS][at]["bar_f"] for at in rows])
            lines.append([kind, str(len(rows)), *(f"{c:.2f}" for c in cells), f"{bars:.2f}"])
    return Table(
        "Beats by kind of solo",
        "Beat F-measure within 70 ms, and of bar lines; in 6/8 a beat is a dotted quarter.",
        ["kind", "solos", *names, f"bar lines, {OURS}"],
        lines,
    )


def steady_table(found: Sequence[Solo], steady: Sequence[float], figures: Figures) -> Table:
    """How far `steady` tells right beats from wrong ones."""
    lines = []
    for low, high in ((0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.01)):
        rows = [at for at, value in enumerate(steady) if low <= value < high]
        if rows:
            mean = np.mean([figures[OURS][at]["beat_f"] for at in rows])
            lines.append([f"{low:.2f} to {min(high, 1):.2f}", str(len(rows)), f"{mean:.2f}"])
    return Table("Confidence", "What `steady` says, and how right the beats then are.",
                 ["steady", "solos", "beat F-measure"], lines)  # fmt: skip


def run(
    data: Path,
    *,
    wanted: Sequence[str] | None = None,
    limit: int | None = None,
    split: str = "test",
) -> Results:
    """The whole benchmark; `wanted` has no meaning here."""
    del wanted
    found = solos(data, split, limit)
    groups = [solo.group for solo in found]
    figures, steady = measured(found)
    rows: list[Row] = [summarise(OURS, "engine", figures[OURS], groups)]
    rows += [summarise(n, "rung", items, groups) for n, items in figures.items() if n != OURS]
    rival = by_basic_pitch(found)
    if rival is not None:
        items = [note_row(solo, notes) for solo, notes in zip(found, rival, strict=True)]
        rows.append(summarise(BASIC_PITCH, "rung", items, groups))
    described = (
        f"{split} split, {sum(s.single for s in found)} single lines and "
        f"{sum(not s.single for s in found)} chordal parts, through TimGM6mb; chords of single "
        "lines alone; processor seconds"
    )
    tables = [category_table(found, figures), steady_table(found, steady, figures)]
    return Results("hearing", described, len(found), rows, tables)

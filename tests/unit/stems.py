"""A small band made of tones and clicks, whose every note is known."""

import numpy as np

from core.remixing.stems import SOLO, STEMS
from training.remix_stems import StemPiece

RATE = 22050
CHORDS = ((0, 4, 7), (9, 0, 4), (5, 9, 0), (7, 11, 2))
"""C, a minor, F, G: pitch classes, the root first."""


def tones(notes, seconds, partials=4):
    """(pitch, start_s, stop_s) each -> float32 [samples]: harmonic tones at .2, softly begun."""
    out = np.zeros(round(seconds * RATE))
    for pitch, start, stop in notes:
        first, last = round(start * RATE), min(round(stop * RATE), len(out))
        time_s = np.arange(max(last - first, 0)) / RATE
        f0_hz = 440.0 * 2 ** ((pitch - 69) / 12)
        tone = sum(np.sin(2 * np.pi * n * f0_hz * time_s) / n**2 for n in range(1, partials + 1))
        fade = np.minimum(1, np.minimum(time_s, time_s[::-1]) / 0.01)
        out[first:last] += 0.2 * tone * fade
    return out.astype(np.float32)


def click(times_s, seconds):
    """A short burst of noise at each time, float32 [samples]."""
    burst = 0.4 * np.random.default_rng(0).standard_normal(1000) * np.exp(-np.arange(1000) / 150)
    out = np.zeros(round(seconds * RATE) + len(burst))
    for time in times_s:
        out[round(time * RATE) :][: len(burst)] += burst
    return out[: round(seconds * RATE)].astype(np.float32)


def band_piece(
    seconds=8.0, *, name="a", split="test", beat_s=0.5, start_s=0.0, transpose=0, metre=(4, 4)
):
    """A piece whose bars are CHORDS in turn: clicks on beats, bass and piano, no other part."""
    beats = np.array([
        (time, index % metre[0]) for index, time in enumerate(np.arange(start_s, seconds, beat_s))
    ])  # fmt: skip
    notes = {part: [] for part in (SOLO, *STEMS)}
    for index, (time, place) in enumerate(beats):
        chord = CHORDS[index // metre[0] % len(CHORDS)]
        stop = time + beat_s
        notes["bass"].append((36 + (chord[0] + transpose) % 12, time, stop))
        notes["piano"] += [(60 + (step + transpose) % 12, time, stop) for step in chord]
        notes[SOLO].append((72 + (chord[int(place) % 3] + transpose) % 12, time, stop))
    stems = {part: tones(notes[part], seconds) for part in STEMS}
    stems["drums"] = click(beats[:, 0], seconds)
    rows = {
        part: np.array([(start, stop, pitch, 90.0) for pitch, start, stop in found]).reshape(-1, 4)
        for part, found in notes.items()
    }
    programs = {SOLO: 73, "drums": -1, "bass": 32, "piano": 0}
    return StemPiece(
        id=name, subset="midi_arranged", split=split, group=name, genre="pop",
        tempo_bpm=60 / beat_s, metre=metre, start_s=0.0, solo=tones(notes[SOLO], seconds),
        stems=stems, notes=rows, beats=beats, programs=programs,
    )  # fmt: skip

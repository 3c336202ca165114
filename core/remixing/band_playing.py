"""Playing an arrangement: each part through the SoundFont, at the solo's own pace and level."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType

import numpy as np

from core.audio import LOUDNESS_FLOOR_LUFS, Clip, loudness_lufs
from core.progress import Progress, ignore
from core.remixing.arrangement import Arrangement, track_of
from core.remixing.stems import STEMS, Stems
from core.score import Note
from core.synth import limited
from core.synth_notes import DRUMS, NoteArray, as_played, render_notes

LEVELS_LU: Mapping[str, float] = MappingProxyType(
    {"drums": -2.0, "bass": -4.0, "piano": -4.0, "other": -5.0}
)
"""Loudness of each part beside the solo's, about as in the training pieces' stems."""
PANS: Mapping[str, int] = MappingProxyType({"drums": 64, "bass": 64, "piano": 46, "other": 84})
REVERB_SENDS: Mapping[str, int] = MappingProxyType(
    {"drums": 30, "bass": 8, "piano": 44, "other": 60}
)
"""Pan and room, as in MIDI."""
QUIETEST_SOLO_LUFS = -40.0
"""The band does not follow a solo that is quieter than this all the way down."""
LATE_S: Mapping[str, float] = MappingProxyType(
    {"drums": 0.0, "bass": 0.003, "piano": 0.004, "other": 0.008}
)
"""How far each player is behind the beat at full humanising, on average."""
SPREAD_S: Mapping[str, float] = MappingProxyType(
    {"drums": 0.006, "bass": 0.009, "piano": 0.011, "other": 0.014}
)
TOUCH = 9.0
"""Standard deviations at full humanising: of onsets, and of velocities."""
LOUDER = (-20.0, 16.0)
"""How far a note's velocity may be from its part's usual one: single notes that shriek are not."""
_WORKERS = 2
_CHORD_S = 0.02
"""Notes of a part that begin within this time are struck together."""


def notes_in_s(arrangement: Arrangement, stem: str, seed: int) -> NoteArray:
    """[n, 4]: a part's notes at the solo's pace, as uneven as the controls say.

    Notes struck together are moved together. The same arguments give the same notes.
    """
    notes = arrangement.notes(stem)
    if not notes:
        return np.zeros((0, 4))
    ticks = np.array([(note.start, note.end) for note in notes], np.float64)
    times = arrangement.heard.grid.to_seconds(ticks.ravel()).reshape(-1, 2)
    rng = np.random.default_rng([seed, STEMS.index(stem), 11])
    amount = arrangement.controls.humanise
    late = _unevenness(notes, rng) * SPREAD_S[stem] + LATE_S[stem]
    touch = rng.standard_normal(len(notes)) * TOUCH
    velocities = np.array([note.velocity for note in notes], np.float64)
    usual = np.median(velocities)
    velocities = usual + np.clip(velocities - usual, *LOUDER) + amount * touch
    out = np.stack(
        [
            times[:, 0] + amount * late,
            times[:, 1] + amount * late,
            [note.pitch for note in notes],
            np.clip(velocities, 1, 127),
        ],
        axis=1,
    )
    # What the jitter takes before the start begins there; what is before it all by itself does not.
    inside = (times[:, 0] > -_CHORD_S) & (times[:, 1] > 0)
    out[:, 0] = np.maximum(out[:, 0], 0.0)
    return as_played(out[inside])


def _unevenness(notes: tuple[Note, ...], rng: np.random.Generator) -> NoteArray:
    """Standard normal, one value for all notes of a tick, at most two deviations."""
    starts, place = np.unique([note.start for note in notes], return_inverse=True)
    return np.asarray(np.clip(rng.standard_normal(len(starts)), -2, 2)[place])


def played(arrangement: Arrangement, solo: Clip, seed: int, progress: Progress = ignore) -> Stems:
    """Every part as sound, stereo, as long as the solo and in its tuning, beside it in loudness."""
    # As it is heard, on both sides: a mono solo is 3 dB louder there.
    loudness = max(loudness_lufs(solo.with_channels(2)), QUIETEST_SOLO_LUFS)
    seconds = solo.duration_s

    def sound(stem: str) -> Clip:
        track = arrangement.score.tracks[track_of(stem)]
        clip = render_notes(
            notes_in_s(arrangement, stem, seed),
            DRUMS if track.is_drum else track.program,
            seconds,
            pan=PANS[stem],
            reverb_send=REVERB_SENDS[stem],
            cents=0.0 if track.is_drum else arrangement.heard.tuning_cents,
        )
        own = loudness_lufs(clip)
        if own <= LOUDNESS_FLOOR_LUFS:
            return clip
        return limited(clip.scaled(10 ** ((loudness + LEVELS_LU[stem] - own) / 20)))

    parts = {}
    with ThreadPoolExecutor(_WORKERS) as pool:
        for done, (stem, clip) in enumerate(zip(STEMS, pool.map(sound, STEMS), strict=True), 1):
            parts[stem] = clip
            progress(done / len(STEMS))
    return Stems(parts)

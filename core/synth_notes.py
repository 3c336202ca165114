"""Notes in seconds to sound, through a SoundFont: one part at a time, on no grid.

core/synth.py plays scores, whose notes are on one.
"""

from __future__ import annotations

import io
from pathlib import Path

import mido
import numpy as np
import numpy.typing as npt

from core.audio import Clip, fit_length
from core.general_midi import DRUM_CHANNEL
from core.soundfont import DRUM_BANK, preset, soundfont_path
from core.synth import SAMPLE_RATE, unclipped

NoteArray = npt.NDArray[np.float64]
"""[n, 4]: onset and offset in s, MIDI pitch, velocity."""

DRUMS = -1
"""In a program's place: the drum kit, whose pitches are General MIDI's percussion."""

_TICKS_PER_S = 10_000
_MICROSECONDS_PER_QUARTER = 1_000_000
_END_FADE_S = 0.01
_SHORTEST_S = 0.01
_CENTRE = 64
_REVERB_SEND = 40
_BEND_RANGE_CENTS, _BEND_STEPS = 200.0, 8192
"""General MIDI's range of the pitch wheel, and the wheel's steps for it."""


def as_played(notes: NoteArray) -> NoteArray:
    """Notes by onset, where no two of one pitch sound at once, each at least _SHORTEST_S long.

    A later note ends the earlier one, as on a keyboard; of two that start together the longer
    stays. Pitches are whole and from 0 to 127, velocities from 1 to 127. Raises ValueError for
    another shape, for what is not finite and for onsets before 0.
    """
    notes = np.asarray(notes, np.float64).reshape(-1, np.shape(notes)[-1] if len(notes) else 4)
    if notes.shape[1] != 4 or not np.isfinite(notes).all() or (notes[:, 0] < 0).any():
        raise ValueError("notes must be [n, 4], finite, with onsets from 0 s on")
    out = notes.copy()
    out[:, 2] = np.clip(np.round(out[:, 2]), 0, 127)
    out[:, 3] = np.clip(np.round(out[:, 3]), 1, 127)
    out = out[np.lexsort((-out[:, 1], out[:, 0], out[:, 2]))]
    same = out[1:, 2] == out[:-1, 2]
    together = same & (out[1:, 0] - out[:-1, 0] < _SHORTEST_S)
    out = out[np.append(True, ~together)] if len(out) else out
    out[:, 1] = np.maximum(out[:, 1], out[:, 0] + _SHORTEST_S)
    same = out[1:, 2] == out[:-1, 2]
    out[:-1, 1] = np.where(same, np.minimum(out[:-1, 1], out[1:, 0]), out[:-1, 1])
    return out[np.lexsort((out[:, 2], out[:, 0]))]


def render_notes(
    notes: NoteArray,
    program: int,
    seconds: float,
    *,
    pan: int = _CENTRE,
    reverb_send: int = _REVERB_SEND,
    cents: float = 0.0,
    soundfont: Path | None = None,
) -> Clip:
    """One part's notes as sound: stereo, SAMPLE_RATE, exactly `seconds` long.

    notes: [n, 4], onset and offset in s, MIDI pitch, velocity; those that start behind the end are
    not heard, and what still sounds at the end is cut there. program: General MIDI's, 0 to 127, or
    DRUMS. pan, reverb_send: as in MIDI, 0 to 127. cents: by how much all is higher, -100 to 100.
    soundfont: None for the house's.
    The renderer does not clip; the sum of loud notes may be above full scale, as a float allows,
    for whoever mixes to turn down. The same arguments and SoundFont give the same samples.
    Raises what `as_played` raises, and OSError or ValueError for a file that is no SoundFont.
    """
    length = round(seconds * SAMPLE_RATE)
    heard = as_played(notes)
    heard = heard[heard[:, 0] < seconds]
    if len(heard) == 0:
        return Clip(np.zeros((2, length), np.float32), SAMPLE_RATE)
    bank, number = (DRUM_BANK, 0) if program == DRUMS else (0, program)
    cut = preset(soundfont or soundfont_path(), bank, number)
    clip = unclipped(
        cut, lambda volume: _midi_of(heard, program, seconds, volume, pan, reverb_send, cents)
    )
    out = fit_length(clip.resampled(SAMPLE_RATE).samples, length).copy()
    fade = min(round(_END_FADE_S * SAMPLE_RATE), length)
    out[:, length - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return Clip(out, SAMPLE_RATE)


def _midi_of(
    notes: NoteArray, program: int, seconds: float, volume: int, pan: int, reverb_send: int,
    cents: float,
) -> bytes:  # fmt: skip
    """The notes as MIDI on one channel, with a last event at the end."""
    channel = DRUM_CHANNEL if program == DRUMS else 0
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=_MICROSECONDS_PER_QUARTER)])
    if program != DRUMS:
        track.append(mido.Message("program_change", channel=channel, program=program))
    for control, value in ((7, volume), (10, pan), (91, reverb_send)):
        track.append(mido.Message("control_change", channel=channel, control=control, value=value))
    bend = round(cents / _BEND_RANGE_CENTS * _BEND_STEPS)
    if bend:
        track.append(mido.Message("pitchwheel", channel=channel, pitch=bend))
    ticks = np.round(notes[:, :2] * _TICKS_PER_S).astype(int)
    # (time, 0 for a key that comes up and 1 for one that is struck, pitch, velocity)
    events = [
        (int(tick), kind, int(note[2]), int(note[3]) if kind else 0)
        for pair, note in zip(ticks, notes, strict=True)
        for kind, tick in ((1, pair[0]), (0, pair[1]))
    ]
    now = 0
    for time, _, pitch, velocity in sorted(events):
        track.append(
            mido.Message("note_on", channel=channel, note=pitch, velocity=velocity, time=time - now)
        )
        now = time
    left = max(round(seconds * _TICKS_PER_S) - now, 0)
    track.append(mido.Message("control_change", channel=channel, control=10, value=pan, time=left))
    buffer = io.BytesIO()
    mido.MidiFile(type=0, ticks_per_beat=_TICKS_PER_S, tracks=[track]).save(file=buffer)
    return buffer.getvalue()

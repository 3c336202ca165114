"""MIDI files to scores and back."""

from __future__ import annotations

import dataclasses
import io
from collections import defaultdict
from collections.abc import Iterable

import mido
import numpy as np
import numpy.typing as npt

from core.errors import UserInputError
from core.general_midi import DRUM_CHANNEL, track_name
from core.keys import estimate_key, fifths, key_of_signature, scale_share
from core.limits import MAX_BARS, MAX_FILE_BYTES, MAX_NOTES, TEMPO_RANGE_BPM
from core.merging import main_metre, merged
from core.midi_events import MidiEvents, RawNote, TooManyNotesError, is_midi, parse_events
from core.quantise import PLAYED, beat_ticks, separate, snap
from core.score import TICKS_PER_QUARTER, Key, Note, Score, Track, bars_needed

_EXACT_QUARTERS = 1 / 400
"""A time this near to the grid is meant to be on it: less than 3 ms at 60 quarters a minute."""
_EXACT_SHARE = 0.95
_DEFAULT_DIVISION = 480
"""Ticks of a quarter where the head says 0."""
_MAX_REST_BARS = 8
"""Empty bars at the end that are kept; more is a file whose end mark is wrong."""
_IN_SCALE = 0.75
"""C major with less of its sound inside the scale is the default of a program that never asked."""


def read_midi(data: bytes) -> Score:
    """The score of a MIDI file of type 0, 1 or 2 (whose patterns follow one another).

    Quantised: the file's ticks are musical time, whatever its tempo map. Times that are on the grid
    already stay; those of a performance go to the grid that fits each beat. The metre is the one
    that lasts longest, the tempo the median over the piece, the key the file's or an estimate.

    Raises UserInputError where there is no MIDI file, no note, or too much of it.
    """
    if not is_midi(data[:12]):
        raise UserInputError("This is not a MIDI file; choose one that ends in .mid.")
    if len(data) > MAX_FILE_BYTES:
        raise UserInputError(
            f"A MIDI file may have {MAX_FILE_BYTES // 10**6} MB at most; choose a shorter piece."
        )
    try:
        events = parse_events(data)
    except TooManyNotesError:
        raise UserInputError(
            f"This file has more than {MAX_NOTES:,} notes; cut it to the part you want."
        ) from None
    if not events.notes:
        raise UserInputError("There are no notes in this MIDI file; choose one that has some.")
    ticks_per_quarter = _ticks_per_quarter(events)
    offsets = _chunk_offsets(events)
    last = max(offsets[note.chunk] + note.end for note in events.notes) / ticks_per_quarter
    metres = [(t / ticks_per_quarter, beats, unit) for t, beats, unit in events.metres]
    beats, beat_unit, shift = main_metre(metres, last)
    bar_ticks = beats * TICKS_PER_QUARTER * 4 // beat_unit
    if last * TICKS_PER_QUARTER > MAX_BARS * bar_ticks:
        raise UserInputError(
            f"This piece is longer than {MAX_BARS:,} bars; cut it to the part you want."
        )
    beat = beat_ticks(beats, beat_unit)
    starts, ends = _quantised(events.notes, offsets, ticks_per_quarter, shift, beat)
    tracks = _tracks(events, starts, ends)
    needed = bars_needed((note for track in tracks for note in track.notes), bar_ticks)
    end = max(offsets[c] + e for c, e in events.ends.items()) * TICKS_PER_QUARTER
    rests = (int(end / ticks_per_quarter) + shift) // bar_ticks
    bars = min(max(needed, rests), needed + _MAX_REST_BARS)
    score = Score(
        tracks,
        bars,
        _main_tempo_bpm(events, ticks_per_quarter),
        beats,
        beat_unit,
        title=_title(events),
    )
    return _with_key(score, events)


def _ticks_per_quarter(events: MidiEvents) -> float:
    """Ticks of the file in a quarter. SMPTE files count frames: a quarter is as the tempo says."""
    if events.division & 0x8000:
        frames, per_frame = 256 - (events.division >> 8), max(events.division & 0xFF, 1)
        quarter_us = min(events.tempos, default=(0, 500_000))[1]
        return max(frames * per_frame * quarter_us / 1e6, 1.0)
    return float(events.division or _DEFAULT_DIVISION)


def _chunk_offsets(events: MidiEvents) -> dict[int, int]:
    """Where each track chunk starts, in the file's ticks: 0, or behind the one before in type 2."""
    offsets: dict[int, int] = defaultdict(int)
    if events.midi_type == 2:
        bar = 4 * max(events.division & 0x7FFF, 1)
        at = 0
        for chunk, end in sorted(events.ends.items()):
            offsets[chunk] = at
            at += -(-end // bar) * bar
    return offsets


def _quantised(
    notes: list[RawNote],
    offsets: dict[int, int],
    ticks_per_quarter: float,
    shift: int,
    beat: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Start and end of each note, on the score's grid."""
    scale = TICKS_PER_QUARTER / ticks_per_quarter
    offset = np.array([offsets[note.chunk] for note in notes], np.float64)
    starts = (np.array([note.start for note in notes], np.float64) + offset) * scale + shift
    ends = (np.array([note.end for note in notes], np.float64) + offset) * scale + shift
    # Each track by itself: drums may play triplets against a straight melody.
    groups = defaultdict(list)
    for index, note in enumerate(notes):
        groups[note.chunk, note.channel].append(index)
    out_starts = np.rint(starts).astype(np.int64)
    out_ends = np.rint(ends).astype(np.int64)
    starts_exact, ends_exact = _exact(starts), _exact(ends)
    for indices in groups.values():
        if starts_exact and ends_exact:
            break
        at = np.array(indices)
        own_ends = out_ends[at] if ends_exact else ends[at]
        first, last = snap(starts[at], own_ends.astype(np.float64), beat, PLAYED)
        if not starts_exact:
            out_starts[at] = first
        if not ends_exact:
            out_ends[at] = last
    return out_starts, np.maximum(out_ends, out_starts + 1)


def _exact(times: npt.NDArray[np.float64]) -> bool:
    """Whether the times (ticks of the score) were written by a program on a grid like ours."""
    near = np.abs(times - np.rint(times)) <= _EXACT_QUARTERS * TICKS_PER_QUARTER
    return bool(near.mean() >= _EXACT_SHARE)


def _tracks(
    events: MidiEvents, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> tuple[Track, ...]:
    """One track for each instrument of each track chunk, merged where these are too many."""
    groups: dict[tuple[int, int, int], list[Note]] = defaultdict(list)
    for note, start, end in zip(events.notes, starts.tolist(), ends.tolist(), strict=True):
        program = note.program if note.program >= 0 else events.programs.get(note.channel, 0)
        is_drum = note.channel == DRUM_CHANNEL
        key = (note.chunk, note.channel, -1 if is_drum else program)
        groups[key].append(Note(start, note.pitch, end - start, max(note.velocity, 1)))
    per_chunk: dict[int, int] = defaultdict(int)
    for chunk, _, _ in groups:
        per_chunk[chunk] += 1
    return merged(
        [
            _track(program, notes, events.names.get(chunk, "") if per_chunk[chunk] == 1 else "")
            for (chunk, _, program), notes in sorted(groups.items())
        ]
    )


def _track(program: int, notes: list[Note], name: str) -> Track:
    """program: -1 for drums."""
    is_drum = program < 0
    number = max(program, 0)
    return Track(name or track_name(number, is_drum), number, separate(notes), is_drum)


def _main_tempo_bpm(events: MidiEvents, ticks_per_quarter: float) -> float:
    """The median of the tempo map over the piece, weighted by quarters; 120 where there is none."""
    tempos = sorted(events.tempos, key=lambda tempo: tempo[0])
    end = max(note.end for note in events.notes)
    if not tempos or events.midi_type == 2 or events.division & 0x8000:
        quarter_us = float(tempos[0][1]) if tempos else 500_000.0
    else:
        times = np.array([0] + [time for time, _ in tempos[1:]] + [end], np.float64)
        spans = np.diff(np.minimum(times, end)).clip(0)
        values = np.array([value for _, value in tempos], np.float64)
        order = values.argsort(kind="stable")
        share = spans[order].cumsum()
        quarter_us = float(values[order][np.searchsorted(share, share[-1] / 2)])
    low, high = TEMPO_RANGE_BPM
    return float(round(min(max(6e7 / quarter_us, low), high), 3))


def _title(events: MidiEvents) -> str:
    """The name of the first track where that has no notes: the place that programs put titles."""
    return "" if any(note.chunk == 0 for note in events.notes) else events.names.get(0, "")


def _with_key(score: Score, events: MidiEvents) -> Score:
    said = min(events.keys, default=None, key=lambda key: key[0])
    if said is not None:
        key = key_of_signature(said[1], "minor" if said[2] else "major")
        if key != Key(0, "major") or scale_share(score, key) >= _IN_SCALE:
            return dataclasses.replace(score, key=key)
    return dataclasses.replace(score, key=estimate_key(score))


def write_midi(score: Score) -> bytes:
    """A MIDI file of type 1: tempo, metre, key and title first, then a chunk for each track.

    Tracks of one program share a channel where the 15 pitched ones do not do for all; where they
    do not do for all programs either, tracks set their program again ahead of their notes.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=_TICKS_PER_BEAT)
    file.tracks.append(_conductor(score))
    channels = _channels(score.tracks)
    users: dict[int, set[int]] = defaultdict(set)
    for track, channel in zip(score.tracks, channels, strict=True):
        users[channel].add(track.program)
    for track, channel in zip(score.tracks, channels, strict=True):
        shared = len(users[channel]) > 1 and not track.is_drum
        file.tracks.append(_midi_track(track, channel, shared, score.ticks))
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


_TICKS_PER_BEAT = 480
_SCALE = _TICKS_PER_BEAT // TICKS_PER_QUARTER
_PITCHED_CHANNELS = [channel for channel in range(16) if channel != DRUM_CHANNEL]


def _channels(tracks: Iterable[Track]) -> list[int]:
    tracks = list(tracks)
    pitched = [index for index, track in enumerate(tracks) if not track.is_drum]
    # One each as long as they suffice, else one for each program.
    programs = sorted({tracks[index].program for index in pitched})
    own = len(pitched) <= len(_PITCHED_CHANNELS)
    rank = {
        index: at if own else programs.index(tracks[index].program)
        for at, index in enumerate(pitched)
    }
    return [
        DRUM_CHANNEL if track.is_drum else _PITCHED_CHANNELS[rank[index] % len(_PITCHED_CHANNELS)]
        for index, track in enumerate(tracks)
    ]


def _conductor(score: Score) -> mido.MidiTrack:
    events = [
        mido.MetaMessage("set_tempo", tempo=round(6e7 / score.tempo_bpm)),
        mido.MetaMessage("time_signature", numerator=score.beats, denominator=score.beat_unit),
    ]
    if score.title:
        events.insert(0, mido.MetaMessage("track_name", name=_latin(score.title)))
    if score.key is not None:
        events.append(
            mido.MetaMessage("key_signature", key=_KEY_NAMES[fifths(score.key), score.key.mode])
        )
    events.append(mido.MetaMessage("end_of_track", time=score.ticks * _SCALE))
    return mido.MidiTrack(events)


_KEY_NAMES = {
    (sharps, mode): name
    for mode, fewest, names in (
        ("major", -5, "Db Ab Eb Bb F C G D A E B F#"),
        ("minor", -6, "Ebm Bbm Fm Cm Gm Dm Am Em Bm F#m C#m G#m"),
    )
    for sharps, name in enumerate(names.split(), fewest)
}


def _latin(text: str) -> str:
    """What mido can write: names are Latin-1."""
    return text.encode("latin-1", "replace").decode("latin-1")


def _midi_track(track: Track, channel: int, shared: bool, end: int) -> mido.MidiTrack:
    """shared: other programs play on the channel, so that it must be set for every note."""
    program = mido.Message("program_change", channel=channel, program=track.program)
    # (time, order at one time, event): a key comes up before it is struck again.
    events = []
    for note in separate(list(track.notes)):
        if shared:
            events.append((note.start, 1, program))
        on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
        events.append((note.start, 2, on))
        events.append((note.end, 0, mido.Message("note_off", channel=channel, note=note.pitch)))
    out = mido.MidiTrack([mido.MetaMessage("track_name", name=_latin(track.name)), program])
    now = 0
    for time, _, event in sorted(events, key=lambda e: e[:2]):
        out.append(event.copy(time=(time - now) * _SCALE))
        now = time
    out.append(mido.MetaMessage("end_of_track", time=max(0, end - now) * _SCALE))
    return out

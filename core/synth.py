"""Scores to sound, through a SoundFont."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import mido
import numpy as np
import soundfile as sf
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from core.audio import Clip, fit_length, loudness_lufs
from core.errors import UserInputError
from core.general_midi import DRUM_CHANNEL
from core.progress import Progress, ignore
from core.quantise import separate
from core.score import TICKS_PER_QUARTER, Score, Track
from core.soundfont import DRUM_BANK, preset, soundfont_path
from core.workers import rendered_wav

SAMPLE_RATE = 44_100
"""Cymbals have a 200th of their power above 16 kHz, which a rate of 32 kHz would take away."""
RING_S = 1.5
"""How long the last notes sound on behind the last bar, fading for the last part of it."""
LOUDNESS_LUFS = -16.0
PEAK_DBFS = -1.0
MAX_DURATION_S = 15 * 60.0

_FADE_S = 0.75
_LOOKAHEAD_S = 0.005
_LOUDNESS_TOLERANCE_DB = 0.1
_WORKERS = 2
_TICKS_PER_BEAT = 480
_CHANNEL_VOLUME = 70
"""Of 127: dense chords stay below full scale, beyond which the renderer clips."""
_FULL_SCALE = 0.99
_REVERB_SEND = 40
"""Of 127, General MIDI's own default: a little room."""
_CENTRE = 64
_PANS = (0, -18, 18, -30, 30, -10, 10, -38, 38)
"""Where tracks sit, in steps of 1/64 from the centre, the lowest first; drums are in the centre."""


def render(
    score: Score, *, tracks: Collection[int] | None = None, progress: Progress = ignore
) -> Clip:
    """The score as sound, stereo, as loud as `mix` makes it.

    tracks: indices of those that are heard; None for all. Raises what `render_stems` raises.
    """
    return mix(render_stems(score, tracks=tracks, progress=progress))


def render_stems(
    score: Score, *, tracks: Collection[int] | None = None, progress: Progress = ignore
) -> list[Clip]:
    """Each track by itself, stereo, SAMPLE_RATE, all of one length; `mix` adds them up.

    tracks: indices of those to render, the others are silent; None for all.
    The length is the score's and RING_S, in which the sound fades out. The same score and
    SoundFont give the same samples. A score without tracks gives one silent stem. Raises
    UserInputError where the score lasts over MAX_DURATION_S.
    """
    if score.duration_s > MAX_DURATION_S:
        raise UserInputError(
            f"This piece lasts over {MAX_DURATION_S / 60:.0f} minutes; choose fewer bars."
        )
    length = round((score.duration_s + RING_S) * SAMPLE_RATE)
    silence = Clip(np.zeros((2, length), np.float32), SAMPLE_RATE)
    if not score.tracks:
        return [silence]

    def stem(index: int) -> Clip:
        track = score.tracks[index]
        if not track.notes or (tracks is not None and index not in tracks):
            return silence
        return _render_track(score, track, pan(score, index), length)

    stems = []
    with ThreadPoolExecutor(_WORKERS) as pool:
        futures = [pool.submit(stem, index) for index in range(len(score.tracks))]
        try:
            for done, future in zip(count(), futures):
                progress(done / len(futures))
                stems.append(future.result())
        finally:
            for future in futures:
                future.cancel()
    progress(1.0)
    return stems


def mix(stems: Sequence[Clip]) -> Clip:
    """The sum of stems at LOUDNESS_LUFS (BS.1770), no peak above PEAK_DBFS. Silence stays silent.

    Where that loudness needs higher peaks, they are turned down for a few milliseconds each.
    """
    total = np.stack([stem.samples for stem in stems]).sum(axis=0, dtype=np.float32)
    clip = Clip(total, stems[0].sample_rate)
    if clip.peak() < 1e-5:
        return clip
    gain_db = LOUDNESS_LUFS - loudness_lufs(clip)
    # Turning peaks down takes loudness away: a second and a third look give it back.
    for _ in range(3):
        out = limited(clip.scaled(10 ** (gain_db / 20)))
        missing_db = LOUDNESS_LUFS - loudness_lufs(out)
        if abs(missing_db) < _LOUDNESS_TOLERANCE_DB:
            break
        gain_db += missing_db
    return out


def limited(clip: Clip) -> Clip:
    """Peaks above PEAK_DBFS turned down, by a gain that falls ahead of them and rises after."""
    ceiling = 10 ** (PEAK_DBFS / 20) * 0.9999
    peak = np.abs(clip.samples).max(axis=0)
    if peak.max(initial=0.0) <= ceiling:
        return clip
    half = round(_LOOKAHEAD_S * clip.sample_rate) | 1
    held = minimum_filter1d(ceiling / np.maximum(peak, ceiling), 2 * half + 1)
    # Two running means make a triangle, no wider than what is held down.
    smooth = uniform_filter1d(uniform_filter1d(held, half), half)
    return Clip(clip.samples * smooth.astype(np.float32), clip.sample_rate)


def _render_track(score: Score, track: Track, place: int, length: int) -> Clip:
    """The track, float32 [2, length], faded out at the end."""
    bank, program = (DRUM_BANK, 0) if track.is_drum else (0, track.program)
    soundfont = preset(soundfont_path(), bank, program)
    clip = unclipped(soundfont, lambda volume: _midi_of(score, track, place, volume))
    clip = clip.resampled(SAMPLE_RATE)
    fade = min(round(_FADE_S * SAMPLE_RATE), length)
    out = fit_length(clip.samples, length).copy()
    out[:, length - fade :] *= np.cos(np.linspace(0, np.pi / 2, fade, dtype=np.float32)) ** 2
    return Clip(out, SAMPLE_RATE)


def unclipped(soundfont: bytes, midi_at: Callable[[int], bytes]) -> Clip:
    """A SoundFont's sound of MIDI, stereo at the renderer's rate, at one level however loud it is.

    midi_at: the MIDI at a channel volume of 1 to 127. Where the renderer clips, it is asked for
    half the volume and the difference is made up behind it, so that peaks may be above full scale.
    """
    volume = _CHANNEL_VOLUME
    while True:
        wav = rendered_wav(soundfont, midi_at(volume))
        samples, rate = sf.read(io.BytesIO(wav), dtype="float32", always_2d=True)
        if np.abs(samples).max(initial=0.0) < _FULL_SCALE or volume < 4:
            break
        volume //= 2
    # A channel's volume counts squared (General MIDI level 2: 40 log10).
    return Clip(samples.T, rate).scaled((_CHANNEL_VOLUME / volume) ** 2)


def pan(score: Score, index: int) -> int:
    """Where a track sits, as in MIDI, 0 to 127: the lowest and drums in the middle, others beside.

    index: of the track.
    """
    pitched = [at for at, t in enumerate(score.tracks) if t.notes and not t.is_drum]
    if index not in pitched:
        return _CENTRE
    pitched.sort(key=lambda at: float(np.median([n.pitch for n in score.tracks[at].notes])))
    return _CENTRE + _PANS[pitched.index(index) % len(_PANS)]


def _midi_of(score: Score, track: Track, place: int, volume: int) -> bytes:
    """The track as MIDI on one channel, with a last event that lets the sound ring out."""
    channel = DRUM_CHANNEL if track.is_drum else 0
    tempo = round(6e7 / score.tempo_bpm)
    out = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=tempo)])
    if not track.is_drum:
        out.append(mido.Message("program_change", channel=channel, program=track.program))
    for control, value in ((7, volume), (10, place), (91, _REVERB_SEND)):
        out.append(mido.Message("control_change", channel=channel, control=control, value=value))
    # (time, 0 for a key that comes up and 1 for one that is struck, pitch, velocity)
    events = [(n.start, 1, n.pitch, n.velocity) for n in separate(list(track.notes))]
    events += [(n.end, 0, n.pitch, 0) for n in separate(list(track.notes))]
    scale = _TICKS_PER_BEAT // TICKS_PER_QUARTER
    now = 0
    for time, _, pitch, velocity in sorted(events):
        out.append(
            mido.Message(
                "note_on",
                channel=channel,
                note=pitch,
                velocity=velocity,
                time=(time - now) * scale,
            )
        )
        now = time
    ring = round(2 * RING_S * 1e6 / tempo * _TICKS_PER_BEAT)
    last = max(score.ticks - now, 0) * scale + ring
    out.append(
        mido.Message("control_change", channel=channel, control=91, value=_REVERB_SEND, time=last)
    )
    buffer = io.BytesIO()
    mido.MidiFile(type=0, ticks_per_beat=_TICKS_PER_BEAT, tracks=[out]).save(file=buffer)
    return buffer.getvalue()

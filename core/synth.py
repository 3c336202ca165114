"""Scores to sound, through a SoundFont."""

from __future__ import annotations

import io
from collections.abc import Collection
from functools import cache
from pathlib import Path

import mido
import numpy as np
import pretty_midi
import soundfile as sf
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from core.audio import Clip, FloatArray, fit_length, loudness_lufs
from core.errors import UserInputError
from core.general_midi import DRUM_CHANNEL
from core.progress import Progress, ignore
from core.quantise import separate
from core.score import Score, Track

SAMPLE_RATE = 44_100
RING_S = 1.5
"""How long the last notes sound on behind the last bar."""
LOUDNESS_LUFS = -16.0
PEAK_DBFS = -1.0
MAX_DURATION_S = 15 * 60.0

_RENDER_RATE = 48_000
"""What midirenderer gives; it has no choice of rate."""
_FADE_S = 0.5
_LOOKAHEAD_S = 0.005
_TICKS_PER_BEAT = 480
_CHANNEL_VOLUME = 70
"""Of 127: dense chords stay below full scale, beyond which the renderer clips."""
_REVERB_SEND = 40
_CENTRE = 64
_PANS = (0, -18, 18, -30, 30, -10, 10, -38, 38)
"""Where tracks sit, in steps of 1/64 from the centre; the lowest and the drums are in it."""


def render_stems(score: Score, *, progress: Progress = ignore) -> list[Clip]:
    """Each track by itself, stereo, SAMPLE_RATE, all of one length; their sum is the mix.

    The length is the score's and RING_S, in which the sound fades out. The same score and
    SoundFont give the same samples. Raises UserInputError where it lasts over MAX_DURATION_S.
    """
    if score.duration_s > MAX_DURATION_S:
        raise UserInputError(
            f"This piece lasts over {MAX_DURATION_S / 60:.0f} minutes; choose fewer bars."
        )
    stems = []
    for index, track in enumerate(score.tracks):
        progress(index / len(score.tracks))
        stems.append(_render_track(score, track, pan(score, index)))
    progress(1.0)
    return stems


def mix(stems: list[Clip]) -> Clip:
    """The sum of stems, at LOUDNESS_LUFS with peaks below PEAK_DBFS. Silence stays silence."""
    total = np.stack([stem.samples for stem in stems]).sum(axis=0, dtype=np.float32)
    return normalised(Clip(total, stems[0].sample_rate))


def render(
    score: Score, *, tracks: Collection[int] | None = None, progress: Progress = ignore
) -> Clip:
    """The score as sound, stereo, as loud as `mix` makes it.

    tracks: indices of those that are heard; None for all. Raises what `render_stems` raises.
    """
    chosen = [t for i, t in enumerate(score.tracks) if tracks is None or i in tracks]
    if not any(track.notes for track in chosen):
        length = round((score.duration_s + RING_S) * SAMPLE_RATE)
        return Clip(np.zeros((2, length), np.float32), SAMPLE_RATE)
    stems = render_stems(score, progress=progress)
    return mix([stem for i, stem in enumerate(stems) if tracks is None or i in tracks])


def normalised(clip: Clip) -> Clip:
    """The clip at LOUDNESS_LUFS; peaks beyond PEAK_DBFS are turned down for a few milliseconds."""
    loudness = loudness_lufs(clip)
    if clip.peak() < 1e-5:
        return clip
    ceiling = 10 ** (PEAK_DBFS / 20)
    gain = 10 ** ((LOUDNESS_LUFS - loudness) / 20)
    out = clip
    # Limiting takes loudness away: a second and a third look give it back.
    for _ in range(3):
        out = Clip(
            _limited(clip.samples * np.float32(gain), ceiling, clip.sample_rate), clip.sample_rate
        )
        missing = LOUDNESS_LUFS - loudness_lufs(out)
        if abs(missing) < 0.1:
            break
        gain *= 10 ** (missing / 20)
    return out


def _limited(samples: FloatArray, ceiling: float, sample_rate: int) -> FloatArray:
    """A look-ahead limiter: gain falls and rises smoothly around peaks above the ceiling."""
    peak = np.abs(samples).max(axis=0)
    if peak.max(initial=0.0) <= ceiling:
        return samples
    half = round(_LOOKAHEAD_S * sample_rate)
    wanted = np.minimum(1.0, ceiling / np.maximum(peak, ceiling))
    held = minimum_filter1d(wanted, 2 * half + 1)
    # Two means over half the reach each: together a triangle no wider than what is held down.
    smooth = uniform_filter1d(
        uniform_filter1d(held, half | 1, mode="nearest"), half | 1, mode="nearest"
    )
    return np.asarray(samples * smooth.astype(np.float32) * np.float32(0.9999), np.float32)


@cache
def _soundfont() -> bytes:
    return Path(pretty_midi.__file__).with_name("TimGM6mb.sf2").read_bytes()


def _render_track(score: Score, track: Track, pan: int) -> Clip:
    length = round((score.duration_s + RING_S) * SAMPLE_RATE)
    if not track.notes:
        return Clip(np.zeros((2, length), np.float32), SAMPLE_RATE)
    import midirenderer

    volume = _CHANNEL_VOLUME
    while True:
        midi = _midi_of(score, track, pan, volume)
        wav = midirenderer.render_wave_from(_soundfont(), midi)
        samples, rate = sf.read(io.BytesIO(wav), dtype="float32", always_2d=True)
        if np.abs(samples).max(initial=0.0) < 0.99 or volume < 10:
            break
        volume //= 2
    # A channel's volume counts squared (General MIDI level 2, "40 log10").
    samples *= (_CHANNEL_VOLUME / volume) ** 2
    clip = Clip(samples.T, rate).resampled(SAMPLE_RATE)
    return Clip(_faded(fit_length(clip.samples, length)), SAMPLE_RATE)


def _faded(samples: FloatArray) -> FloatArray:
    out = samples.copy()
    length = min(round(_FADE_S * SAMPLE_RATE), out.shape[1])
    out[:, out.shape[1] - length :] *= (
        np.cos(np.linspace(0, np.pi / 2, length, dtype=np.float32)) ** 2
    )
    return out


def pan(score: Score, index: int) -> int:
    """0 to 127. The lowest track and drums in the middle, the others to its sides in turn."""
    pitched = [i for i, t in enumerate(score.tracks) if not t.is_drum and t.notes]
    if index not in pitched:
        return _CENTRE
    by_pitch = sorted(
        pitched, key=lambda i: (float(np.median([n.pitch for n in score.tracks[i].notes])), i)
    )
    return _CENTRE + _PANS[by_pitch.index(index) % len(_PANS)]


def _midi_of(score: Score, track: Track, pan: int, volume: int) -> bytes:
    """One track as MIDI on one channel, with an event at the end so that the sound rings out."""
    channel = DRUM_CHANNEL if track.is_drum else 0
    file = mido.MidiFile(type=0, ticks_per_beat=_TICKS_PER_BEAT)
    out = mido.MidiTrack()
    file.tracks.append(out)
    tempo = round(6e7 / score.tempo_bpm)
    out.append(mido.MetaMessage("set_tempo", tempo=tempo))
    if not track.is_drum:
        out.append(mido.Message("program_change", channel=channel, program=track.program))
    for control, value in ((7, volume), (10, pan), (91, _REVERB_SEND)):
        out.append(mido.Message("control_change", channel=channel, control=control, value=value))
    scale = _TICKS_PER_BEAT // 24
    events = []
    for note in separate(list(track.notes)):
        events.append((note.start, 1, note.pitch, note.velocity))
        events.append((note.end, 0, note.pitch, 0))
    now = 0
    for time, _, pitch, velocity in sorted(events):
        out.append(
            mido.Message(
                "note_on", channel=channel, note=pitch, velocity=velocity, time=(time - now) * scale
            )
        )
        now = time
    ring = round((RING_S + 0.5) * 1e6 / tempo * _TICKS_PER_BEAT)
    rest = (max(score.ticks, now) - now) * scale + ring
    out.append(
        mido.Message("control_change", channel=channel, control=91, value=_REVERB_SEND, time=rest)
    )
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()

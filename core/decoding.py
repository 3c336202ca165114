"""Bytes of a sound or video file to a Clip: bounded, and with one clear sentence when it fails.

libsndfile reads what it knows and is checked against its own claim of the length; FFmpeg (PyAV)
reads the rest, whatever libsndfile stumbles over, and everything with more than two channels, for
it knows which loudspeaker each channel belongs to. Both hand out blocks, so memory grows with the
window asked for and not with the file. Nothing is written to disk and no file name is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import soxr

from core.audio import Clip, FloatArray
from core.errors import UserInputError
from core.readers import MAX_CHANNELS as MAX_CHANNELS
from core.readers import FfmpegReader, Reader, SoundFileReader, UnreliableError
from core.sniffing import WAV, Container, sniff, wav_with_true_sizes, without_id3

T = TypeVar("T")

MAX_BYTES = 25 * 1024 * 1024
MAX_SAMPLE_RATE_HZ = 48000
MAX_DECODED_SECONDS = 180.0
"""The longest window of one call; whoever wants more asks again from a later start."""
MIN_SECONDS = 1.0
MIN_SAMPLE_RATE_HZ = 2000
OVERSHOOT = 10 ** (2 / 20)
"""Peaks up to 2 dB over full scale are a lossy codec's ringing: clipped, as every player does."""
SILENCE_PEAK = 10 ** (-80 / 20)

_EDGE_S = 0.05
"""Sound on either side of a window that the resampler's filter sees, as in the whole file."""

_NOT_AUDIO = (
    "This is not a sound or video file that we can read; give a WAV, FLAC, MP3, Ogg, M4A, AAC or "
    "WebM file, or an MP4, MKV or MOV video with sound."
)


@dataclass(frozen=True)
class AudioInfo:
    """What is in a file.

    duration_s: of the sound that is really there, whatever the head says; within one codec frame.
    sample_rate, channels: the file's own, Hz and count; `decode` may give fewer of either.
    format: the container's name for people, such as "WAV" or "WebM".
    """

    duration_s: float
    sample_rate: int
    channels: int
    format: str


def is_silent(clip: Clip) -> bool:
    """Whether nothing in the clip is above -80 dBFS: digital silence, or dither alone."""
    return clip.peak() < SILENCE_PEAK


def probe(data: bytes) -> AudioInfo:
    """What is in the file, from its packets but without decoding more than the first few.

    Raises UserInputError as `decode` does.
    """
    container, data = _checked(data)

    def info(reader: Reader) -> AudioInfo:
        return AudioInfo(reader.duration_s(), reader.rate, reader.channels, container.title)

    found = _read(container, data, info)
    _check_rate(found.sample_rate)
    if found.duration_s < MIN_SECONDS:
        raise _too_short(found.duration_s, 0.0)
    return found


def decode(data: bytes, *, start_s: float = 0.0, seconds: float | None = None) -> Clip:
    """The sound of a file from `start_s` on, `seconds` long where the file has that much.

    The file's own rate up to 48 kHz, else resampled to that; 1 or 2 channels: more are mixed down
    by ITU-R BS.775-4 where their places are known (scaled so that nothing can clip, and without
    the LFE channel), else averaged. At most MAX_DECODED_SECONDS. Samples lie within +-1: peaks up
    to OVERSHOOT are clipped, and a window that goes beyond is scaled down as a whole. So decode
    sound that is to be compared in one call, and cut it with `Clip.between`.

    Raises UserInputError, with one sentence for the visitor: empty, over MAX_BYTES, no sound file,
    no sound track, damaged, invalid samples (NaN, infinite), or under MIN_SECONDS of sound (or
    under `seconds`, where less was asked for) from `start_s` on.
    """
    container, data = _checked(data)
    start_s = max(start_s, 0.0)
    wanted_s = min(MAX_DECODED_SECONDS, MAX_DECODED_SECONDS if seconds is None else seconds)
    clip = _read(container, data, lambda reader: _window(reader, start_s, wanted_s))
    # Half a sample of slack: a duration in seconds need not be a whole number of samples.
    if clip.duration_s + 0.5 / clip.sample_rate < min(MIN_SECONDS, wanted_s):
        raise _too_short(clip.duration_s, start_s)
    return clip


def _checked(data: bytes) -> tuple[Container, bytes]:
    """The container, and the bytes from its first one on, with a WAV's sizes put right."""
    if not data:
        raise UserInputError("The file is empty; choose one that holds sound.")
    if len(data) > MAX_BYTES:
        raise UserInputError(
            f"The file has {len(data) / 2**20:.1f} MB and the most we take is "
            f"{MAX_BYTES / 2**20:.0f} MB; cut it shorter or save it as MP3."
        )
    container = sniff(data)
    if container is None:
        raise UserInputError(_NOT_AUDIO)
    data = without_id3(data)
    return container, wav_with_true_sizes(data) if container is WAV else data


def _read(container: Container, data: bytes, use: Callable[[Reader], T]) -> T:
    """`use` of libsndfile's reader where that can be relied on, else of FFmpeg's."""
    if container.libsndfile:
        try:
            with SoundFileReader(data) as reader:
                return use(reader)
        except UnreliableError:
            pass
    with FfmpegReader(data, container) as reader:
        return use(reader)


def _check_rate(rate: int) -> None:
    if rate < MIN_SAMPLE_RATE_HZ:
        raise UserInputError(
            f"The file has {rate} samples a second, too few for music; "
            "export it at 8000 Hz or more."
        )


def _too_short(duration_s: float, start_s: float) -> UserInputError:
    if start_s > 0:
        return UserInputError(
            f"Only {duration_s:.2f} s of sound follow the start you chose; choose an earlier start."
        )
    return UserInputError(
        f"The file holds {duration_s:.2f} s of sound; give a clip of at least {MIN_SECONDS:g} s."
    )


def _window(reader: Reader, start_s: float, wanted_s: float) -> Clip:
    """The window at a rate we keep, resampled block by block so that no rate fills the memory."""
    _check_rate(reader.rate)
    rate = min(reader.rate, MAX_SAMPLE_RATE_HZ)
    # Resampling starts where a sample of the old rate meets one of the new, so that a window is
    # the same as that part of the whole file.
    step_in = reader.rate // math.gcd(reader.rate, rate)
    step_out = rate // math.gcd(reader.rate, rate)
    start, length = round(start_s * rate), round(wanted_s * rate)
    steps = max(start - round(_EDGE_S * rate), 0) // step_out if rate != reader.rate else start
    skip = start - steps * step_out
    resampler = None
    if rate != reader.rate:
        resampler = soxr.ResampleStream(
            reader.rate, rate, reader.out_channels, dtype="float32", quality="HQ"
        )
    parts: list[FloatArray] = []
    have, taken = 0, 0
    enough = skip + length + (round(_EDGE_S * rate) if resampler else 0)
    for block in reader.blocks(steps * step_in):
        if not np.isfinite(block).all():
            raise UserInputError(
                "The file holds invalid samples (not numbers, or infinite); export it anew."
            )
        taken += len(block)
        part = block if resampler is None else resampler.resample_chunk(block)
        parts.append(part)
        have += len(part)
        if have >= enough:
            break
    else:
        if resampler is not None and parts:
            parts.append(resampler.resample_chunk(parts[0][:0], last=True))
            # The filter's tail is no sound of the file.
            enough = min(enough, round(taken * rate / reader.rate))
    samples = np.concatenate(parts) if parts else np.zeros((0, reader.out_channels), np.float32)
    del parts
    samples = samples[skip : min(skip + length, enough)].T
    peak = float(np.abs(samples).max(initial=0.0))
    if peak > OVERSHOOT:
        samples = samples / np.float32(peak)
    return Clip(np.clip(samples, -1.0, 1.0), rate)

"""A piece's sound for the player: one MP3 a track, so that tracks can be muted while it plays."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from typing import Literal

import av
import numpy as np

from core.audio import Clip, FloatArray
from core.composition.sound import Sound
from core.progress import Progress, ignore
from core.score import Score

FRAME = 1152
"""Samples of an MPEG-1 layer III frame."""
BIT_RATES = (96_000, 80_000, 64_000, 48_000)
"""Mono, from best to least. The least is kept even where a long piece then exceeds TARGET_BYTES."""
TARGET_BYTES = 1_000_000
BLOCK_S = 0.01
THREADS = 2
PEAK = 1.2
"""Over 1, for a mono sound in the middle of the stereo field is played at 0.71 on either side."""
MAX_GAIN = 60.0


def sound(score: Score, progress: Progress = ignore) -> Sound:
    """Render a piece. Tracks that were rendered lately are not rendered again.

    Raises what `core.synth.render_stems` raises.
    """
    from core.synth import RING_S, SAMPLE_RATE, pan

    parts = [replace(score, tracks=(track,), title="", key=None) for track in score.tracks]
    made: list[tuple[bytes, FloatArray] | None] = []
    # Renderer and encoder work without Python's lock, so two cores are of use.
    with ThreadPoolExecutor(THREADS) as pool:
        waiting = [pool.submit(_stem, part) if part.tracks[0].notes else None for part in parts]
        try:
            for index, future in enumerate(waiting):
                progress(index / len(waiting))
                made.append(None if future is None else future.result())
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    progress(1.0)
    return Sound(
        tuple(stem and stem[0] for stem in made),
        _gain([stem[1] for stem in made if stem]),
        tuple((pan(score, index) - 64) / 64 for index in range(len(score.tracks))),
        score.duration_s + RING_S,
        SAMPLE_RATE,
    )


@lru_cache(maxsize=64)
def _stem(alone: Score) -> tuple[bytes, FloatArray]:
    """(MP3, the peak of every block of BLOCK_S) of a score with one track."""
    from core.synth import render_stems

    clip = render_stems(alone)[0]
    block = round(BLOCK_S * clip.sample_rate)
    blocks = -(-clip.length // block)
    padded = np.zeros(blocks * block, np.float32)
    padded[: clip.length] = np.abs(clip.mono())
    return encode_mp3(clip), padded.reshape(blocks, block).max(axis=1)


def _gain(peaks: list[FloatArray]) -> float:
    """What brings the loudest moment to PEAK: tracks are unrelated, so their powers add up."""
    if not peaks:
        return 1.0
    loudest = float(np.sqrt(np.sum(np.square(peaks), axis=0)).max())
    return min(PEAK / max(loudest, 1e-6), MAX_GAIN)


def encode_mp3(
    clip: Clip, bit_rates: Sequence[int] = BIT_RATES, *, channels: Literal[1, 2] = 1
) -> bytes:
    """The clip as MP3, mono or stereo, at the best of `bit_rates` that keeps it under TARGET_BYTES.

    The sound's sha256 stands in the file's head, for the reason that `core.audio.encode_wav` gives.
    Decoders that know LAME's header, browsers among them, give back as many samples as went in.
    """
    sound = np.clip(clip.with_channels(channels).samples, -1.0, 1.0)
    layout = "mono" if channels == 1 else "stereo"
    fits = [rate for rate in bit_rates if clip.duration_s * rate / 8 < TARGET_BYTES]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp3") as out:
        out.metadata["comment"] = hashlib.sha256(sound.tobytes()).hexdigest()
        stream = out.add_stream(
            "libmp3lame", rate=clip.sample_rate, options={"compression_level": "7"}
        )
        stream.bit_rate = (fits or list(bit_rates[-1:]))[0]
        stream.layout = layout
        stream.format = "fltp"
        for start in range(0, clip.length, FRAME):
            samples = np.ascontiguousarray(sound[:, start : start + FRAME])
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
            frame.sample_rate, frame.pts = clip.sample_rate, start
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return buffer.getvalue()

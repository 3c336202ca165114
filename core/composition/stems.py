"""A piece's sound for the player: one MP3 a track, so that tracks can be muted while it plays."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from functools import lru_cache

import av
import numpy as np

from core.audio import Clip
from core.progress import Progress, ignore
from core.score import Score

FRAME = 1152
"""Samples of an MPEG-1 layer III frame."""
BIT_RATES = (96_000, 80_000, 64_000, 48_000)
"""Mono, from best to least. The least is kept even where a long piece then exceeds TARGET_BYTES."""
TARGET_BYTES = 1_000_000


def files(score: Score, progress: Progress = ignore) -> list[bytes | None]:
    """MP3 bytes for each track, mono and equally long; None for a track without notes.

    Tracks that were rendered lately are not rendered again: a redraw costs what it changed.
    """
    made: list[bytes | None] = []
    for index, track in enumerate(score.tracks):
        progress(index / len(score.tracks))
        alone = replace(score, tracks=(track,), title="", key=None)
        made.append(_file(alone) if track.notes else None)
    progress(1.0)
    return made


@lru_cache(maxsize=96)
def _file(alone: Score) -> bytes:
    from core.synth import render_stems

    return encode_mp3(render_stems(alone)[0])


def encode_mp3(clip: Clip) -> bytes:
    """The clip as mono MP3, at the best of BIT_RATES that keeps it under TARGET_BYTES.

    The sound's sha256 stands in the file's head, for the reason that `core.audio.encode_wav` gives.
    Decoders that know LAME's header, browsers among them, give back as many samples as went in.
    """
    mono = np.clip(clip.mono(), -1.0, 1.0)[None]
    fits = [rate for rate in BIT_RATES if clip.duration_s * rate / 8 < TARGET_BYTES]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp3") as out:
        out.metadata["comment"] = hashlib.sha256(mono.tobytes()).hexdigest()
        stream = out.add_stream(
            "libmp3lame", rate=clip.sample_rate, options={"compression_level": "7"}
        )
        stream.bit_rate = (fits or BIT_RATES[-1:])[0]
        stream.layout = "mono"
        stream.format = "fltp"
        for start in range(0, clip.length, FRAME):
            samples = np.ascontiguousarray(mono[:, start : start + FRAME])
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = clip.sample_rate, start
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return buffer.getvalue()

"""Sound files that nobody should send: damaged, crafted, huge when decoded, or something else."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator

import av
import numpy as np
import soundfile as sf

RATE = 22050
Named = tuple[str, str, bytes]
"""(group, file name, bytes)."""
CUTS = (0.001, 0.01, 0.1, 0.5, 0.9, 0.999)
FLIPS = (1, 20, 400)
"""Bytes of a sound file that are changed at random."""


def all_of_them(rng: np.random.Generator) -> Iterator[Named]:
    """Every sound file, from a generator of random numbers."""
    sound = _tone(3.0)
    whole = {name: _encoded(sound, name) for name in ("wav", "flac", "ogg", "mp3", "aiff")}
    whole |= {name: _muxed(sound, *how) for name, how in _MUXED.items()}
    for name, data in whole.items():
        for share in CUTS:
            yield "cut short", f"cut-{share}.{name}", data[: max(int(len(data) * share), 1)]
        for count in FLIPS:
            yield "bytes changed", f"changed-{count}.{name}", _changed(data, count, rng)
    for size in (0, 1, 3, 44, 4096, 1_000_000):
        yield "noise", f"noise-{size}.wav", rng.bytes(size)
    for name, magic in _MAGIC.items():
        yield "a head and noise", f"head-{name}.bin", magic + rng.bytes(200_000)
    yield from _crafted_wavs(whole["wav"])
    yield from _bombs()
    yield from _disguises(whole)


_MUXED = {
    "m4a": ("mp4", "aac"), "webm": ("webm", "libopus"), "mka": ("matroska", "flac"),
    "aac": ("adts", "aac"),
}  # fmt: skip
_MAGIC = {
    "riff": b"RIFF\xff\xff\xff\x7fWAVEfmt ", "flac": b"fLaC\x00\x00\x00\x22",
    "ogg": b"OggS\x00\x02",
    "mp3": b"\xff\xfb\x90\x00", "mp4": b"\x00\x00\x00\x18ftypM4A ", "mkv": b"\x1aE\xdf\xa3",
    "aiff": b"FORM\x7f\xff\xff\xffAIFFCOMM", "au": b".snd\x00\x00\x00\x18", "caf": b"caff\x00\x01",
    "id3": b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f", "adts": b"\xff\xf1\x50\x80",
    "moov": b"\xff\xff\xff\xffmoov",
}  # fmt: skip


def _tone(seconds: float) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * 330 * t) * (1 - t / seconds)).astype(np.float32)


def _encoded(sound: np.ndarray, name: str) -> bytes:
    buffer = io.BytesIO()
    sf.write(buffer, sound, RATE, format=name.upper())
    return buffer.getvalue()


def _muxed(sound: np.ndarray, container: str, codec: str) -> bytes:
    buffer = io.BytesIO()
    rate = 48000 if codec == "libopus" else RATE
    with av.open(buffer, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        samples = np.interp(np.arange(3 * rate) / rate, np.arange(len(sound)) / RATE, sound)
        frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = rate, 0
        context = stream.codec_context
        size = context.frame_size or 1024
        chopper = av.AudioResampler(context.format, "mono", rate, frame_size=size)
        for piece in [*chopper.resample(frame), *chopper.resample(None)]:
            file.mux(stream.encode(piece))
        file.mux(stream.encode(None))
    return buffer.getvalue()


def _changed(data: bytes, count: int, rng: np.random.Generator) -> bytes:
    out = bytearray(data)
    for at in rng.integers(0, len(out), count):
        out[at] = int(rng.integers(256))
    return bytes(out)


def _wav(
    *, form: int = 1, channels: int = 1, rate: int = RATE, align: int = 2, bits: int = 16,
    claimed: int | None = None, data: bytes = bytes(88200),
) -> bytes:  # fmt: skip
    """A WAV whose head says what it is told to."""
    byte_rate = min(rate * align, 0xFFFFFFFF)
    head = struct.pack("<HHIIHH", form, channels, rate, byte_rate, align, bits)
    size = len(data) if claimed is None else claimed
    body = b"fmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", min(len(body) + 4, 0xFFFFFFFF)) + b"WAVE" + body


def _crafted_wavs(good: bytes) -> Iterator[Named]:
    heads = {
        "no-channels": _wav(channels=0), "65535-channels": _wav(channels=65535, align=65535),
        "no-rate": _wav(rate=0), "huge-rate": _wav(rate=0xFFFFFFFF), "one-hz": _wav(rate=1),
        "no-align": _wav(align=0), "no-bits": _wav(bits=0), "255-bits": _wav(bits=255),
        "unknown-format": _wav(form=0x4242), "adpcm": _wav(form=2), "gsm": _wav(form=49),
        "claims-4-gb": _wav(claimed=0xFFFFFFFF), "claims-nothing": _wav(claimed=0),
        "no-sound": _wav(data=b""), "odd-length": _wav(data=bytes(88201)),
        "not-a-number": _wav(form=3, align=4, bits=32, data=struct.pack("<f", float("nan")) * RATE),
        "infinite": _wav(form=3, align=4, bits=32, data=struct.pack("<f", float("inf")) * RATE),
        "enormous": _wav(form=3, align=4, bits=32, data=struct.pack("<f", 3e38) * RATE),
        "silence": _wav(data=bytes(RATE * 8)),
    }  # fmt: skip
    for name, data in heads.items():
        yield "crafted head", f"{name}.wav", data
    chunks = b"".join(b"junk" + struct.pack("<I", 0) for _ in range(100_000))
    yield "crafted head", "100000-chunks.wav", good[:12] + chunks + good[12:]
    nested = b"LIST" + struct.pack("<I", 0xFFFFFFF0) + b"INFO"
    yield "crafted head", "lists-in-lists.wav", good[:12] + nested * 5000 + good[12:]


def _bombs() -> Iterator[Named]:
    """Small files that are hours of sound."""
    for name, minutes, rate in (("flac", 600, 4000), ("ogg", 120, 8000)):
        buffer = io.BytesIO()
        with sf.SoundFile(buffer, "w", rate, 1, format=name.upper()) as file:
            for _ in range(minutes):
                file.write(np.zeros(60 * rate, np.int16))
        yield "hours in a small file", f"{minutes}-minutes.{name}", buffer.getvalue()
    short = io.BytesIO()
    sf.write(short, np.zeros(2 * 8000, np.float32), 8000, format="MP3", bitrate_mode="CONSTANT",
             compression_level=0.99)  # fmt: skip
    frames = short.getvalue()
    yield (
        "hours in a small file",
        "20-mb.mp3",
        (frames * (20_000_000 // len(frames) + 1))[:20_000_000],
    )
    wide = io.BytesIO()
    with sf.SoundFile(wide, "w", 192_000, 8, format="FLAC") as file:
        for _ in range(30):
            file.write(np.zeros((192_000, 8), np.int16))
    yield "hours in a small file", "8-channels-192-khz.flac", wide.getvalue()
    yield "too large", "26-mb.wav", _wav(data=bytes(26 * 2**20))


def _disguises(whole: dict[str, bytes]) -> Iterator[Named]:
    """Something else under the name of a sound, and sounds that are something else as well."""
    page = b"<!doctype html><script>alert(1)</script>"
    lists = {
        "m3u8": b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n",
        "ffconcat": b"ffconcat version 1.0\nfile /etc/passwd\n",
        "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
        "pls": b"[playlist]\nFile1=http://127.0.0.1:1/\n",
        "asx": b"<asx><entry><ref href='file:///etc/passwd'/></entry></asx>",
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "html": page, "pdf": b"%PDF-1.7\n" + bytes(4000), "elf": b"\x7fELF" + bytes(4000),
        "gif": b"GIF89a" + bytes(4000), "gz": b"\x1f\x8b\x08" + bytes(4000),
    }  # fmt: skip
    for name, data in lists.items():
        yield "something else", f"{name}.mp3", data
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("song.wav", bytes(50_000_000))
    yield "something else", "zipped.wav", packed.getvalue()
    for name in ("mp3", "flac", "wav", "ogg"):
        yield "two things at once", f"page-and-{name}.{name}", page + whole[name]
        yield "two things at once", f"{name}-and-zip.{name}", whole[name] + packed.getvalue()
    tag = _id3(b"<script>alert(1)</script>" * 1000)
    yield "script in a tag", "script.mp3", tag + whole["mp3"]
    yield "script in a tag", "script.flac", tag + whole["flac"]
    yield "script in a tag", "endless.mp3", b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + whole["mp3"]
    for name in (
        "../../../etc/passwd", "<img src=x onerror=alert(1)>.wav", "a" * 4000 + ".wav", "nul\0.wav",
        "con.wav", "\u202egnp.wav", "~/.ssh/id.wav", "$(reboot).wav", "%2e%2e%2f.wav", "",
    ):  # fmt: skip
        yield "strange names", name, whole["wav"]


def _id3(title: bytes) -> bytes:
    frame = b"TIT2" + struct.pack(">I", len(title) + 1) + b"\x00\x00\x03" + title
    size = len(frame)
    digits = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + digits + frame

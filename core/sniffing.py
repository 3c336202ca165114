"""Which container the bytes of a file are, told from the bytes alone, never from a name."""

from __future__ import annotations

import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class Container:
    """A kind of file that we read.

    title: its name for people.
    demuxer: FFmpeg's name of the reader for it. It is always given, never guessed by FFmpeg, whose
        own guess includes playlist formats that would open other files and addresses.
    libsndfile: libsndfile reads it too, and is asked first.
    """

    title: str
    demuxer: str
    libsndfile: bool = False


WAV = Container("WAV", "wav", libsndfile=True)
FLAC = Container("FLAC", "flac", libsndfile=True)
OGG = Container("Ogg", "ogg", libsndfile=True)
AIFF = Container("AIFF", "aiff", libsndfile=True)
AU = Container("AU", "au", libsndfile=True)
CAF = Container("CAF", "caf", libsndfile=True)
# libsndfile takes an MP3's length from its Xing header, which a cut file keeps, and its decoder
# gives up at damage in the middle. FFmpeg's reads on; the samples are the same to 1e-5.
MP3 = Container("MP3", "mp3")
AAC = Container("AAC", "aac")
MP4 = Container("MP4", "mov")
M4A = Container("M4A", "mov")
QUICKTIME = Container("QuickTime", "mov")
WEBM = Container("WebM", "matroska")
MATROSKA = Container("Matroska", "matroska")

_MP3_SEARCH_BYTES = 65536
_MP3_HEADERS_IN_A_ROW = 3
_MP3_RATES_HZ = (44100, 48000, 32000)
_MP3_KBPS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Bit rates of MPEG-1 and MPEG-2/2.5 (first) by layer (second), ISO/IEC 11172-3 and 13818-3."""


def sniff(data: bytes) -> Container | None:
    """The container that `data` is, or None where it is none that we read."""
    data = without_id3(data)
    head = data[:12]
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return WAV
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return AIFF
    for magic, container in ((b"fLaC", FLAC), (b"OggS", OGG), (b".snd", AU), (b"caff", CAF)):
        if head.startswith(magic):
            return container
    if head.startswith(b"\x1aE\xdf\xa3"):
        return WEBM if b"webm" in data[:64] else MATROSKA
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return M4A if brand.startswith(b"M4A") else QUICKTIME if brand == b"qt  " else MP4
    if head[4:8] in (b"styp", b"moof"):
        return MP4
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip"):
        return QUICKTIME
    first = _adts_frame_bytes(data, 0)
    if first and _adts_frame_bytes(data, first):
        return AAC
    return MP3 if _holds_mp3(data[: _MP3_SEARCH_BYTES + 8192]) else None


def without_id3(data: bytes) -> bytes:
    """`data` behind an ID3v2 tag, which taggers put ahead of FLAC and other files too."""
    return data[_id3_bytes(data) :] if data.startswith(b"ID3") else data


def wav_with_true_sizes(data: bytes) -> bytes:
    """A RIFF WAV whose sizes agree with the bytes that are there.

    Recorders that stream or crash leave 0, 0xFFFFFFFF or an early guess as the size of the data,
    and a cut file is shorter than its head says. Where the chunks do not lead to the end of the
    file, everything behind the data chunk's head is taken for samples.
    """
    if not data.startswith(b"RIFF"):
        return data
    at, samples_at = 12, 0
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if not all(32 <= letter < 127 for letter in name):
            break
        if name == b"data":
            samples_at = at + 8
            if size == 0 and samples_at < len(data):
                break
        at += 8 + size + size % 2
    if samples_at == 0 or len(data) - 1 <= at <= len(data) + 1:
        return data
    sizes = struct.pack("<I", len(data) - 8), struct.pack("<I", len(data) - samples_at)
    return b"".join((b"RIFF", sizes[0], data[8 : samples_at - 4], sizes[1], data[samples_at:]))


def _id3_bytes(data: bytes) -> int:
    """Length of the ID3v2 tag at the start: 10 bytes and a size of four 7-bit digits."""
    if len(data) < 10:
        return 0
    size = 0
    for digit in data[6:10]:
        size = size << 7 | digit & 0x7F
    return 10 + size


def _adts_frame_bytes(data: bytes, at: int) -> int:
    """Length of the ADTS (raw AAC) frame at `at`, 0 where there is none."""
    head = data[at : at + 6]
    if len(head) < 6 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return 0
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return size if size > 7 else 0


def _mpeg_frame_bytes(data: bytes, at: int) -> int:
    """Length of the MPEG audio frame at `at`, 0 where there is none."""
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)  # version 3: 1, 2: 2, 0: 2.5
    rate_index, kbps_index = head[2] >> 2 & 3, head[2] >> 4
    if version == 1 or layer == 4 or rate_index == 3 or kbps_index in (0, 15):
        return 0
    rate = _MP3_RATES_HZ[rate_index] // {3: 1, 2: 2, 0: 4}[version]
    bits = _MP3_KBPS[1 if version == 3 else 2, layer][kbps_index - 1] * 1000
    pad = head[2] >> 1 & 1
    if layer == 1:
        return (12 * bits // rate + pad) * 4
    return (72 if layer == 3 and version != 3 else 144) * bits // rate + pad


def _holds_mp3(data: bytes) -> bool:
    """Whether some frames follow one another, perhaps behind padding or other rubbish."""
    at = data.find(b"\xff")
    while 0 <= at < _MP3_SEARCH_BYTES:
        frame_at = at
        for _ in range(_MP3_HEADERS_IN_A_ROW):
            size = _mpeg_frame_bytes(data, frame_at)
            if size == 0:
                break
            frame_at += size
        else:
            return True
        at = data.find(b"\xff", at + 1)
    return False

"""The SoundFont that scores are played with, cut down to what one instrument needs.

The renderer reads SoundFont 2 alone, all of it for every track. From a SoundFont 2 or 3 file (whose
samples are Ogg Vorbis) a small SoundFont 2 with the samples of one preset is made, and kept.
Layout: SoundFont Technical Specification 2.04, sections 5 to 7; the third version's flag and loops
as FluidSynth reads them.
"""

from __future__ import annotations

import hashlib
import io
import mmap
import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile as sf

from core.settings import settings

SYSTEM_PATHS = (
    Path("/usr/share/sounds/sf3/FluidR3Mono_GM.sf3"),
    Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
)
"""Debian's fluidr3mono-gm-soundfont and fluid-soundfont-gm, the first preferred."""
DRUM_BANK = 128

_GEN_INSTRUMENT, _GEN_SAMPLE = 41, 53
_VORBIS = 0x10
_PADDING = 46
"""Zero samples behind every sample, section 6.1."""
_SHDR = struct.Struct("<20s5IBbHH")
_CACHED_PRESETS = 48


def soundfont_path() -> Path:
    """ENCORE_SOUNDFONT's, else the system's best, else the small one that pretty_midi brings."""
    chosen = settings().soundfont
    if chosen is not None:
        return chosen
    for path in SYSTEM_PATHS:
        if path.is_file():
            return path
    import pretty_midi

    return Path(pretty_midi.__file__).with_name("TimGM6mb.sf2")


def played_with() -> str:
    """One sentence on the SoundFont in use, for whoever keeps a sound that was made with it."""
    path = soundfont_path()
    return (
        f"Played with {path.name}, sha256 {_sha256(path)}. With another SoundFont the same notes "
        "sound different.\n"
    )


@lru_cache(maxsize=4)
def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=_CACHED_PRESETS)
def preset(path: Path, bank: int, program: int) -> bytes:
    """A SoundFont 2 that plays this preset, or in its place the first, if the file lacks it.

    Raises OSError or ValueError for a file that is missing or no SoundFont.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return _cut(data, bank, program)
        except (struct.error, KeyError, IndexError) as error:
            raise ValueError(f"{path} is no SoundFont") from error


def _cut(data: mmap.mmap, bank: int, program: int) -> bytes:
    if data[:4] != b"RIFF" or data[8:12] != b"sfbk":
        raise ValueError("not a SoundFont")
    lists = {data[at : at + 4]: (at, size) for _, at, size in _chunks(data, 12, len(data))}
    chunks = {
        name: (at, size)
        for list_at, list_size in lists.values()
        for name, at, size in _chunks(data, list_at + 4, list_at + list_size)
    }
    tables = {name: data[at : at + size] for name, (at, size) in chunks.items() if name != b"smpl"}
    wanted = _samples_of(tables, bank, program)
    smpl_at, _ = chunks[b"smpl"]
    heads, blocks, at = [], [], 0
    for number, head in enumerate(_SHDR.iter_unpack(tables[b"shdr"])):
        name, start, end, loop, loop_end, rate, pitch, correction, link, kind = head
        pcm = np.zeros(0, np.int16)
        if number in wanted:
            if kind & _VORBIS:
                pcm = _decoded(data[smpl_at + start : smpl_at + end])
                loop, loop_end = loop + start, loop_end + start
            else:
                pcm = np.frombuffer(data[smpl_at + 2 * start : smpl_at + 2 * end], np.int16)
            blocks.append(np.append(pcm, np.zeros(_PADDING, np.int16)))
        loops = (at + max(loop - start, 0), at + max(loop_end - start, 0)) if len(pcm) else (at, at)
        heads.append(
            _SHDR.pack(
                name, at, at + len(pcm), *loops, rate, pitch, correction, link, kind & ~_VORBIS
            )
        )
        at += len(pcm) + (_PADDING if number in wanted else 0)
    tables[b"shdr"] = b"".join(heads)
    samples = np.concatenate([*blocks, np.zeros(_PADDING, np.int16)]).tobytes()
    info = b"".join(_chunk(n, tables[n]) for n in (b"ifil", b"isng", b"INAM") if n in tables)
    order = (b"phdr", b"pbag", b"pmod", b"pgen", b"inst", b"ibag", b"imod", b"igen", b"shdr")
    body = (
        b"sfbk"
        + _chunk(b"LIST", b"INFO" + info)
        + _chunk(b"LIST", b"sdta" + _chunk(b"smpl", samples))
        + _chunk(b"LIST", b"pdta" + b"".join(_chunk(name, tables[name]) for name in order))
    )
    return _chunk(b"RIFF", body)


def _chunks(data: mmap.mmap, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, start of its content, size) of each RIFF chunk from `at` on."""
    while at + 8 <= end:
        size = struct.unpack_from("<I", data, at + 4)[0]
        yield data[at : at + 4], at + 8, size
        at += 8 + size
        # Some SoundFont 3 files leave out the byte that makes sizes even.
        if size % 2 and data[at : at + 1] == b"\0":
            at += 1


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _decoded(ogg: bytes) -> npt.NDArray[np.int16]:
    pcm: npt.NDArray[Any] = sf.read(io.BytesIO(ogg), dtype="int16", always_2d=True)[0]
    return np.ascontiguousarray(pcm[:, 0])


def _samples_of(tables: dict[bytes, bytes], bank: int, program: int) -> set[int]:
    """The numbers of the samples that a preset may play, through its instruments."""
    presets = [(p[2], p[1], p[3]) for p in struct.iter_unpack("<20sHHHIII", tables[b"phdr"])]
    numbers = [index for index, p in enumerate(presets[:-1]) if p[:2] == (bank, program)]
    # The last entry marks the end. The renderer plays the lowest preset where one is missing.
    number = numbers[0] if numbers else min(range(len(presets) - 1), key=lambda i: presets[i])
    instruments = _amounts(
        tables[b"pbag"],
        tables[b"pgen"],
        presets[number][2],
        presets[number + 1][2],
        _GEN_INSTRUMENT,
    )
    bags = [bag for _, bag in struct.iter_unpack("<20sH", tables[b"inst"])]
    return {
        sample
        for instrument in instruments
        for sample in _amounts(
            tables[b"ibag"], tables[b"igen"], bags[instrument], bags[instrument + 1], _GEN_SAMPLE
        )
    }


def _amounts(bags: bytes, generators: bytes, first: int, end: int, kind: int) -> set[int]:
    """The amounts of all generators of a kind in the bags from `first` to `end` - 1."""
    starts = [start for start, _ in struct.iter_unpack("<HH", bags)]
    pairs = list(struct.iter_unpack("<HH", generators))
    return {amount for oper, amount in pairs[starts[first] : starts[end]] if oper == kind}

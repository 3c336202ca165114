"""Two readers of sound files in memory, libsndfile and FFmpeg (PyAV), alike for `core.decoding`.

Each hands out blocks of float32 [samples, out_channels] from any sample on, so that nobody holds
more than the window asked for. Lengths are what is there, never what a head claims.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
import numpy.typing as npt
import soundfile as sf

from core.audio import FloatArray
from core.errors import UserInputError
from core.sniffing import Container

if TYPE_CHECKING:
    import av

MAX_CHANNELS = 2

_BLOCK_SAMPLES = 65536
_PREROLL_S = 1.0
"""Sound decoded and thrown away ahead of a window: longer than the memory of any codec here."""
_SNAP_S = 0.001
"""Matroska rounds times to the millisecond; the frames themselves tell the sample."""
_MAX_PACKETS = 2_000_000
_MAX_FAILURES = 200
_CODECS = (
    "aac,aac_latm,mp1float,mp2float,mp3,mp3float,opus,libopus,vorbis,flac,alac,ac3,eac3,amrnb,"
    "amrwb,speex,libspeex,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,pcm_alaw,pcm_mulaw,pcm_u8,pcm_s8,"
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,"
    "pcm_f64be"
)
"""The only decoders that may run: a video's pictures are never decoded, not even to look."""

_DAMAGED = "The file is damaged beyond reading; export it anew or choose another one."
_NO_SOUND = "This file has no sound in it; choose one that has."

_MINUS_3_DB = math.sqrt(0.5)
_SIDES = {"FL": 1.0, "FLC": 1.0, "DL": 1.0, "BL": _MINUS_3_DB, "SL": _MINUS_3_DB, "WL": _MINUS_3_DB}
_TO_STEREO = {
    **{name: (gain, 0.0) for name, gain in _SIDES.items()},
    **{name.replace("L", "R"): (0.0, gain) for name, gain in _SIDES.items()},
    "FC": (_MINUS_3_DB, _MINUS_3_DB),
    "BC": (0.5, 0.5),
    "LFE": (0.0, 0.0),
    "LFE2": (0.0, 0.0),
}
"""Loudspeaker -> gains to left and right, ITU-R BS.775-4 table 2 (3/2 to 2/0) and its like."""
_FIVE_ONE = ("FL", "FR", "FC", "LFE", "BL", "BR")


class UnreliableError(Exception):
    """libsndfile cannot read the file, or not as much of it as it promised."""


class Reader(Protocol):
    """A sound file, open. rate: Hz; channels: the file's own; out_channels: at most 2."""

    rate: int
    channels: int
    out_channels: int

    def duration_s(self) -> float:
        """Of the sound that is there. The reader may be spent afterwards."""
        ...

    def blocks(self, start: int) -> Iterator[FloatArray]:
        """float32 [samples, out_channels] blocks from sample `start` to the end. To be read once.

        Raises UserInputError where the file is damaged beyond reading.
        """
        ...


class SoundFileReader:
    """libsndfile. Raises UnreliableError wherever FFmpeg should have a try instead."""

    def __init__(self, data: bytes) -> None:
        # Whatever goes wrong in a decoder on a visitor's bytes is the file's fault.
        try:
            self._file = sf.SoundFile(io.BytesIO(data))
        except Exception as error:
            raise UnreliableError(str(error)) from error
        self.rate = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        self.out_channels = min(self.channels, MAX_CHANNELS)
        self._length = int(self._file.frames)
        try:
            if self.channels > MAX_CHANNELS or self._length < 1:
                raise UnreliableError(f"{self.channels} channels, {self._length} samples")
            if len(self._read(self._length - 1, 1)) != 1:
                raise UnreliableError("shorter than it claims")
        except UnreliableError:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._file.close()

    def duration_s(self) -> float:
        return self._length / self.rate

    def blocks(self, start: int) -> Iterator[FloatArray]:
        for at in range(start, self._length, _BLOCK_SAMPLES):
            wanted = min(_BLOCK_SAMPLES, self._length - at)
            block = self._read(at if at == start else None, wanted)
            if len(block) != wanted:
                raise UnreliableError(f"{len(block)} samples of {wanted}")
            yield block

    def _read(self, at: int | None, length: int) -> FloatArray:
        try:
            if at is not None:
                self._file.seek(at)
            block = self._file.read(length, dtype="float32", always_2d=True)
        except Exception as error:
            raise UnreliableError(str(error)) from error
        return np.asarray(block, np.float32)


class FfmpegReader:
    """FFmpeg through PyAV. Raises UserInputError when the file cannot be read.

    It never seeks: browsers record WebM without an index, and the seek tables of other files are as
    trustworthy as their heads. Packets ahead of a window are read, at a million a second or so, and
    not decoded.
    """

    def __init__(self, data: bytes, container: Container) -> None:
        import av  # 0.15 s, and only files that libsndfile does not read need it

        try:
            self._file = av.open(
                io.BytesIO(data),
                "r",
                format=container.demuxer,
                options={"codec_whitelist": _CODECS},
                metadata_errors="ignore",
            )
        except Exception as error:
            raise UserInputError(_DAMAGED) from error
        self._failures = self._decoded = 0
        try:
            self._open_sound()
        except BaseException:
            self._file.close()
            raise

    def _open_sound(self) -> None:
        """Find the sound track and decode up to its first frame, the one witness of what it is."""
        streams = self._file.streams
        if not streams.audio:
            if streams.video:
                raise UserInputError("This video has no sound; choose one with a sound track.")
            raise UserInputError(_NO_SOUND)
        self._stream = streams.audio[0]
        codec = self._stream.codec_context
        if codec is None or codec.name not in _CODECS.split(","):
            raise UserInputError(
                "The sound in this file is of a kind that we cannot read; export it as WAV or MP3."
            )
        codec.thread_count = 1
        self._packets = self._demuxed()
        self._head: list[av.AudioFrame] = []
        for packet in self._packets:
            self._head = self._decode(packet)
            if self._head:
                break
        else:
            raise UserInputError(_DAMAGED if self._failures else _NO_SOUND)
        first = self._head[0]
        self.rate = int(first.sample_rate)
        self.channels = int(first.layout.nb_channels)
        self.out_channels = min(self.channels, MAX_CHANNELS)
        self._origin_s = self._time_s(first)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._file.close()

    def duration_s(self) -> float:
        frames_s = sum(frame.samples for frame in self._head) / self.rate
        end_s = self._origin_s + frames_s
        typical_s = (self._stream.codec_context.frame_size or 0) / self.rate
        for packet in self._packets:
            if packet.pts is not None and packet.time_base is not None:
                length_s = float((packet.duration or 0) * packet.time_base) or typical_s
                end_s = max(end_s, float(packet.pts * packet.time_base) + length_s)
        found_s = end_s - self._origin_s
        claimed_s = float((self._stream.duration or 0) * (self._stream.time_base or 0))
        # Packets are whole codec frames. A head that agrees with them up to that tells more: it
        # knows of the encoder's padding at the end.
        return claimed_s if 0 < claimed_s < found_s < claimed_s + 0.1 else found_s

    def blocks(self, start: int) -> Iterator[FloatArray]:
        codec = self._stream.codec_context
        decode_from_s = self._origin_s + start / self.rate - _PREROLL_S
        first_length = sum(frame.samples for frame in self._head)
        at: int | None = 0  # sample at which the next frame begins; None: ask the frame
        frames = self._head
        while True:
            for frame in frames:
                if frame.sample_rate != self.rate:
                    return
                if at is None:
                    at = self._position(frame, first_length)
                block = self._mixed(frame)
                if at + len(block) > start:
                    yield block[max(start - at, 0) :]
                at += len(block)
            packet = next(self._packets, None)
            while (
                packet is not None
                and packet.pts is not None
                and packet.time_base is not None
                and (at is None or at < start)
                and float(packet.pts * packet.time_base) < decode_from_s
            ):
                at = None
                packet = next(self._packets, None)
            if packet is None:
                break
            if at is None:
                codec.flush_buffers()
            frames = self._decode(packet)
        if self._failures > self._decoded:
            raise UserInputError(_DAMAGED)

    def _demuxed(self) -> Iterator[Any]:
        """The sound's packets, the last one empty, which makes the decoder give up its rest."""
        packets = self._file.demux(self._stream)
        for _ in range(_MAX_PACKETS):
            try:
                packet = next(packets, None)
            except Exception:  # noqa: BLE001 - broken off here; what came before counts
                return
            if packet is None:
                return
            yield packet
        raise UserInputError("The file is too long for us; cut it to an hour or less.")

    def _decode(self, packet: Any) -> list[av.AudioFrame]:
        try:
            frames = [frame for frame in self._stream.decode(packet) if frame.samples > 0]
        except Exception as error:
            self._failures += 1
            if self._failures > max(_MAX_FAILURES, self._decoded):
                raise UserInputError(_DAMAGED) from error
            return []
        self._decoded += 1
        return frames

    def _time_s(self, frame: av.AudioFrame) -> float:
        if frame.pts is None or frame.time_base is None:
            return 0.0
        return float(frame.pts * frame.time_base)

    def _position(self, frame: av.AudioFrame, first_length: int) -> int:
        """The sample of the sound at which a frame in the middle of the file begins."""
        position = round((self._time_s(frame) - self._origin_s) * self.rate)
        whole = first_length + round((position - first_length) / frame.samples) * frame.samples
        return whole if abs(whole - position) <= _SNAP_S * self.rate else position

    def _mixed(self, frame: av.AudioFrame) -> FloatArray:
        """A frame's samples, float32 [samples, out_channels]."""
        array: npt.NDArray[Any] = frame.to_ndarray()
        channels = frame.layout.nb_channels
        samples = array.T if frame.format.is_planar else array.reshape(-1, channels)
        samples = _as_float(samples)
        if channels > MAX_CHANNELS:
            samples = samples @ _stereo_gains(tuple(c.name for c in frame.layout.channels))
        if samples.shape[1] < self.out_channels:
            samples = np.repeat(samples, self.out_channels, axis=1)
        elif samples.shape[1] > self.out_channels:
            samples = samples.mean(axis=1, keepdims=True, dtype=np.float32)
        return np.ascontiguousarray(samples, np.float32)


def _as_float(samples: npt.NDArray[Any]) -> FloatArray:
    """Full scale to 1, as libsndfile does it."""
    if samples.dtype == np.uint8:
        return np.asarray((samples - np.float32(128.0)) / np.float32(128.0), np.float32)
    if samples.dtype.kind == "i":
        return np.asarray(samples * 2.0 ** (1 - 8 * samples.dtype.itemsize), np.float32)
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, which is reported
        return np.asarray(samples, np.float32)


def _stereo_gains(names: tuple[str, ...]) -> FloatArray:
    """float32 [channels, 2]; columns sum to 1, so that no mix is louder than full scale."""
    if len(names) == len(_FIVE_ONE) and not set(names) <= set(_TO_STEREO):
        names = _FIVE_ONE  # six channels without places are 5.1 in the usual order
    if set(names) <= set(_TO_STEREO):
        gains = np.array([_TO_STEREO[name] for name in names])
        if (gains.sum(axis=0) > 0).all():
            return np.asarray(gains / gains.sum(axis=0), np.float32)
    return np.full((len(names), MAX_CHANNELS), 1 / len(names), np.float32)

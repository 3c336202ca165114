"""Sound and video files of every kind, made in memory: what visitors upload, and what they may."""

import functools
import io
import struct
from collections.abc import Iterator, Mapping

import av
import numpy as np
import soundfile as sf

RATE = 44100
Files = dict[str, tuple[str, bytes]]


def tone(seconds: float, rate: int = RATE, channels: int = 2, level: float = 0.2) -> np.ndarray:
    """float32 [samples, channels]: a different slow melody of three partials in each channel."""
    t = np.arange(round(seconds * rate)) / rate
    out = np.empty((len(t), channels), np.float32)
    for channel in range(channels):
        vibrato = np.sin(2 * np.pi * 0.7 * t + channel)
        phase = 2 * np.pi * (220 + 55 * channel) * t + 8 * vibrato
        wave = sum(np.sin(k * phase) / k for k in (1, 2, 3))
        out[:, channel] = level * wave * (0.6 + 0.4 * np.sin(2 * np.pi * 0.31 * t))
    return out


def encoded(samples: np.ndarray, rate: int, container: str, subtype: str | None = None) -> bytes:
    """By libsndfile, a second at a time: its Vorbis encoder takes no hour in one go."""
    buffer = io.BytesIO()
    channels = samples.shape[1]
    with sf.SoundFile(buffer, "w", rate, channels, subtype, format=container) as file:
        for at in range(0, len(samples), rate):
            file.write(samples[at : at + rate])
    return buffer.getvalue()


class _NoSeek(io.RawIOBase):
    """Where a browser's recorder writes: nothing is ever put right afterwards."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, chunk) -> int:
        self.data += bytes(chunk)
        return len(chunk)


def muxed(
    samples: np.ndarray | None,
    rate: int,
    container: str,
    codec: str,
    *,
    video: str | None = None,
    layout: str | None = None,
    live: bool = False,
    options: dict[str, str] | None = None,
) -> bytes:
    """By FFmpeg: sound, or pictures, or both. `live`: as a stream, without lengths or an index."""
    target = _NoSeek() if live else io.BytesIO()
    with av.open(target, "w", format=container, options=options or {}) as file:
        pictures = None
        if video:
            pictures = file.add_stream(video, rate=5)
            pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        sound = None
        if samples is not None:
            layout = layout or ("mono" if samples.shape[1] == 1 else "stereo")
            sound = file.add_stream(codec, rate=rate, layout=layout)
        if pictures is not None:
            seconds = 4 if samples is None else len(samples) / rate
            for index in range(round(seconds * 5)):
                picture = np.full((48, 64, 3), index % 255, np.uint8)
                file.mux(pictures.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            file.mux(pictures.encode(None))
        if sound is not None:
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples.T, np.float32), format="fltp", layout=layout
            )
            frame.sample_rate, frame.pts = rate, 0
            context = sound.codec_context
            chopper = av.AudioResampler(
                context.format, layout, rate, frame_size=context.frame_size or 1024
            )
            for piece in [*chopper.resample(frame), *chopper.resample(None)]:
                file.mux(sound.encode(piece))
            file.mux(sound.encode(None))
    return bytes(target.data) if isinstance(target, _NoSeek) else target.getvalue()


def recorded_webm(seconds: float, rate: int = 48000, channels: int = 1) -> bytes:
    """Opus in WebM as Chrome's and Firefox's MediaRecorder write it: no duration, no index."""
    return muxed(tone(seconds, rate, channels), rate, "webm", "libopus", live=True)


def recorded_mp4(seconds: float, rate: int = 44100) -> bytes:
    """AAC in fragmented MP4 as Safari's MediaRecorder writes it: no duration in the head."""
    flags = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "1000000"}
    return muxed(tone(seconds, rate, 1), rate, "mp4", "aac", live=True, options=flags)


def with_wav_size(wav: bytes, riff: int, data: int) -> bytes:
    """The same WAV with other sizes in its head."""
    at = wav.index(b"data") + 4
    head = wav[:4] + struct.pack("<I", riff) + wav[8:at]
    return head + struct.pack("<I", data) + wav[at + 4 :]


@functools.cache
def hour_long() -> bytes:
    """An hour of quiet mono Vorbis at 8 kHz, about 2 MB, with a sound of its own each minute."""
    t = np.arange(8000 * 60) / 8000
    buffer = io.BytesIO()
    with sf.SoundFile(buffer, "w", 8000, 1, "VORBIS", format="OGG") as file:
        for minute in range(60):
            wave = 0.2 * np.sin(2 * np.pi * hour_hz(minute) * t)
            for at in range(0, len(wave), 8000):
                file.write(wave[at : at + 8000])
    return buffer.getvalue()


def hour_hz(minute: int) -> float:
    """The pitch of a minute of `hour_long`."""
    return 200.0 + 10.0 * minute


class _GoodInputs(Mapping):
    """name -> (file name, bytes) of files that must give sound: 4 s unless the name says more.

    The hour takes seconds to make, so it is made when it is asked for and not to collect tests.
    """

    def __getitem__(self, name: str) -> tuple[str, bytes]:
        return ("hour.ogg", hour_long()) if name == "hour" else _short_inputs()[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*_short_inputs(), "hour"))

    def __len__(self) -> int:
        return len(_short_inputs()) + 1


def good_inputs() -> Mapping[str, tuple[str, bytes]]:
    """The files above by name."""
    return _GoodInputs()


@functools.cache
def _short_inputs() -> Files:
    sound, mono, wide = tone(4), tone(4, channels=1), tone(4, channels=6)
    pcm = encoded(sound, RATE, "WAV", "PCM_16")
    mp3 = encoded(sound, RATE, "MP3")
    return {
        "wav": ("clip.wav", pcm),
        "wav mono": ("mono.wav", encoded(mono, RATE, "WAV", "PCM_16")),
        "wav u8": ("u8.wav", encoded(mono, RATE, "WAV", "PCM_U8")),
        "wav 24-bit": ("deep.wav", encoded(sound, RATE, "WAV", "PCM_24")),
        "wav float32": ("float.wav", encoded(sound, RATE, "WAV", "FLOAT")),
        "wav float32 over full scale": ("hot.wav", encoded(sound * 20, RATE, "WAV", "FLOAT")),
        "wav 8 kHz": ("phone.wav", encoded(tone(4, 8000, 1), 8000, "WAV", "PCM_16")),
        "wav 96 kHz 24-bit": ("studio.wav", encoded(tone(4, 96000), 96000, "WAV", "PCM_24")),
        "wav 6 channels": ("surround.wav", encoded(wide, RATE, "WAV", "PCM_16")),
        "wav silence": ("silence.wav", encoded(sound * 0, RATE, "WAV", "PCM_16")),
        "wav 5 s": ("five.wav", encoded(tone(5), RATE, "WAV", "PCM_16")),
        "wav streamed": ("stream.wav", with_wav_size(pcm, 0xFFFFFFFF, 0xFFFFFFFF)),
        "wav size 0": ("crashed.wav", with_wav_size(pcm, 0, 0)),
        "wav size too large": ("cut.wav", with_wav_size(pcm, len(pcm) - 8, 10 * len(pcm))),
        "wav size too small": ("early.wav", with_wav_size(pcm, len(pcm) - 8, 1000)),
        "wav named by a path": ("../../etc/passwd\\..\\a b;$(x)\n.wav", pcm),
        "flac": ("clip.flac", encoded(sound, RATE, "FLAC")),
        "mp3": ("clip.mp3", mp3),
        "mp3 truncated": ("half.mp3", mp3[: len(mp3) // 2]),
        "ogg vorbis": ("clip.ogg", encoded(sound, RATE, "OGG", "VORBIS")),
        "ogg opus": ("clip.opus", encoded(tone(4, 48000), 48000, "OGG", "OPUS")),
        "aiff": ("clip.aiff", encoded(sound, RATE, "AIFF", "PCM_16")),
        "m4a": ("clip.m4a", muxed(sound, RATE, "ipod", "aac")),
        "m4a alac": ("lossless.m4a", muxed(sound, RATE, "ipod", "alac")),
        "aac": ("clip.aac", muxed(sound, RATE, "adts", "aac")),
        "webm": ("clip.webm", muxed(tone(4, 48000), 48000, "webm", "libopus")),
        "webm recorded": ("recording.webm", recorded_webm(4)),
        "mp4 recorded": ("recording.mp4", recorded_mp4(4)),
        "mp4 video": ("film.mp4", muxed(sound, RATE, "mp4", "aac", video="mpeg4")),
        "webm video": (
            "film.webm",
            muxed(tone(4, 48000), 48000, "webm", "libopus", video="libvpx"),
        ),
        "mkv video": ("film.mkv", muxed(sound, RATE, "matroska", "flac", video="mpeg4")),
        "mov video": ("film.mov", muxed(sound, RATE, "mov", "pcm_s16le", video="mpeg4")),
    }


def bad_inputs() -> Files:
    """name -> (file name, bytes) of files that must be refused with one clear sentence."""
    return dict(_bad_inputs())


@functools.cache
def _bad_inputs() -> Files:
    sound = tone(4)
    broken = {name: sound.copy() for name in ("nan", "inf")}
    broken["nan"][RATE : RATE + 10] = np.nan
    broken["inf"][RATE, 1] = np.inf
    m4a = muxed(sound, RATE, "ipod", "aac")
    rng = np.random.default_rng(0)
    return {
        "empty": ("empty.wav", b""),
        "text named .wav": ("notes.wav", b"Dear Encore, this is a letter and no sound.\n" * 400),
        "playlist named .wav": ("list.wav", b"#EXTM3U\n#EXTINF:5,\nfile:///etc/hostname\n"),
        "noise bytes named .mp3": ("noise.mp3", rng.bytes(50_000)),
        "wav head alone": ("head.wav", encoded(sound[:0], RATE, "WAV", "PCM_16")),
        "wav 0.2 s": ("blip.wav", encoded(tone(0.2), RATE, "WAV", "PCM_16")),
        "webm 0.2 s": ("blip.webm", recorded_webm(0.2)),
        "wav nan": ("nan.wav", encoded(broken["nan"], RATE, "WAV", "FLOAT")),
        "wav inf": ("inf.wav", encoded(broken["inf"], RATE, "WAV", "FLOAT")),
        "video without sound": ("mute.mp4", muxed(None, RATE, "mp4", "aac", video="mpeg4")),
        "webm without sound": ("mute.webm", muxed(None, RATE, "webm", "libopus", video="libvpx")),
        "over 25 MB": ("large.wav", b"RIFF" + bytes(26 * 2**20)),
        "m4a without its end": ("cut.m4a", m4a[: len(m4a) // 2]),
        "flac of rubbish": ("rubbish.flac", b"fLaC" + rng.bytes(20_000)),
        "webm of rubbish": ("rubbish.webm", b"\x1aE\xdf\xa3" + rng.bytes(20_000)),
        "picture named .wav": ("picture.wav", b"\x89PNG\r\n\x1a\n" + rng.bytes(5_000)),
    }

"""What decoding refuses, how little it takes, and that nothing mangled brings it down."""

import io
import struct
import time
import tracemalloc

import numpy as np
import pytest
import soundfile as sf

from core import decoding
from core.decoding import decode, probe
from core.errors import UserInputError
from tests.unit import media


def pitch_hz(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * rate / len(samples))


def test_rates_too_low_for_music_are_refused():
    data = media.encoded(media.tone(4, 1000, 1), 1000, "WAV", "PCM_16")
    with pytest.raises(UserInputError, match="1000 samples a second"):
        probe(data)
    with pytest.raises(UserInputError, match="1000 samples a second"):
        decode(data)


def test_exactly_25_mb_is_taken_and_a_byte_more_is_not():
    wav = media.encoded(media.tone(2, channels=1), 44100, "WAV", "PCM_16")
    full = wav + b"junk" + struct.pack("<I", decoding.MAX_BYTES - len(wav) - 8)
    full += bytes(decoding.MAX_BYTES - len(full))
    assert decode(full).duration_s == pytest.approx(2)
    with pytest.raises(UserInputError, match="25 MB"):
        probe(full + b"\0")


def aac_hour() -> bytes:
    piece = media.muxed(media.tone(10, 8000, 1), 8000, "adts", "aac")
    return piece * 360


@pytest.mark.parametrize("make", [media.hour_long, aac_hour])
def test_a_window_of_an_hour_takes_little_memory_and_time(make):
    data = make()
    before = time.perf_counter()
    assert probe(data).duration_s == pytest.approx(3600, rel=0.03)
    decode(data, start_s=3000, seconds=30)
    assert time.perf_counter() - before < 15  # whole: minutes of decoding
    tracemalloc.start()
    try:
        clip = decode(data, start_s=3000, seconds=30)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert clip.length == 30 * 8000
    assert peak_bytes < 16e6  # the hour itself is 115 MB


def test_the_right_minute_of_an_hour():
    clip = decode(media.hour_long(), start_s=50 * 60 + 10, seconds=5)
    assert pitch_hz(clip.samples[0], 8000) == pytest.approx(media.hour_hz(50), abs=0.5)


def test_output_is_bounded_even_for_silence_at_an_absurd_rate():
    buffer = io.BytesIO()
    with sf.SoundFile(buffer, "w", 655350, 2, "PCM_16", format="FLAC") as file:
        for _ in range(6):
            file.write(np.zeros((655350, 2), np.int16))
    tracemalloc.start()
    try:
        clip = decode(buffer.getvalue())
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (clip.sample_rate, clip.length) == (48000, 6 * 48000)
    assert peak_bytes < 16e6  # 31 MB at the file's own rate


def test_mangled_files_give_sound_or_a_sentence_and_end_soon():
    rng = np.random.default_rng(7)
    outcomes = set()
    for name, (_, good) in media.good_inputs().items():
        if name == "hour":
            continue
        for _ in range(4):
            data = bytearray(good[: rng.integers(len(good) // 2, len(good) + 1)])
            for at in rng.integers(0, rng.choice([400, len(data)]), 12):
                data[at] = rng.integers(256)
            before = time.perf_counter()
            try:
                outcomes.add(decode(bytes(data), start_s=0.5, seconds=1).channels > 0)
            except UserInputError:
                outcomes.add(False)
            assert time.perf_counter() - before < 10
    assert outcomes == {True, False}

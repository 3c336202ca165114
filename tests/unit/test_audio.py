import io

import numpy as np
import pytest
import soundfile as sf

from core import audio
from core.audio import Clip
from tests.unit.media import tone


def clip(seconds=1.0, rate=44100, channels=2):
    return Clip(tone(seconds, rate, channels).T, rate)


def sine(hz, seconds, rate, level=1.0, channels=1):
    wave = level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
    return Clip(np.tile(wave.astype(np.float32), (channels, 1)), rate)


def test_a_clip_knows_its_measures():
    c = clip(1.5, 8000)
    assert (c.channels, c.length, c.duration_s) == (2, 12000, 1.5)
    assert c.samples.dtype == np.float32
    assert c.samples.flags.c_contiguous
    assert np.allclose(c.mono(), tone(1.5, 8000).mean(axis=1), atol=1e-7)
    assert c.peak() == np.abs(tone(1.5, 8000)).max()
    assert np.array_equal(c.scaled(0.5).samples, c.samples * np.float32(0.5))


def test_a_clip_cannot_be_changed_not_even_through_the_array_it_came_from():
    array = np.zeros((1, 100), np.float32)
    c = Clip(array, 8000)
    array[:] = 1
    assert c.peak() == 0
    with pytest.raises(ValueError, match="read-only"):
        c.samples[0, 0] = 1
    with pytest.raises(AttributeError):
        c.sample_rate = 1
    with pytest.raises(ValueError, match="read-only"):
        c.between(0, 0.005).samples[0, 0] = 1


@pytest.mark.parametrize(
    ("samples", "rate", "says"),
    [
        (np.zeros(10), 8000, "channels, samples"),
        (np.zeros((0, 10)), 8000, "channels, samples"),
        (np.zeros((1, 1, 10)), 8000, "channels, samples"),
        (np.zeros((1, 10)), 0, "positive"),
        (np.zeros((1, 10)), -8000, "positive"),
        (np.array([[0.0, np.nan]]), 8000, "finite"),
        (np.array([[0.0, -np.inf]]), 8000, "finite"),
    ],
)
def test_what_is_no_clip_is_refused(samples, rate, says):
    with pytest.raises(ValueError, match=says):
        Clip(samples, rate)


def test_an_empty_clip_is_a_clip():
    empty = Clip(np.zeros((2, 0), np.float32), 8000)
    assert (empty.peak(), empty.duration_s) == (0.0, 0.0)
    assert empty.resampled(44100).samples.shape == (2, 0)
    assert audio.loudness_lufs(empty) == audio.LOUDNESS_FLOOR_LUFS
    assert sf.read(io.BytesIO(audio.encode_wav(empty)))[0].shape == (0, 2)


def test_between_cuts_at_the_ends_and_pieces_make_the_whole():
    c = clip(2.0, 8000)
    assert np.array_equal(c.between(0.5, 1.25).samples, c.samples[:, 4000:10000])
    assert c.between(-1, 99).length == c.length
    assert c.between(1.5, 1.0).length == 0
    assert c.between(5, 6).length == 0
    joined = audio.join(c.between(0, 0.7), c.between(0.7, 2))
    assert np.array_equal(joined.samples, c.samples)


def test_channels_become_fewer_by_the_mean_and_more_by_repetition():
    c = clip(0.1)
    assert c.with_channels(2) is c
    assert np.array_equal(c.with_channels(1).samples[0], c.mono())
    assert np.array_equal(c.with_channels(4).samples, c.samples[[0, 1, 1, 1]])
    assert np.array_equal(c.with_channels(1).with_channels(2).mono(), c.mono())


def test_join_brings_the_second_to_the_rate_and_channels_of_the_first():
    first, second = clip(1.0, 44100, 2), clip(0.5, 22050, 1)
    joined = audio.join(first, second)
    assert (joined.sample_rate, joined.channels, joined.length) == (44100, 2, 44100 + 22050)
    assert np.array_equal(joined.samples[:, :44100], first.samples)
    assert np.array_equal(joined.samples[0, 44100:], joined.samples[1, 44100:])


@pytest.mark.parametrize("length", [1, 7, 999, 44100, 44101])
@pytest.mark.parametrize(("old", "new"), [(44100, 48000), (44100, 22050), (48000, 8000), (7, 11)])
def test_resampled_length_is_exact(length, old, new):
    c = Clip(np.ones((2, length), np.float32) * 0.1, old)
    out = c.resampled(new)
    assert (out.length, out.sample_rate, out.channels) == (round(length * new / old), new, 2)


def test_resampling_keeps_the_wave_and_removes_what_does_not_fit():
    down = sine(1000, 1.0, 48000, 0.5).resampled(16000)
    expected = sine(1000, 1.0, 16000, 0.5)
    inner = slice(200, -200)
    assert np.abs(down.samples[:, inner] - expected.samples[:, inner]).max() < 1e-3
    assert np.abs(sine(10000, 1.0, 48000).resampled(16000).samples[:, inner]).max() < 1e-3
    same = clip()
    assert same.resampled(44100) is same


def test_sha256_is_of_the_sound_alone():
    c = clip()
    again = Clip(c.samples.copy(), 44100)
    assert c.sha256() == again.sha256()
    others = [c.between(0, 0.9), Clip(c.samples, 48000), c.with_channels(1), c.scaled(0.999)]
    others.append(Clip(c.samples.reshape(1, -1), 44100))
    assert len({c.sha256(), *(other.sha256() for other in others)}) == 6


def test_fit_length_cuts_and_pads():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert np.array_equal(audio.fit_length(array, 2), array[:, :2])
    assert np.array_equal(audio.fit_length(array, 5), [[0, 1, 2, 0, 0], [3, 4, 5, 0, 0]])


@pytest.mark.parametrize("length", [0, 1, 2, 100, 4096])
def test_equal_power_fades_sum_to_one_in_power_and_mirror_each_other(length):
    out, inn = audio.equal_power_fades(length)
    assert out.shape == inn.shape == (length,)
    assert np.allclose(out**2 + inn**2, 1, atol=1e-6)
    assert np.allclose(out, inn[::-1], atol=1e-6)
    assert (np.diff(out) < 0).all()


@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.3, 0.8, 1.0, 1.7])
def test_matched_fades_keep_the_power_of_signals_that_correlate(correlation):
    out, inn = audio.matched_fades(512, correlation)
    r = min(max(correlation, 0), 1)
    assert np.allclose(out**2 + inn**2 + 2 * r * out * inn, 1, atol=1e-5)
    rng = np.random.default_rng(0)
    a = rng.standard_normal((4000, 512))
    b = r * a + np.sqrt(1 - r * r) * rng.standard_normal((4000, 512))
    assert np.mean((a * out + b * inn) ** 2, axis=0) == pytest.approx(1, abs=0.12)
    if r == 1:
        assert np.allclose(out + inn, 1, atol=1e-6)  # the same on both sides passes unchanged


def test_correlation():
    a = tone(0.2, 8000).astype(np.float32)
    assert audio.correlation(a, a * 3) == pytest.approx(1, abs=1e-6)
    assert audio.correlation(a, -a) == pytest.approx(-1, abs=1e-6)
    assert audio.correlation(a, a * 0) == 0
    t = np.arange(8000, dtype=np.float32) / 8000
    quadrature = np.sin(2 * np.pi * 100 * t), np.cos(2 * np.pi * 100 * t)
    assert audio.correlation(*quadrature) == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("rate", [44100, 48000, 22050])
@pytest.mark.parametrize(
    ("level_db", "channels", "lufs"),
    [(0, 1, -3.01), (-20, 1, -23.01), (-23, 2, -23.0), (-40, 2, -40.0)],
)
def test_loudness_of_a_997_hz_sine(rate, level_db, channels, lufs):
    # ITU-R BS.1770-4: a 997 Hz sine at 0 dBFS in one channel is -3.01 LKFS; in two, 3 dB more.
    measured = audio.loudness_lufs(sine(997, 3, rate, 10 ** (level_db / 20), channels))
    assert measured == pytest.approx(lufs, abs=0.1)


def test_loudness_of_silence_and_of_very_short_clips():
    assert audio.loudness_lufs(sine(997, 2, 44100, 0)) == audio.LOUDNESS_FLOOR_LUFS
    assert audio.loudness_lufs(sine(997, 2, 44100, 1e-5)) == audio.LOUDNESS_FLOOR_LUFS
    short = sine(1000, 0.1, 48000)  # whole periods, so that the repetition has no seam
    assert audio.loudness_lufs(short) == pytest.approx(-3.0, abs=0.2)


@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (8000, 1), (48000, 2)])
@pytest.mark.parametrize("encode", [audio.encode_wav, audio.encode_flac])
def test_encoded_sound_reads_back(encode, rate, channels):
    c = clip(0.5, rate, channels)
    data = encode(c)
    with sf.SoundFile(io.BytesIO(data)) as file:
        assert (file.samplerate, file.channels, file.frames) == (rate, channels, c.length)
        assert file.subtype == "PCM_16"
        pcm = file.read(dtype="int16", always_2d=True)
    assert np.array_equal(pcm, np.round(c.samples.T * 32767).astype(np.int16))
    assert np.abs(audio.from_pcm16(pcm, rate).samples - c.samples).max() <= 0.5 / 32767 + 1e-7


def test_pcm_survives_any_number_of_round_trips():
    values = np.arange(-32767, 32768, dtype=np.int16)[:, None]
    data = audio.encode_wav(audio.from_pcm16(values, 8000))
    assert np.array_equal(sf.read(io.BytesIO(data), dtype="int16", always_2d=True)[0], values)
    again = audio.from_pcm16(sf.read(io.BytesIO(data), dtype="int16", always_2d=True)[0], 8000)
    assert audio.encode_wav(again) == data


def test_beyond_full_scale_is_clipped_and_never_wraps():
    loud = Clip(np.array([[1.5, -1.5, 1.0, -1.0, 100.0]], np.float32), 8000)
    for encode in (audio.encode_wav, audio.encode_flac):
        pcm = sf.read(io.BytesIO(encode(loud)), dtype="int16")[0]
        assert pcm.tolist() == [32767, -32768, 32767, -32767, 32767]


def test_sparse_clips_of_equal_length_differ_in_the_first_128_bytes():
    # Longer than 1 MiB and alike wherever Streamlit looks: at the start, the middle and the end.
    heads = set()
    for at in (200_000, 200_001, 900_000):
        samples = np.zeros((1, 1_200_000), np.float32)
        samples[0, at] = 0.5
        data = audio.encode_wav(Clip(samples, 48000))
        heads.add(data[:128])
        assert len(data) > 2**20
    assert len(heads) == 3


def test_the_wav_is_well_formed_and_the_same_each_time():
    c = clip(0.3)
    data = audio.encode_wav(c)
    assert data == audio.encode_wav(c)
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    chunks, at = {}, 12
    while at < len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        chunks[data[at : at + 4]] = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    assert at == len(data)
    assert list(chunks) == [b"fmt ", b"LIST", b"data"]
    assert chunks[b"LIST"].startswith(b"INFOICMT")

import numpy as np
import pytest

from core import decoding
from core.decoding import decode, is_silent, probe
from core.errors import UserInputError
from core.sniffing import sniff
from tests.unit import media

GOOD = sorted(media.good_inputs())
BAD = sorted(media.bad_inputs())
NOT_SEEN = ("nan", "inf")
LOSSY = ("ogg", "mp3", "m4a", "aac", "webm", "mp4", "hour")


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.vdot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))


@pytest.mark.parametrize("name", GOOD)
def test_every_good_file_decodes_and_its_probe_agrees(name):
    _, data = media.good_inputs()[name]
    info, clip = probe(data), decode(data)
    seconds = {"hour": 3600.0, "wav 5 s": 5.0, "mp3 truncated": 2.0}.get(name, 4.0)
    assert info.duration_s == pytest.approx(seconds, abs=0.07)
    assert clip.duration_s == pytest.approx(
        min(info.duration_s, decoding.MAX_DECODED_SECONDS), abs=0.03
    )
    assert clip.sample_rate == min(info.sample_rate, 48000)
    assert clip.channels == min(info.channels, 2)
    assert clip.peak() <= 1.0
    assert is_silent(clip) == (name == "wav silence")


@pytest.mark.parametrize("name", [n for n in GOOD if n != "wav float32 over full scale"])
def test_a_window_is_that_slice_of_the_whole(name):
    _, data = media.good_inputs()[name]
    start = 0.613 if name == "mp3 truncated" else 2.613  # beyond the preroll of 1 s
    window, expected = decode(data, start_s=start, seconds=1.1), decode(data)
    expected = expected.between(start, start + 1.1)
    exact = not name.startswith(LOSSY) and "96 kHz" not in name
    assert window.samples.shape == expected.samples.shape
    tolerance = 0.0 if exact or name.startswith("mp3") else 1e-4
    assert np.abs(window.samples - expected.samples).max() <= tolerance


@pytest.mark.parametrize(
    ("name", "read"),
    # Samples are looked at when they are decoded.
    [
        (n, read)
        for n in BAD
        for read in (probe, decode)
        if read is decode or n[-3:] not in NOT_SEEN
    ],
)
def test_every_bad_file_gives_one_sentence(name, read):
    _, data = media.bad_inputs()[name]
    with pytest.raises(UserInputError) as caught:
        read(data)
    message = str(caught.value)
    assert message.endswith(".")
    assert ". " not in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("empty", "is empty"),
        ("text named .wav", "not a sound or video file"),
        ("playlist named .wav", "not a sound or video file"),
        ("wav 0.2 s", "holds 0.20 s"),
        ("webm 0.2 s", "holds 0.20 s"),
        ("wav nan", "invalid samples"),
        ("wav inf", "invalid samples"),
        ("video without sound", "video has no sound"),
        ("webm without sound", "video has no sound"),
        ("over 25 MB", "the most we take is 25 MB"),
        ("m4a without its end", "damaged"),
        ("wav head alone", "no sound in it"),
    ],
)
def test_the_sentence_fits_the_fault(name, says):
    with pytest.raises(UserInputError, match=says):
        decode(media.bad_inputs()[name][1])


@pytest.mark.parametrize(
    ("name", "at_least"),
    [
        *[(name, 0.999) for name in ("mp3", "ogg vorbis", "m4a", "mp4 video", "wav u8")],
        *[(name, 1 - 1e-6) for name in ("wav 24-bit", "flac", "aiff", "m4a alac")],
        *[(name, 1 - 1e-6) for name in ("mkv video", "mov video")],
    ],
)
def test_the_sound_is_the_one_that_went_in_and_stays_stereo(name, at_least):
    clip = decode(media.good_inputs()[name][1])
    original = media.tone(4, channels=clip.channels).T
    length = min(original.shape[1], clip.length)
    for channel in range(clip.channels):
        heard, sent = clip.samples[channel, :length], original[channel, :length]
        assert similarity(heard, sent) > at_least
        assert np.linalg.norm(heard) == pytest.approx(np.linalg.norm(sent), rel=0.02)


@pytest.mark.parametrize(("subtype", "step"), [("PCM_16", 2**-15), ("PCM_24", 2**-23)])
@pytest.mark.parametrize("container", ["WAV", "FLAC"])
def test_lossless_samples_are_exact(container, subtype, step):
    original = media.tone(1.5)
    clip = decode(media.encoded(original, 44100, container, subtype))
    assert np.abs(clip.samples.T - original).max() <= step
    assert np.array_equal(clip.samples / step, np.round(clip.samples / step))


def test_96_khz_comes_down_to_48_without_a_shift():
    clip = decode(media.good_inputs()["wav 96 kHz 24-bit"][1])
    assert (clip.sample_rate, clip.length) == (48000, 4 * 48000)
    assert np.abs(clip.samples[:, 999:-999] - media.tone(4, 96000)[::2].T[:, 999:-999]).max() < 1e-4


@pytest.mark.parametrize("rate", [44101, 88200, 176400, 192000])
def test_any_rate_and_the_window_too(rate):
    data = media.encoded(media.tone(3, rate, 1), rate, "FLAC")
    whole, window = decode(data), decode(data, start_s=1.4567, seconds=1.2)
    assert whole.sample_rate == min(rate, 48000)
    assert whole.duration_s == pytest.approx(3, abs=1e-4)
    expected = whole.between(1.4567, 1.4567 + 1.2).samples
    assert window.samples.shape == expected.shape
    assert np.abs(window.samples - expected).max() < 1e-5


def surround(*heard: int) -> np.ndarray:
    out = np.zeros((44100, 6), np.float32)
    out[:, list(heard)] = media.tone(1, channels=1)
    return out


@pytest.mark.parametrize("container", ["WAV", "WAVEX", "FLAC"])
def test_five_one_is_mixed_to_stereo_as_bs_775_says(container):
    signal = media.tone(1, channels=1)[:, 0]
    third = 1 + 2 * np.sqrt(0.5)
    gains = {
        0: (1 / third, 0),
        1: (0, 1 / third),
        2: (np.sqrt(0.5) / third, np.sqrt(0.5) / third),
        3: (0, 0),
        4: (np.sqrt(0.5) / third, 0),
        5: (0, np.sqrt(0.5) / third),
    }
    for channel, (left, right) in gains.items():
        clip = decode(media.encoded(surround(channel), 44100, container, "PCM_16"))
        assert np.abs(clip.samples[0] - left * signal).max() < 1e-4
        assert np.abs(clip.samples[1] - right * signal).max() < 1e-4


def test_vorbis_keeps_another_order_of_its_six_channels():
    # Vorbis I, 4.3.9: front left, centre, front right, ... so that channel 1 is in the middle.
    clip = decode(media.encoded(surround(1), 44100, "OGG", "VORBIS"))
    assert similarity(clip.samples[0], clip.samples[1]) > 0.999


def test_many_channels_of_unknown_place_are_averaged():
    wide = media.tone(1, channels=11)
    clip = decode(media.encoded(wide, 44100, "WAV", "PCM_24"))
    assert clip.channels == 2
    assert np.abs(clip.samples - wide.mean(axis=1)).max() < 1e-5


def test_peaks_a_little_over_full_scale_are_clipped_and_more_scales_the_window():
    sound = media.tone(2)
    sound /= np.abs(sound).max()
    little = decode(media.encoded(sound * 1.2, 44100, "WAV", "FLOAT"))
    assert np.array_equal(little.samples, np.clip(sound * np.float32(1.2), -1, 1).T)
    much = decode(media.encoded(sound * 30000, 44100, "WAV", "FLOAT"))
    assert np.abs(much.samples - sound.T).max() < 1e-6


@pytest.mark.parametrize("make", [media.recorded_webm, media.recorded_mp4])
def test_recordings_of_browsers_have_no_length_in_their_head_and_are_read_whole(make):
    data = make(7)
    assert probe(data).duration_s == pytest.approx(7, abs=0.05)
    assert decode(data).duration_s == pytest.approx(7, abs=0.05)
    assert decode(data, start_s=4.5, seconds=2).duration_s == pytest.approx(2)


def test_a_recording_that_breaks_off_gives_what_is_there():
    data = media.recorded_webm(8)
    assert probe(data[: len(data) // 2]).duration_s == pytest.approx(4, abs=1)
    assert decode(data[: len(data) // 2]).duration_s == pytest.approx(4, abs=1)


@pytest.mark.parametrize("total", [0, 10**9])
def test_a_flac_with_a_wrong_length_in_its_head_is_read_whole(total):
    data = bytearray(media.encoded(media.tone(3), 44100, "FLAC"))
    packed = int.from_bytes(data[18:26], "big") >> 36 << 36 | total
    data[18:26] = packed.to_bytes(8, "big")
    assert probe(bytes(data)).duration_s == pytest.approx(3, abs=0.01)
    assert decode(bytes(data)).duration_s == pytest.approx(3, abs=0.01)


@pytest.mark.parametrize("container", ["FLAC", "OGG", "AIFF"])
def test_cut_files_give_what_is_there(container):
    data = media.encoded(media.tone(6), 44100, container)
    cut = data[: len(data) * 2 // 3]
    clip = decode(cut)
    assert 2.5 < clip.duration_s < 4.5
    assert probe(cut).duration_s == pytest.approx(clip.duration_s, abs=0.1)
    whole = decode(data)
    length = clip.length - 5000
    assert similarity(clip.samples[:, :length], whole.samples[:, :length]) > 0.999


def test_an_mp3_with_damage_in_its_middle_plays_on_behind_it():
    data = bytearray(media.encoded(media.tone(8), 44100, "MP3"))
    data[len(data) // 2 : len(data) // 2 + 2000] = bytes(2000)
    assert decode(bytes(data)).duration_s > 6.5


def test_tags_and_padding_ahead_of_the_sound_do_no_harm():
    tag = b"ID3\x04\x00\x00" + bytes([0, 2, 0, 0]) + b"\xff\xfb" * (2 * 128 * 128 // 2)
    for container, name in (("MP3", "MP3"), ("FLAC", "FLAC")):
        sound = media.encoded(media.tone(2), 44100, container)
        assert probe(tag + sound).format == name
        assert decode(tag + sound).duration_s == pytest.approx(2, abs=0.06)
    mp3 = media.encoded(media.tone(2), 44100, "MP3")
    assert decode(bytes(3000) + mp3).duration_s == pytest.approx(2, abs=0.1)


def test_the_format_is_told_from_the_bytes():
    expected = {"flac": "FLAC", "m4a": "M4A", "webm recorded": "WebM", "mkv video": "Matroska"}
    expected |= {"aac": "AAC", "mp4 video": "MP4", "mov video": "QuickTime", "ogg opus": "Ogg"}
    for name, title in expected.items():
        assert probe(media.good_inputs()[name][1]).format == title
    # Formats that FFmpeg would recognise, and that name other files to be opened, are none.
    for data in (b"#EXTM3U\nhttp://127.0.0.1/x\n", b"ffconcat version 1.0\nfile '/etc/hosts'\n"):
        assert sniff(data) is None


def test_starts_beyond_the_end_and_windows_longer_than_the_rest():
    data = media.good_inputs()["wav"][1]
    for start in (3.5, 4.0, 1e6):
        with pytest.raises(UserInputError, match="choose an earlier start"):
            decode(data, start_s=start)
    assert decode(data, start_s=2.5, seconds=60).duration_s == pytest.approx(1.5)
    assert decode(data, start_s=1, seconds=0.25).duration_s == pytest.approx(0.25)
    with pytest.raises(UserInputError, match="choose an earlier start"):
        decode(media.good_inputs()["m4a"][1], start_s=900)

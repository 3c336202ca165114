"""What `structure` hears beneath its path: other moments that fit as well, mixed in softly.

No one knows which of several past moments comes next, and the mean of the likely ones is nearer to
what does come than any of them. `spectral`'s network says of each range of the spectrum how much of
each of six moments it expects; in these shares they are mixed, each aligned to the sample with the
path's own sound, and each mel band is brought to the level expected. Phases are those of the sounds
themselves. Shares are made less equal than they are said, for in equal parts sounds blur each
other. Moments that differ much from what is played are left out: two sentences at once would be a
crowd.
"""

from __future__ import annotations

from dataclasses import dataclass

import librosa
import numpy as np
from scipy.ndimage import uniform_filter1d

from core.audio import Clip, FloatArray, correlation, fit_length, matched_fades
from core.extrapolation.candidates import CANDIDATES, FRAMES, SECOND
from core.extrapolation.painting import BANDS, GROUPS, painter_input
from core.extrapolation.render import fade_from_ringing, match_scores
from core.extrapolation.self_similarity import DB_PER_UNIT, STEP, IntArray
from core.loaders import load_model
from core.progress import Progress, ignore
from core.spectrogram import DISPLAY, ComplexArray

MODEL_ID = "spectral"
SECOND_FRAMES = SECOND * STEP
ALIKE_DB, FALL_DB = 9.0, 1.0
"""Up to 9 dB from what is played a moment has its whole share; each dB more divides it by e. The
lines of a speaker are 13 to 23 dB apart, half of all pairs of moments in music under 6.6."""
LEVEL_DB = 1.5
"""So far apart sources are level; from twice as far on they are not."""
ALIKE_FRAMES = 87
RANGE_DB = 80.0
MOST_UP_DB, MOST_DOWN_DB = 6.0, 12.0
LEAST_SHARE, LEVEL_SLACK_DB = 0.02, 0.3
"""What the painter adds to a band's level is at most how far the sources that have this share are
from each other there, and a little."""
LEFT_QUIETER_DB = 0.5
MOST_MAKEUP_DB = 6.0
FADE_S = 0.06
REACH_HOPS = 0.5


@dataclass(frozen=True)
class Chunk:
    """The next 10 s.

    path: int [frames], the clip's frames that are played. sources: int [CANDIDATES, FRAMES], those
    that could be; the first are the path's. costs: [CANDIDATES, 10], predicted distances by second.
    """

    path: IntArray
    sources: IntArray
    costs: FloatArray


def mixed(
    clip: Clip,
    played: Clip,
    chunks: list[Chunk],
    log_mel: FloatArray,
    sharper: float = 1.0,
    progress: Progress = ignore,
) -> Clip:
    """`played`, the sound along the chunks' paths, with their other sources mixed in.

    log_mel: [frames, 80] of `clip`, dB. sharper: power to which the shares of the sources are
    raised, for in equal parts they blur each other. As long as `played`, whose rate and channels
    are the clip's. Raises ModelUnavailableError where the weights of `spectral` are missing.
    """
    network = load_model(MODEL_ID)
    hop = DISPLAY.hop_length * clip.sample_rate / DISPLAY.sample_rate
    fade = round(FADE_S * clip.sample_rate)
    out = np.zeros_like(played.samples)
    begin = 0
    for index, chunk in enumerate(chunks):
        start, stop = round(begin * hop), round((begin + len(chunk.path)) * hop)
        begin += len(chunk.path)
        last = played.length - stop < 2 * fade
        main = played.samples[:, start : played.length if last else stop + fade]
        inputs = painter_input(log_mel / DB_PER_UNIT, chunk.sources, chunk.costs)
        sounds = np.stack([main, *_beneath(clip, main, chunk, len(log_mel) - 1, hop)])
        made = mix(sounds, network(inputs[None])[0], clip.sample_rate, sharper)
        # Both sides of this fade are mostly the same sound.
        over = np.linspace(0.0, 1.0, fade, dtype=np.float32)
        if index:
            head = out[:, start : start + fade]
            head += (made[:, :fade] - head) * over
            out[:, start + fade : start + made.shape[1]] = made[:, fade:]
        else:
            out[:, : made.shape[1]] = made
        progress(1.0 if last else (index + 1) / len(chunks))
        if last:
            break
    fade_from_ringing(out, clip.samples, out.copy(), clip.sample_rate)
    return Clip(np.clip(out, -1.0, 1.0), clip.sample_rate)


def _beneath(
    clip: Clip, main: FloatArray, chunk: Chunk, count: int, hop: float
) -> list[FloatArray]:
    """The sound of each source but the first, second by second, each [channels, samples]."""
    mono, ours = clip.mono(), main.mean(axis=0)
    fade, reach = round(FADE_S * clip.sample_rate), round(REACH_HOPS * hop)
    found = []
    for source in chunk.sources[1:]:
        out = np.zeros_like(main)
        for frame in range(0, FRAMES, SECOND_FRAMES):
            at = round(frame * hop)
            wanted = ours[at : round((frame + SECOND_FRAMES) * hop) + fade]
            if len(wanted) < 2 * fade:
                break
            rough = clip.length - round((count - int(source[frame])) * hop)
            start = _aligned(mono, wanted, rough, reach)
            piece = fit_length(clip.samples[:, start : start + len(wanted)], len(wanted))
            lap = min(fade, at)
            before = out[:, at : at + lap]
            going, coming = matched_fades(lap, correlation(before, piece[:, :lap]))
            out[:, at : at + lap] = before * going + piece[:, :lap] * coming
            out[:, at + lap : at + len(wanted)] = piece[:, lap:]
        found.append(out)
    return found


def _aligned(mono: FloatArray, wanted: FloatArray, rough: int, reach: int) -> int:
    """The sample within `reach` of `rough` from where `mono` is most like `wanted`.

    At the clip's ends as many samples as elsewhere are tried, or the phase would be left to chance.
    """
    latest = max(len(mono) - len(wanted), 0)
    low = min(max(rough - reach, 0), max(latest - 2 * reach, 0))
    high = min(low + 2 * reach, latest)
    if len(mono) < len(wanted):
        return low
    return low + int(np.argmax(match_scores(mono[low : high + len(wanted)], wanted)))


def mix(sounds: FloatArray, said: FloatArray, rate: int, sharper: float = 1.0) -> FloatArray:
    """[CANDIDATES, channels, samples] -> [channels, samples], by what the painter says.

    The first sound is the one that is played. said: [FRAMES, CANDIDATES * GROUPS + 80], see
    core.extrapolation.spectral_model; sharper: see `mixed`. All channels get the same gains.
    """
    hop = round(DISPLAY.hop_length * rate / DISPLAY.sample_rate)
    spectra = np.stack([[_stft(channel, hop) for channel in sound] for sound in sounds])
    frames = spectra.shape[-1]
    at = np.round(np.arange(frames) * hop / rate * DISPLAY.frame_rate_hz).astype(np.intp)
    said = said[np.minimum(at, FRAMES - 1)]
    hats = band_weights(spectra.shape[2], rate)
    levels = _band_db(np.square(np.abs(spectra)).mean(axis=1), hats)
    floor = float(levels.max()) - RANGE_DB
    levels = np.maximum(levels, floor)
    shares = said[:, : CANDIDATES * GROUPS].reshape(frames, CANDIDATES, GROUPS)
    shares = shares.transpose(1, 2, 0) * likeness(levels, floor)[:, None]
    shares = (shares / shares.max(axis=0)) ** sharper
    shares = np.repeat(shares / shares.sum(axis=0), BANDS // GROUPS, axis=1)
    apart = np.ptp(np.where(shares > LEAST_SHARE, levels, levels[:1]), axis=0)
    open_to_choice = in_doubt(apart)
    shares *= open_to_choice
    shares[0] += 1.0 - shares.sum(axis=0)
    whole = sum(
        (hats.T @ share)[None] * spectrum for share, spectrum in zip(shares, spectra, strict=True)
    )
    added = said[:, CANDIDATES * GROUPS :].T * DB_PER_UNIT
    # Where all sources are as loud as each other nothing is in doubt, and nothing is added.
    doubt = (apart + LEVEL_SLACK_DB) * open_to_choice
    expected = (shares * levels).sum(axis=0) + np.clip(added, -doubt, doubt)
    now = _band_db(np.square(np.abs(whole)).mean(axis=0)[None], hats)[0]
    gains_db = np.clip(expected - np.maximum(now, floor), -MOST_DOWN_DB, MOST_UP_DB)
    whole = whole * 10 ** ((hats.T @ gains_db) / 20)
    length = sounds.shape[2]
    out = np.stack([_istft(channel, hop, length) for channel in whole])
    return out * _makeup(sounds[0], out)


def likeness(levels: FloatArray, floor: float) -> FloatArray:
    """[CANDIDATES, bands, frames] dB -> [CANDIDATES, frames], 1 where a source is like the first.

    By the mean difference over about 2 s, of those bands alone in which either is above the floor:
    a click in silence is unlike silence.
    """
    heard = (levels > floor) | (levels[:1] > floor)
    apart = np.abs(levels - levels[:1]).sum(axis=1)
    width = min(ALIKE_FRAMES, levels.shape[2])
    apart = uniform_filter1d(apart, width, axis=1, mode="nearest")
    count = uniform_filter1d(heard.sum(axis=1).astype(np.float32), width, axis=1, mode="nearest")
    distance = apart / np.maximum(count, 1e-3)
    return np.asarray(np.exp(-np.maximum(distance - ALIKE_DB, 0.0) / FALL_DB), np.float32)


def in_doubt(apart: FloatArray) -> FloatArray:
    """0 where the sources are level, else up to 1. apart: [bands, frames], how far they are, dB.

    By the mean over about 2 s: of a steady tone nothing is gained by mixing, and its phases would
    beat with each other.
    """
    apart = uniform_filter1d(apart, min(ALIKE_FRAMES, apart.shape[1]), axis=1, mode="nearest")
    return np.asarray(np.clip((apart - LEVEL_DB) / LEVEL_DB, 0.0, 1.0), np.float32)


def band_weights(bins: int, rate: int) -> FloatArray:
    """[BANDS, bins]: triangles around the centres of the 80 mel bands; each bin's sum to 1."""
    centres = DISPLAY.mel_frequencies_hz()
    places = np.interp(np.linspace(0.0, rate / 2, bins), centres, np.arange(BANDS))
    apart = np.abs(places[None] - np.arange(BANDS)[:, None])
    return np.asarray(np.maximum(1.0 - apart, 0.0), np.float32)


def _makeup(main: FloatArray, out: FloatArray) -> float:
    """What brings `out` up to little under the level of `main`; never down.

    Expected levels are medians, which lie under the mean.
    """
    before, after = (float(np.square(x, dtype=np.float64).mean()) for x in (main, out))
    if min(before, after) < 1e-12:
        return 1.0
    lost_db = 10 * np.log10(before / after)
    return float(10 ** (np.clip(lost_db - LEFT_QUIETER_DB, 0.0, MOST_MAKEUP_DB) / 20))


def _band_db(power: FloatArray, hats: FloatArray) -> FloatArray:
    """[sounds, bins, frames] -> [sounds, BANDS, frames], dB."""
    return np.asarray(10 * np.log10(np.maximum(hats @ power, 1e-12)), np.float32)


def _stft(samples: FloatArray, hop: int) -> ComplexArray:
    ratio = DISPLAY.n_fft // DISPLAY.hop_length
    return np.asarray(librosa.stft(samples, n_fft=ratio * hop, hop_length=hop), np.complex64)


def _istft(spectrum: ComplexArray, hop: int, length: int) -> FloatArray:
    ratio = DISPLAY.n_fft // DISPLAY.hop_length
    out = librosa.istft(
        spectrum.astype(np.complex64), n_fft=ratio * hop, hop_length=hop, length=length
    )
    return np.asarray(out, np.float32)

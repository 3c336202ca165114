"""`spectral`, our generative engine: it paints the coming spectrogram, band by band.

`structure`'s network says which past moments are worth hearing; a second network, trained on music
going on, sees six of them for each coming frame and says, for each of ten ranges of the spectrum,
how much of each to mix, and what to add that none of them has (spectral_model.py). So drums may
come from one moment, the bass from another, and levels from none. The mixed spectrum is made
consistent by fast Griffin-Lim from the loudest moment's phases. It makes sound that is not in the
clip; its colour is duller than `structure`'s, which plays the clip's own.
"""

from __future__ import annotations

import numpy as np

from core.audio import Clip, FloatArray, fit_length
from core.errors import UserInputError
from core.extrapolation.candidates import FRAMES, short_list, source_frames
from core.extrapolation.features import features
from core.extrapolation.painting import Painted, painted, painter_input, spectrum
from core.extrapolation.render import fade_from_ringing
from core.extrapolation.self_similarity import DB_PER_UNIT, IntArray
from core.extrapolation.steadying import steadied
from core.extrapolation.structure import LONGEST_CLIP_S, MIN_CLIP_S, Moments
from core.inversion import consistent
from core.loaders import load_model
from core.progress import Progress, ignore, part
from core.spectrogram import DISPLAY, mel_filters, stft

MODEL_ID = "spectral"
SHARPNESS = 2.0
CHUNK_FRAMES = 430
ITERATIONS = 16
MOST_LOUDER_DB = 6.0
"""Most that a chunk is raised by to be as loud as its sources."""
VARIETY = 0.01


class Spectral:
    """Paints the spectrogram of what comes, 10 s at a time. See the module."""

    def extrapolate(
        self, clip: Clip, seconds: float, *, seed: int, progress: Progress = ignore
    ) -> Clip:
        """See `core.engines.Extrapolator`. Needs at least 1 s of clip. Works at 22050 Hz."""
        if clip.duration_s < MIN_CLIP_S:
            raise UserInputError("The clip is shorter than a second; choose at least 2 seconds.")
        rng = np.random.default_rng(seed)
        rate = DISPLAY.sample_rate
        start = clip.resampled(rate)
        so_far = start.between(max(start.duration_s - LONGEST_CLIP_S, 0.0), start.duration_s)
        length, made = round(seconds * rate), 0
        chunks: list[FloatArray] = []
        while made < length:
            watch = part(progress, made / length, min((made + CHUNK_FRAMES * 512) / length, 1.0))
            chunks.append(self._chunk(so_far, rng, watch))
            made += chunks[-1].shape[1]
            whole = np.concatenate([so_far.samples, chunks[-1]], axis=1)
            so_far = Clip(whole[:, -round(LONGEST_CLIP_S * rate) :], rate)
        progress(1.0)
        sound = Clip(np.concatenate(chunks, axis=1)[:, :length], rate)
        sound = steadied(sound).resampled(clip.sample_rate)
        return Clip(fit_length(sound.samples, round(seconds * clip.sample_rate)), clip.sample_rate)

    def _chunk(self, clip: Clip, rng: np.random.Generator, progress: Progress) -> FloatArray:
        """The next 10 s, [channels, samples] at 22050 Hz."""
        found = features(clip)
        moments = Moments(found)
        progress(0.2)
        history = moments.history(np.zeros(0, np.int64))
        lags, said = moments.predicted(history)
        said = said + rng.standard_normal((len(lags), 1)).astype(np.float32) * VARIETY
        chosen, costs = short_list(said, lags, len(history))
        sources = history[source_frames(chosen, len(history))]
        log_mel = found.log_mel.T / DB_PER_UNIT
        inputs = painter_input(log_mel, sources, costs)
        picture = painted(load_model(MODEL_ID)(inputs[None])[0], inputs, SHARPNESS)
        progress(0.4)
        gain = 0.9 / max(clip.peak(), 1e-4)
        out = np.stack([self._sound(c * gain, picture, sources) for c in clip.samples]) / gain
        out = out[:, : CHUNK_FRAMES * DISPLAY.hop_length]
        progress(0.9)
        return self._joined(clip, self._levelled(clip, out, sources))

    @staticmethod
    def _sound(samples: FloatArray, picture: Painted, sources: IntArray) -> FloatArray:
        """One channel's [FRAMES * 512] samples."""
        own = stft(samples)
        candidates = np.stack([own[:, row] for row in sources])
        mixed = spectrum(picture, candidates, mel_filters())
        return consistent(mixed, iterations=ITERATIONS, length=FRAMES * DISPLAY.hop_length)

    @staticmethod
    def _levelled(clip: Clip, out: FloatArray, sources: IntArray) -> FloatArray:
        """As loud as the first candidate would be, so that chains neither fade nor grow.

        The network's levels are medians, which in decibels lie under what they stand for.
        """
        power = np.square(clip.samples).mean(axis=0)
        hop = DISPLAY.hop_length
        frames = len(power) // hop
        by_frame = power[: frames * hop].reshape(frames, hop).mean(axis=1)
        source = float(by_frame[np.minimum(sources[0], frames - 1)].mean())
        made = float(np.square(out).mean())
        most = 10 ** (MOST_LOUDER_DB / 10)
        factor = np.sqrt(min(source / max(made, 1e-12), most))
        return np.asarray(np.clip(out * factor, -1.0, 1.0), np.float32)

    @staticmethod
    def _joined(clip: Clip, out: FloatArray) -> FloatArray:
        """The beginning faded in over the clip's predicted ringing."""
        joined = out.copy()
        fade_from_ringing(joined, clip.samples, out, clip.sample_rate)
        return joined

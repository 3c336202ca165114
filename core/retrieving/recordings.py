"""The training recordings: their harmony over time and what they sound like, without the sound."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import fft

from core.audio import Clip
from core.errors import UserInputError
from core.retrieving import chroma

SHORTEST_S = 2.0
QUIETEST = 1e-4
COEFFICIENTS = 20
HARMONY_WEIGHT = 0.5
"""How much of a match is harmony, the rest being sound."""
_LEVELS = 100.0
"""Steps in which chroma is kept between 0 and 1."""


@dataclass(frozen=True)
class Recording:
    """What is said of a recording. start_s: where the excerpt that was learned from begins."""

    id: str
    title: str
    credit: str
    licence: str
    genre: str
    start_s: float
    seconds: float


@dataclass(frozen=True)
class RecordingMatch:
    """A recording beside a clip. score: 0 to 1, the mean of both of the following by weight.

    harmony: correlation of their chroma where the clip fits best, in the best key. sound: 1 where
    timbre and mix are the same, 0.5 at the distance of two recordings drawn at random.
    at_s: where in the recording the clip fits. transposition: semitones from clip to recording.
    """

    recording: Recording
    score: float
    harmony: float
    sound: float
    at_s: float
    transposition: int


@dataclass(frozen=True)
class Described:
    """A sound as it is compared. frames: chroma [frames, 12]. sound: [2 * COEFFICIENTS]."""

    frames: chroma.Chroma
    sound: npt.NDArray[np.float32]


def described(clip: Clip) -> Described:
    """A clip's chroma, and mean and deviation of its mel-frequency cepstrum (Logan 2000)."""
    from core.spectrogram import analysis_samples, mel_power, stft  # brings librosa along

    samples = analysis_samples(clip)
    samples = samples * np.float32(0.9 / max(float(np.abs(samples).max(initial=0)), QUIETEST))
    mel = np.log(np.maximum(mel_power(np.abs(stft(samples))), 1e-6))
    cepstrum = fft.dct(mel, axis=0, norm="ortho")[1 : COEFFICIENTS + 1]
    sound = np.concatenate([cepstrum.mean(axis=1), cepstrum.std(axis=1)]).astype(np.float32)
    return Described(chroma.of_clip(clip), sound)


@dataclass(frozen=True)
class Recordings:
    """All of them. frames: chroma one behind the other [frames, 12]. starts: [recordings + 1].

    sounds: [recordings, 2 * COEFFICIENTS].
    """

    about: tuple[Recording, ...]
    frames: chroma.Chroma
    starts: npt.NDArray[np.int64]
    sounds: npt.NDArray[np.float32]

    @classmethod
    def of(cls, items: Iterable[tuple[Recording, Described]]) -> Recordings:
        found = list(items)
        frames = [one.frames for _, one in found]
        none = np.zeros((0, 12), np.float32)
        return cls(
            tuple(about for about, _ in found),
            np.concatenate(frames) if frames else none,
            np.cumsum([0, *map(len, frames)]),
            np.array([one.sound for _, one in found], np.float32).reshape(-1, 2 * COEFFICIENTS),
        )

    def nearest(self, clip: Clip, count: int) -> list[RecordingMatch]:
        """The recordings most like the clip, the nearest first.

        Raises UserInputError for a silent clip, or one under SHORTEST_S.
        """
        if clip.duration_s < SHORTEST_S:
            raise UserInputError(
                f"This clip is under {SHORTEST_S:g} seconds, too short to be compared; give a "
                "longer one."
            )
        if clip.peak() < QUIETEST:
            raise UserInputError("There is nothing to hear in this clip; choose another one.")
        return self.nearest_to(described(clip), count) if self.about else []

    def nearest_to(self, query: Described, count: int) -> list[RecordingMatch]:
        """The same for what is described already."""
        harmony, frame, turn = chroma.best_places(query.frames, self.frames, self.starts)
        spread = np.maximum(self.sounds.std(axis=0), 1e-6)
        apart = np.linalg.norm((self.sounds - query.sound) / spread, axis=1)
        # Two drawn at random are sqrt(2 * numbers) deviations apart.
        usual = np.sqrt(2.0 * self.sounds.shape[1])
        sound = np.exp2(-apart / usual)
        score = HARMONY_WEIGHT * np.maximum(harmony, 0) + (1 - HARMONY_WEIGHT) * sound
        return [
            RecordingMatch(
                self.about[n],
                float(score[n]),
                float(harmony[n]),
                float(sound[n]),
                float(frame[n]) / chroma.RATE_HZ,
                int(turn[n]),
            )
            for n in np.argsort(-score, kind="stable")[:count].tolist()
        ]

    def arrays(self) -> dict[str, Any]:
        """What a file holds of them: `from_arrays` reads it."""
        text = json.dumps([list(asdict(one).values()) for one in self.about], ensure_ascii=False)
        return {
            "recordings": np.frombuffer(text.encode(), np.uint8),
            "recordings_chroma": np.rint(self.frames * _LEVELS).astype(np.int8),
            "recordings_starts": self.starts.astype(np.int32),
            "recordings_sound": self.sounds.astype(np.float16),
        }

    @classmethod
    def from_arrays(cls, stored: Any) -> Recordings:
        return cls(
            tuple(Recording(*row) for row in json.loads(bytes(stored["recordings"]))),
            chroma.centred(stored["recordings_chroma"]),
            stored["recordings_starts"].astype(np.int64),
            stored["recordings_sound"].astype(np.float32),
        )

"""`chorale`'s network frame by frame, compiled: what the drawing of notes calls.

Imported when a chorale is first drawn; like the loader, it may use TensorFlow.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from core.composition.chorale_frames import CHROMA, FEATURES, VOICES, FloatArray


class Stepper:
    """The network with its state carried from frame to frame, several pieces side by side."""

    def __init__(self, model: Any) -> None:
        rows_spec = tf.TensorSpec((None, 1, FEATURES), tf.float32)

        def rest(rows: Any) -> tuple[Any, Any]:
            return tf.cast(rows[..., : CHROMA.start], tf.int32), rows[..., CHROMA]

        def begin(rows: Any) -> Any:
            return model.advance(*rest(rows), tf.zeros_like(rows[..., 0]))

        def advance(rows: Any, states: Any) -> Any:
            return model.advance(*rest(rows), tf.ones_like(rows[..., 0]), states)

        def voice(index: int, contexts: Any, rows: Any, frame: Any) -> Any:
            said = model.log_probabilities(index, contexts, rest(rows)[0], frame)
            return said[:, 0]

        self._begin = tf.function(begin, input_signature=[rows_spec])
        self._advance = tf.function(advance, reduce_retracing=True)
        self._voices = [
            tf.function(functools.partial(voice, index), reduce_retracing=True)
            for index in range(VOICES)
        ]
        self._states: Any = None
        self._contexts: Any = None
        self._rows: Any = None

    def fresh(self) -> Stepper:
        """The same compiled network at the beginning of a piece."""
        copy = object.__new__(Stepper)
        copy.__dict__.update(self.__dict__)
        copy._states = copy._contexts = copy._rows = None
        return copy

    def read(self, rows: FloatArray) -> None:
        """Take in [pieces, FEATURES], what the past says of the coming frame."""
        self._rows = tf.constant(rows[:, None])
        if self._states is None:
            self._contexts, self._states = self._begin(self._rows)
        else:
            self._contexts, self._states = self._advance(self._rows, self._states)

    def log_probabilities(self, index: int, frame: npt.NDArray[np.int64]) -> FloatArray:
        """[pieces, PITCHES] of the voice ORDER[index], given those of `frame` drawn before it."""
        given = tf.constant(frame[:, None], tf.int32)
        return np.asarray(self._voices[index](self._contexts, self._rows, given), np.float32)

    def take(self, pieces: npt.NDArray[np.int64]) -> None:
        """Go on with these pieces, some of them twice, others not at all."""
        index = tf.constant(pieces, tf.int32)
        self._states = tf.nest.map_structure(lambda x: tf.gather(x, index), self._states)


@functools.lru_cache(maxsize=2)
def _compiled(model: Any) -> Stepper:
    return Stepper(model)


def stepper(model: Any) -> Stepper:
    """A stepper of this Keras model, at the beginning of a piece; compiled once."""
    return _compiled(model).fresh()

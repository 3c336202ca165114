"""One of the networks of `chorale`: two GRUs remember the piece, from its first bass note up.

Imported by chorale_model.py alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import layers, ops

from core.composition.chorale_frames import (
    AGE,
    BARS,
    BEAT12,
    BEAT16,
    BEFORE,
    CHROMA,
    COPY,
    COPY_SOPRANO,
    HOME,
    LAST,
    LEFT,
    LEFT_AT,
    LONGEST,
    METRE_AT,
    METRES,
    ORDER,
    PITCHES,
    STRENGTH,
    STRENGTHS,
    UNKNOWN_HOME,
    VOICES,
)
from core.composition.chorale_layers_model import Recurrence, shifted

REACH = 24
"""Semitones a relative logit reaches up and down."""


class Heads(layers.Layer):  # type: ignore[misc]
    """From a context, the voices' distributions over pitches, each seeing those drawn before.

    A logit is the sum of what speaks for a pitch itself, for its interval from the first bass note,
    from the voice's last note and (by pitch class) from the voices drawn, and for copying an
    earlier match.
    """

    def __init__(self, width: int, depth: int, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width, self.depth = width, depth
        self.pitch = layers.Embedding(PITCHES * VOICES, depth)
        self.above = layers.Embedding(12 * VOICES * VOICES, depth)
        self.age = layers.Embedding((LONGEST + 1) * VOICES, depth)
        self.beat = layers.Embedding(16, depth)
        self.strength = layers.Embedding(2 * STRENGTHS, depth)
        self.hidden = [layers.Dense(width) for _ in range(VOICES)]
        self.sizes = (PITCHES, PITCHES + 12, 2 * REACH + 1, 12, 12, 12, 2, 1)
        self.out = [layers.Dense(sum(self.sizes)) for _ in range(VOICES)]
        self.drop = layers.Dropout(dropout, noise_shape=(None, 1, None))

    def build(self, shape: Sequence[int | None]) -> None:
        for table in (self.pitch, self.above, self.age, self.beat, self.strength):
            table.build(None)
        for index in range(VOICES):
            # drawn voices: pitch, and interval to the last own note; what all voices did last
            own = self.depth * (2 * index + 5)
            self.hidden[index].build((None, None, (shape[-1] or 0) + own))
            self.out[index].build((None, None, self.width))
        self.built = True

    def logits(self, index: int, context: Any, rows: Any, frame: Any, training: bool | None) -> Any:
        """Of the voice ORDER[index]: [batch, frames, PITCHES].

        rows: whole numbers [batch, frames, features]. frame: [batch, frames, 4], of which only the
        voices drawn earlier are looked at.
        """
        voice = ORDER[index]
        last = rows[..., LAST][..., voice]
        seen = [
            self.pitch(last + PITCHES * voice),
            self.age(rows[..., AGE][..., voice] + (LONGEST + 1) * voice),
            self.beat(rows[..., BEAT16]),
            self.strength(rows[..., STRENGTH]),
            self.strength(rows[..., STRENGTH + 1] + STRENGTHS),
        ]
        for earlier in ORDER[:index]:
            drawn = frame[..., earlier]
            seen.append(self.pitch(drawn + PITCHES * earlier))
            seen.append(self.above((drawn - last) % 12 + 12 * (earlier * VOICES + voice)))
        hidden = self.hidden[index](ops.concatenate([context, *seen], axis=-1))
        hidden = self.drop(ops.gelu(hidden), training=training)
        said = self.out[index](hidden)
        parts, start = [], 0
        for size in self.sizes:
            parts.append(said[..., start : start + size])
            start += size
        plain, home, interval, *chords, copies, hold = parts
        tonic = ops.where(rows[..., HOME] < 12, rows[..., HOME], 0)
        total = plain + shifted(home, 11 - tonic) + shifted(interval, REACH - last)
        for earlier, chord in zip(ORDER[:index], chords, strict=False):
            wide = ops.tile(chord, (1,) * (len(chord.shape) - 1) + (5,))
            total += shifted(wide, 12 - frame[..., earlier] % 12)
        for number, part in enumerate((COPY, COPY_SOPRANO)):
            there = ops.one_hot(rows[..., part][..., voice], PITCHES)
            known = ops.cast(rows[..., STRENGTH + number] > 0, "float32")
            total += there * (copies[..., number] * known)[..., None]
        return total + ops.one_hot(last, PITCHES) * hold


class Reader(layers.Layer):  # type: ignore[misc]
    """The past, read frame by frame by two GRUs: rows -> context."""

    def __init__(self, units: int, depth: int, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.depth = depth
        self.pitch = layers.Embedding(PITCHES * VOICES, depth)
        self.from_home = layers.Embedding((PITCHES + 12) * VOICES, depth)
        self.copy = layers.Embedding((PITCHES + 12) * VOICES, depth // 2)
        self.age = layers.Embedding((LONGEST + 1) * VOICES, depth // 2)
        sizes = (STRENGTHS, STRENGTHS, 16, 12, 16, 13, LEFT, METRES)
        self.codes = [layers.Embedding(size, depth // 2) for size in sizes]
        self.first, self.second = Recurrence(units), Recurrence(units)
        self.drop_in = layers.Dropout(dropout / 3, noise_shape=(None, 1, None))
        self.drop = layers.Dropout(dropout, noise_shape=(None, 1, None))

    def build(self, shape: Sequence[int | None] | None) -> None:
        for table in (self.pitch, self.from_home, self.copy, self.age, *self.codes):
            table.build(None)
        read = VOICES * (2 * self.depth + 3 * self.depth // 2)
        read += len(self.codes) * (self.depth // 2) + CHROMA.stop - CHROMA.start
        units = self.first.units
        self.first.build((None, None, read))
        self.second.build((None, None, units))
        self.built = True

    def read(self, rows: Any, chroma: Any) -> Any:
        """Everything a row says, as one vector of numbers."""
        voices = ops.arange(VOICES)
        tonic = ops.where(rows[..., HOME] < 12, rows[..., HOME], 0)[..., None]

        def relative(part: slice) -> Any:
            pitch = rows[..., part]
            # rests keep a place of their own: below every pitch
            return ops.where(pitch > 0, pitch + 11 - tonic, 0) + (PITCHES + 12) * voices

        seen = [
            self.pitch(rows[..., LAST] + PITCHES * voices) + self.from_home(relative(LAST)),
            self.pitch(rows[..., BEFORE] + PITCHES * voices) + self.from_home(relative(BEFORE)),
            self.copy(relative(COPY)),
            self.copy(relative(COPY_SOPRANO)),
            self.age(rows[..., AGE] + (LONGEST + 1) * voices),
        ]
        flat = [ops.reshape(x, (*ops.shape(x)[:2], VOICES * x.shape[-1])) for x in seen]
        places = (STRENGTH, STRENGTH + 1, BEAT16, BEAT12, BARS, HOME, LEFT_AT, METRE_AT)
        codes = [embed(rows[..., place]) for embed, place in zip(self.codes, places, strict=True)]
        return ops.concatenate([*flat, *codes, chroma], axis=-1)

    def call(self, rows: Any, chroma: Any, going_on: Any, training: bool | None = None) -> Any:
        """The context that `Heads` takes."""
        x = self.drop_in(self.read(rows, chroma), training=training)
        first = self.first(x, going_on)
        second = self.second(self.drop(first, training=training), going_on)
        return self.drop(ops.concatenate([first, second], axis=-1), training=training)


class Memory(layers.Layer):  # type: ignore[misc]
    """`Reader` and `Heads` as one network.

    absolute: the pitches are read as they are, and not from the first bass note up.
    """

    def __init__(
        self,
        units: int,
        depth: int,
        width: int,
        dropout: float,
        absolute: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units, self.absolute = units, absolute
        self.reader = Reader(units, depth, dropout)
        self.heads = Heads(width, depth, dropout / 3)

    def build(self, shape: Sequence[int | None] | None) -> None:
        self.reader.build(None)
        self.heads.build((None, None, 2 * self.units))
        self.built = True

    def call(self, rows: Any, chroma: Any, going_on: Any, training: bool | None = None) -> Any:
        if self.absolute:
            home = ops.where(rows[..., HOME] < 12, rows[..., HOME], 0)
            place = (ops.arange(12) - home[..., None]) % 12
            halves = [
                ops.take_along_axis(half, place, axis=-1) for half in ops.split(chroma, 2, axis=-1)
            ]
            chroma = ops.concatenate(halves, axis=-1)
        return self.reader(self._heard(rows), chroma, going_on, training=training)

    def logits(self, index: int, context: Any, rows: Any, frame: Any, training: bool | None) -> Any:
        """See `Heads.logits`."""
        return self.heads.logits(index, context, self._heard(rows), frame, training)

    def _heard(self, rows: Any) -> Any:
        """The rows, without the first bass note where pitches are read as they are."""
        if not self.absolute:
            return rows
        unknown = ops.full_like(rows[..., :1], UNKNOWN_HOME)
        return ops.concatenate([rows[..., :HOME], unknown, rows[..., HOME + 1 :]], axis=-1)

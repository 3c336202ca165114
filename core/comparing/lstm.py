"""`midi-lstm` in numpy: it draws patterns step by step, and says what each token surprises it by.

`midi_lstm_model` is the same network in Keras, which training uses.
"""

from __future__ import annotations

import numpy as np

from core.comparing.layers import Heads, Lstm, Reader, Weights, chances, shifted
from core.comparing.models import Nats
from core.comparing.patterns import Kind, Pattern
from core.progress import Progress, ignore

BATCH = 64
"""Patterns that are read together."""


class MidiLstm:
    """A `core.comparing.models.PatternModel`, of arrays that do not change once read."""

    def __init__(self, weights: Weights, kind: Kind, name: str = "midi-lstm") -> None:
        self.name, self.kind = name, kind
        self.eye = Reader(weights, "eye", kind.sizes)
        names = (f"cells/lstm{suffix}" for suffix in ("", *(f"_{n}" for n in range(1, 9))))
        self.cells = [Lstm(weights, name) for name in names if f"{name}/0" in weights]
        self.heads = Heads(weights, kind.sizes)

    def sample(
        self,
        count: int,
        *,
        seed: int,
        primer: Pattern | None = None,
        temperature: float = 1.0,
        progress: Progress = ignore,
    ) -> Pattern:
        """`PatternModel.sample`. Each pattern is the same however many are asked for."""
        voices = len(self.kind.voices)
        chance = chances(seed, count, (self.kind.steps, voices))
        made = np.zeros((count, self.kind.steps, voices), np.int64)
        forced = 0 if primer is None else len(primer)
        if primer is not None:
            made[:, :forced] = primer
        before = np.tile(np.array(self.kind.sizes), (count, 1))
        states = [cell.begin(count) for cell in self.cells]
        for step in range(self.kind.steps):
            x = self.eye.read(before[:, None], step)[:, 0]
            for number, cell in enumerate(self.cells):
                states[number] = cell.step(*states[number], x @ cell.kernel + cell.bias)
                x = states[number][0]
            if step >= forced:
                made[:, step] = self.heads.drawn(x, chance[:, step], temperature)
            before = made[:, step]
            progress((step + 1) / self.kind.steps)
        return made

    def nats(self, patterns: Pattern, *, seed: int = 0) -> Nats:
        """`PatternModel.nats`; exact. Patterns of any number of steps; seed is not used."""
        found = [
            self._nats(patterns[first : first + BATCH]) for first in range(0, len(patterns), BATCH)
        ]
        return np.concatenate(found)

    def _nats(self, tokens: Pattern) -> Nats:
        x = self.eye.read(shifted(tokens, self.kind.sizes))
        for cell in self.cells:
            x = cell.run(x)[0]
        return self.heads.nats(x, tokens)

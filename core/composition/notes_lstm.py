"""`notes-lstm`: "Generation of Music using Long Short Term Memory Networks" (2023).

Muthamizh, Poojha and Shrustiga's project report (Sona College of Technology, Salem). A note is its
pitch's name, a chord its normal order (`core.composition.note_names`); a window of 100 of them,
each as its place in the sorted vocabulary over the vocabulary's size, gives the next. Built as the
appendix has it, which is authoritative where the text and two other drawings differ. Notes are 0.5
quarters apart, on a piano, each a quarter long, which is what music21 gives a note that was told
no duration; durations and voicings are not learned at all.

- As published, the likeliest word is taken each time (temperature 0) and the start is a random
  window of the training corpus. Drawing by chance with a temperature is an option; it is what
  shows that taking the likeliest, and not only the network, makes the output collapse.
- The report's corpus is not ours to use. This one is openly licensed and small: training had to
  fit an hour of one processor core (`weights/cards/notes-lstm.md`).
- The report reads the last 100 words anew, through `model.predict`, for each note. Here the LSTMs'
  state is carried from note to note. The first new note is the report's, up to rounding; from the
  second on this reading also knows what has left the window, where the report's begins with an
  empty state 100 words back. How often the notes agree is measured in
  benchmarks/composition_speed.py. `NotesLstm(carried=False)` reads the window anew, in one compiled
  step, and writes the report's very notes.
- The missing `train` is `training/notes_lstm.py`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.composition.controls import Controls, Redraw, Watch, nobody
from core.composition.note_names import nearest, pitches_of, words_of
from core.errors import UserInputError
from core.loaders import LoadedModel, load_model
from core.progress import Progress, ignore
from core.registry import vocabulary
from core.score import TICKS_PER_QUARTER, Composition, Note, NoteChoice, Score, Track

if TYPE_CHECKING:
    from core.composition.notes_lstm_model import Carried

MODEL_ID = "notes-lstm"
STEP_TICKS = TICKS_PER_QUARTER // 2
NOTE_TICKS = TICKS_PER_QUARTER
VELOCITY = 90
"""What music21 writes for a note that was told no velocity."""
TEMPO_BPM = 120.0
CHOICES = 8
PIANO = "Piano"

Probabilities = npt.NDArray[np.float32]


class NotesLstm:
    """The published network: expect one note, or a short figure, over and over.

    carried: keep the LSTMs' state from note to note; see the module.
    """

    def __init__(self, *, carried: bool = True) -> None:
        self.carried = carried

    def compose(
        self,
        primer: Score | None,
        bars: int,
        *,
        seed: int,
        controls: Controls = Controls(temperature=0.0),  # noqa: B008 - it is frozen
        redraw: Redraw | None = None,
        progress: Progress = ignore,
        watch: Watch = nobody,
    ) -> Composition:
        """See `core.engines.Composer`. Of the controls it has tempo and temperature.

        A primer's last 100 words are the start window; a shorter one stands at the end of the
        random window. Words that the vocabulary lacks are taken as the nearest it has.
        """
        if redraw is not None:
            raise UserInputError(
                "The published network writes from left to right only; "
                "choose another engine to redraw a part."
            )
        loaded = load_model(MODEL_ID)
        words = Words(loaded)
        rng = np.random.default_rng(seed)
        window = words.start(rng, primer)
        piece = _frame(primer, bars, controls)
        first = primer.bars * primer.bar_ticks if primer is not None else 0
        ticks = range(first, piece.ticks, STEP_TICKS)
        reader = Reader(loaded, words, window, carried=self.carried)
        written: list[int] = []
        choices: list[tuple[NoteChoice, ...]] = []
        for count, tick in enumerate(ticks):
            probabilities = reader.read()
            index = drawn(probabilities, controls.temperature, rng)
            reader.append(index)
            written.append(index)
            choices.append(words.choices(probabilities, index))
            if (tick + STEP_TICKS) % piece.bar_ticks < STEP_TICKS:
                watch(_with_notes(piece, words.notes(written, ticks, piece.ticks)))
                progress((count + 1) / len(ticks))
        notes = words.notes(written, ticks, piece.ticks)
        track = _piano(piece)[0]
        offered = {(track, note): choices[(note.start - first) // STEP_TICKS] for note in notes}
        progress(1.0)
        return Composition(_with_notes(piece, notes), offered)


class Words:
    """The vocabulary of the loaded model, and what its words are as notes.

    Raises ModelUnavailableError where the vocabulary's file is not the manifest's.
    """

    def __init__(self, loaded: LoadedModel) -> None:
        found = vocabulary(loaded.spec)
        self.names: list[str] = found["words"]
        self.corpus = np.array(found["corpus"], np.int64)
        self.pitches = [pitches_of(name) for name in self.names]
        self.window = loaded.spec.input_shape[1]
        self._sounds = np.zeros((len(self.names), 128), np.float32)
        for index, pitches in enumerate(self.pitches):
            self._sounds[index, list(pitches)] = 1.0

    def start(self, rng: np.random.Generator, primer: Score | None) -> list[int]:
        """The window to begin with, [window]."""
        at = int(rng.integers(0, len(self.corpus) - self.window))
        window = [int(i) for i in self.corpus[at : at + self.window]]
        if primer is not None:
            given = [nearest(word, self.names) for word in words_of(primer)[-self.window :]]
            if not given:
                raise UserInputError("The piece has no notes but drums; choose one with a tune.")
            window = (window + given)[-self.window :]
        return window

    def notes(self, written: Sequence[int], ticks: Sequence[int], end: int) -> list[Note]:
        """The notes of words that begin at `ticks`.

        Each ends where its pitch comes again, and at the end of the piece.
        """
        following: dict[int, int] = {}
        found = []
        for index, tick in reversed(list(zip(written, ticks, strict=False))):
            for pitch in self.pitches[index]:
                last = min(tick + NOTE_TICKS, following.get(pitch, end), end)
                found.append(Note(tick, pitch, last - tick, VELOCITY))
                following[pitch] = tick
        return sorted(found)

    def choices(self, probabilities: Probabilities, index: int) -> tuple[NoteChoice, ...]:
        """Pitches by the probability that they sound here, alone or in a chord; own ones kept."""
        sounding = probabilities @ self._sounds
        order = [int(p) for p in np.argsort(-sounding, kind="stable")[:CHOICES]]
        order += [pitch for pitch in self.pitches[index] if pitch not in order]
        return tuple(NoteChoice(pitch, min(float(sounding[pitch]), 1.0)) for pitch in order)


class Reader:
    """What the network says of the words so far."""

    def __init__(
        self, loaded: LoadedModel, words: Words, window: Sequence[int], *, carried: bool
    ) -> None:
        self._loaded, self._size = loaded, len(words.names)
        self._window = list(window)
        self._state: list[Any] | None = None
        self._steps = carried_step(loaded) if carried else None
        self._unread = list(window)
        self._said: Probabilities = np.zeros(self._size, np.float32)

    def read(self) -> Probabilities:
        """The probabilities of the next word, [n_vocab]."""
        if self._steps is None:
            values = np.array(self._window, np.float32)[None, :, None] / self._size
            said: Probabilities = self._loaded(values)[0]
            return said
        for index in self._unread:
            self._said, self._state = self._steps.step(index / self._size, self._state)
        self._unread = []
        return self._said

    def append(self, index: int) -> None:
        """One more word; the window moves on by one."""
        self._window = [*self._window[1:], index]
        self._unread.append(index)


@functools.lru_cache(maxsize=2)
def carried_step(loaded: LoadedModel) -> Carried:
    """The compiled step, built once for each loaded model."""
    from core.composition.notes_lstm_model import Carried

    return Carried(loaded.model)


def drawn(probabilities: Probabilities, temperature: float, rng: np.random.Generator) -> int:
    """A word: the likeliest at temperature 0, else one drawn by probability^(1 / temperature)."""
    if temperature <= 0.0:
        return int(np.argmax(probabilities))
    logs = np.log(np.maximum(probabilities.astype(np.float64), 1e-12)) / temperature
    weights = np.exp(logs - logs.max())
    return int(rng.choice(len(weights), p=weights / weights.sum()))


def _frame(primer: Score | None, bars: int, controls: Controls) -> Score:
    """The piece without its new notes: the primer and `bars` empty bars."""
    if bars < 1:
        raise UserInputError("Ask for one bar at least.")
    tempo = controls.tempo_bpm or (primer.tempo_bpm if primer is not None else TEMPO_BPM)
    if primer is None:
        return Score((Track(PIANO, 0, ()),), bars, tempo)
    piece = dataclasses.replace(primer, bars=primer.bars + bars, tempo_bpm=tempo)
    if _piano(piece)[1]:
        return piece
    return dataclasses.replace(piece, tracks=(*piece.tracks, Track(PIANO, 0, ())))


def _piano(piece: Score) -> tuple[int, bool]:
    """(index of the track that the new notes go to, whether it is there): the first piano."""
    for index, track in enumerate(piece.tracks):
        if not track.is_drum and track.program < 8:
            return index, True
    return len(piece.tracks), False


def _with_notes(piece: Score, notes: Sequence[Note]) -> Score:
    """The piece with new notes in its piano track."""
    index = _piano(piece)[0]
    tracks = list(piece.tracks)
    tracks[index] = dataclasses.replace(tracks[index], notes=(*tracks[index].notes, *notes))
    return dataclasses.replace(piece, tracks=tuple(tracks))

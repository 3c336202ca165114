"""A composer without a model, for page tests: chords, a tune, bass and drums from the seed."""

import dataclasses
import os
import random
import time

import numpy as np

from core import engines
from core.audio import Clip
from core.composition.controls import Controls
from core.composition.instruments import ROLES, role
from core.composition.stems import encode_mp3
from core.errors import UserInputError
from core.score import Composition, Key, Note, NoteChoice, Score, Track

PROGRESSION = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))
PARTS = (("lead", 73, False), ("piano", 0, False), ("electric bass", 33, False), ("drums", 0, True))
assert {role(Track(name, program, (), drum)) for name, program, drum in PARTS} == set(ROLES)


class FakeComposer:
    """Keeps the protocol to the letter. ENCORE_FAKE_BAR_S: how long it takes over a bar."""

    def compose(
        self,
        primer,
        bars,
        *,
        seed,
        controls=Controls(),  # noqa: B008
        redraw=None,
        progress=lambda fraction: None,
        watch=lambda score: None,
    ):
        if controls.genre == "rock":
            raise UserInputError("This fake plays no rock; choose another genre.")
        if redraw is not None:
            return self._redraw(redraw, seed, controls, progress, watch)
        given = primer.bars if primer else 0
        beats, unit = (primer and (primer.beats, primer.beat_unit)) or controls.metre or (4, 4)
        tempo = (primer.tempo_bpm if primer else None) or controls.tempo_bpm or 112.0
        key = (primer.key if primer else None) or controls.key or Key(0, "major")
        start = list(primer.tracks) if primer else []
        start += [Track(name, program, (), drum) for name, program, drum in PARTS]
        score = Score(tuple(start), given + bars, tempo, beats, unit, key)
        offset = len(start) - len(PARTS)
        wanted = {(bar, i) for bar in range(given, given + bars) for i in range(len(PARTS))}
        return self._write(score, wanted, seed, key, controls, progress, watch, offset)

    def _redraw(self, redraw, seed, controls, progress, watch):
        piece = redraw.piece
        tracks = []
        for index, track in enumerate(piece.tracks):
            kept = [
                note
                for note in track.notes
                if index not in redraw.tracks
                or note.start // piece.bar_ticks not in redraw.bars
                or note.start < redraw.from_tick
                or (index, note.start, note.pitch) == redraw.chosen
            ]
            tracks.append(dataclasses.replace(track, notes=tuple(kept)))
        offset = len(tracks) - len(PARTS)
        wanted = {(bar, i - offset) for bar in redraw.bars for i in redraw.tracks if i >= offset}
        score = dataclasses.replace(piece, tracks=tuple(tracks))
        return self._write(
            score, wanted, seed, piece.key, controls, progress, watch, offset, redraw.from_tick
        )

    def _write(self, score, wanted, seed, key, controls, progress, watch, offset, from_tick=0):
        bars = sorted({bar for bar, _ in wanted})
        choices = {}
        progress(0.0)
        for done, bar in enumerate(bars, 1):
            for part in range(len(PARTS)):
                if (bar, part) not in wanted:
                    continue
                made = [n for n in self._part(part, bar, score, seed, key) if n.start >= from_tick]
                index = part + offset
                track = score.tracks[index]
                taken = {(n.start, n.pitch) for n in track.notes}
                made = [n for n in made if (n.start, n.pitch) not in taken]
                tracks = list(score.tracks)
                tracks[index] = dataclasses.replace(track, notes=(*track.notes, *made))
                score = dataclasses.replace(score, tracks=tuple(tracks))
                for note in made:
                    choices[index, note] = (
                        NoteChoice(note.pitch, 0.55),
                        NoteChoice(note.pitch + 2, 0.25),
                        NoteChoice(max(note.pitch - 3, 0), 0.12),
                        NoteChoice(note.pitch + 7, 0.004),
                    )
            watch(score)
            progress(done / len(bars))
            time.sleep(float(os.environ.get("ENCORE_FAKE_BAR_S", "0")))
        return Composition(score, choices)

    def _part(self, part, bar, score, seed, key):
        draw = random.Random(f"{seed}:{bar // 4 % 2}:{bar % 4}:{part}")
        start, step = bar * score.bar_ticks, 12
        steps = score.bar_ticks // step
        chord = [60 + key.tonic + tone for tone in PROGRESSION[bar % 4]]
        if part == 0:
            pitch = chord[0] + 12
            notes, at = [], 0
            while at < steps:
                long = draw.choice((1, 1, 2, 3))
                pitch += draw.choice((-4, -2, -1, 0, 1, 2, 3, 5))
                pitch = min(max(pitch, 67), 86)
                if draw.random() < 0.85:
                    length = min(long, steps - at) * step
                    notes.append(Note(start + at * step, pitch, length, draw.randint(70, 110)))
                at += long
            return notes
        if part == 1:
            half = score.bar_ticks // 2
            return [Note(start + i * half, tone, half - 2, 66) for i in range(2) for tone in chord]
        if part == 2:
            return [Note(start + i * 24, chord[i % 2 * 2] - 24, 20, 88) for i in range(steps // 2)]
        hats = [Note(start + i * step, 42, 6, 60 + 20 * (i % 2)) for i in range(steps)]
        kicks = [Note(start + i * 48, 36, 6, 100) for i in range(steps // 4)]
        snares = [Note(start + 24 + i * 48, 38, 6, 95) for i in range(steps // 4)]
        return hats + kicks + snares


def install(patch) -> None:
    """Let `composer` and a second engine be this one. patch: of an attribute, as monkeypatch's."""
    own = [
        engines.EngineInfo(
            "compose", "composer", "Composer", "Many instruments, many genres.", False, None,
            "tests.app.fake_composer:FakeComposer",
        ),
        engines.EngineInfo(
            "compose", "notes-lstm", "Published LSTM", "The paper's loop.", True, None,
            "tests.app.fake_composer:FakeComposer",
        ),
    ]  # fmt: skip
    others = tuple(entry for entry in engines._ENGINES if entry.job != "compose")
    patch(engines, "_ENGINES", (*others, *own))


def tones(alone):
    """In place of `core.composition.stems._stem`: decaying tones, without SoundFont or renderer."""
    rate = 44_100
    sound = np.zeros(round((alone.duration_s + 1.5) * rate), np.float32)
    time_s = np.arange(rate // 2) / rate
    for note in alone.tracks[0].notes:
        at = round(note.start * alone.seconds_per_tick * rate)
        tone = 0.1 * np.sin(2 * np.pi * 440 * 2 ** ((note.pitch - 69) / 12) * time_s)
        sound[at : at + len(tone)] += (tone * np.exp(-8 * time_s))[: len(sound) - at]
    peaks = np.abs(sound[: len(sound) // 441 * 441]).reshape(-1, 441).max(axis=1)
    return encode_mp3(Clip(sound[None], rate)), peaks

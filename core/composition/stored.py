"""A composition as JSON, exact: what the gallery keeps beside the MIDI file."""

from __future__ import annotations

import json
from typing import Any

from core.score import Composition, Key, Note, NoteChoice, Score, Track

PROBABILITY_DIGITS = 4


def to_json(made: Composition) -> str:
    """Compact JSON.

    A note is [start, pitch, duration, velocity], and its choices as [pitch, probability] if any.
    """
    score = made.score
    fields: dict[str, Any] = {
        "bars": score.bars,
        "tempo_bpm": score.tempo_bpm,
        "beats": score.beats,
        "beat_unit": score.beat_unit,
        "key": score.key and [score.key.tonic, score.key.mode],
        "title": score.title,
        "tracks": [
            {
                "name": track.name,
                "program": track.program,
                "is_drum": track.is_drum,
                "notes": [_note(made, index, note) for note in track.notes],
            }
            for index, track in enumerate(score.tracks)
        ],
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"


def _note(made: Composition, index: int, note: Note) -> list[Any]:
    fields: list[Any] = [note.start, note.pitch, note.duration, note.velocity]
    choices = made.choices.get((index, note))
    if choices:
        fields.append([[c.pitch, round(c.probability, PROBABILITY_DIGITS)] for c in choices])
    return fields


def from_json(text: str) -> Composition:
    """The inverse of `to_json`, probabilities to four digits."""
    fields = json.loads(text)
    tracks, choices = [], {}
    for index, entry in enumerate(fields["tracks"]):
        notes = []
        for start, pitch, duration, velocity, *rest in entry["notes"]:
            note = Note(start, pitch, duration, velocity)
            notes.append(note)
            if rest:
                choices[index, note] = tuple(NoteChoice(p, share) for p, share in rest[0])
        tracks.append(Track(entry["name"], entry["program"], tuple(notes), entry["is_drum"]))
    key = Key(*fields["key"]) if fields["key"] else None
    score = Score(
        tuple(tracks),
        fields["bars"],
        fields["tempo_bpm"],
        fields["beats"],
        fields["beat_unit"],
        key,
        fields["title"],
    )
    return Composition(score, choices)

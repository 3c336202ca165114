"""The piano roll: a score that plays, track by track, and in which bars and notes can be chosen.

Sound and the notes' choices travel by URL, the notes over the websocket. Mounted again with the
same piece it plays on, whatever else changed; with another it stops.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.composition.sound import Sound
from core.composition.steps import Taken
from core.score import Composition, Note, NoteChoice, Score
from ui import media, player
from ui.piano_roll.drums import drum_names

MAX_CHOICES = 6
MAX_SAMPLES = 50_000_000
_mount = st.components.v2.component(
    "encore_piano_roll", **player.parts(Path(__file__).parent, "roll", "picture")
)


@dataclass(frozen=True)
class Touched:
    """What the visitor did. bars: those chosen. taken: a choice just taken, in this run only."""

    bars: tuple[int, ...] = ()
    taken: Taken | None = None


def piano_roll(
    made: Composition,
    sound: Sound | None,
    *,
    key: str,
    work: str,
    title: str = "",
    given_bars: int = 0,
    locked: Collection[int] = (),
    editable: bool = False,
) -> Touched:
    """Show a piece. Without sound it is still being written, and only looked at.

    work: names what the piece is a version of; with another, the roll forgets bars and zoom.
    title: tells it from other rolls on the page.
    given_bars: how many at the start are the visitor's own. locked: bars that stay as they are.
    editable: whether bars can be chosen and choices taken.
    """
    score = made.score
    files = sound.files if sound else (None,) * len(score.tracks)
    notes = [[[n.start, n.pitch, n.duration, n.velocity] for n in t.notes] for t in score.tracks]
    edge = max((n.end for t in score.tracks for n in t.notes), default=0)
    data: dict[str, Any] = {
        "work": work,
        "piece": _digest(notes, score.tempo_bpm),
        "live": sound is None,
        "editable": editable and sound is not None,
        "bars": score.bars,
        "bar_ticks": score.bar_ticks,
        "beats": score.beats,
        "seconds_per_tick": score.seconds_per_tick,
        "seconds": sound.seconds if sound else score.duration_s,
        "sample_rate": _played_rate(sound) if sound else 0,
        "gain": sound.gain if sound else 1.0,
        "given": given_bars,
        "locked": sorted(locked),
        "edge": min(edge, score.ticks),
        "title": title,
        "alt": describe(score),
        "drums": drum_names(score),
        "choices": _choices_url(made, key) if sound and made.choices else "",
        "tracks": [
            {
                "name": track.name,
                "drum": track.is_drum,
                "notes": notes[index],
                "pan": sound.pans[index] if sound else 0.0,
                "url": _sound_url(files[index], f"{key}/{index}/mp3"),
            }
            for index, track in enumerate(score.tracks)
        ],
    }
    result = _mount(
        data=data,
        key=key,
        default={"bars": []},
        on_bars_change=_ignore,
        on_taken_change=_ignore,
    )
    bars = tuple(bar for bar in result.bars or () if 0 <= bar < score.bars)
    return Touched(bars, Taken(**result.taken) if result.taken else None)


def describe(score: Score) -> str:
    """The roll in words, for those who do not see it."""
    parts = ", ".join(f"{track.name} ({len(track.notes)} notes)" for track in score.tracks)
    key = f", in {score.key}" if score.key else ""
    return (
        f"Piano roll of {score.bars} bars in {score.beats}/{score.beat_unit}{key}, "
        f"{score.tempo_bpm:.0f} quarters a minute: {parts or 'no notes yet'}."
    )


def _played_rate(sound: Sound) -> int:
    """The rate at which the browser keeps the sounds: half for a long piece of many tracks.

    Decoded, a track takes 4 bytes a sample; phones drop a page that wants too much.
    """
    samples = sound.seconds * sound.sample_rate * sum(file is not None for file in sound.files)
    return sound.sample_rate if samples <= MAX_SAMPLES else sound.sample_rate // 2


def _ignore() -> None:
    """The component's value is read where it is mounted."""


def _digest(notes: Sequence[Any], tempo_bpm: float) -> str:
    return hashlib.sha256(json.dumps([notes, tempo_bpm]).encode()).hexdigest()[:16]


def _sound_url(data: bytes | None, place: str) -> str:
    return "" if data is None else media.url(data, "audio/mpeg", place)


def _choices_url(made: Composition, key: str) -> str:
    """A JSON file: for each note of each track its choices as [pitch, probability]."""
    table = [
        [
            [[choice.pitch, round(choice.probability, 4)] for choice in _shown(made, index, note)]
            for note in track.notes
        ]
        for index, track in enumerate(made.score.tracks)
    ]
    return media.url(json.dumps(table).encode(), "application/json", f"{key}/choices")


def _shown(made: Composition, index: int, note: Note) -> list[NoteChoice]:
    """The likeliest choices, and the note's own among them even if it is none of these."""
    found = made.choices.get((index, note), ())
    own = [choice for choice in found if choice.pitch == note.pitch]
    first = [choice for choice in found if choice.pitch != note.pitch][: MAX_CHOICES - len(own)]
    return sorted([*first, *own], key=lambda choice: -choice.probability)

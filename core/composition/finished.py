"""Write a finished piece into the gallery's form: exact notes, MIDI, sound track by track."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from core.composition.plan import Plan
from core.composition.stems import sound
from core.composition.stored import to_json
from core.midi_files import write_midi
from core.score import Composition


def save(
    folder: Path, plan: Plan, made: Composition, *, rank: int, words: Mapping[str, str],
    given_bars: int = 0,
) -> None:  # fmt: skip
    """Write `piece.json`, `score.mid`, the stems and `item.json`, as core.gallery reads them.

    words: title, artist, genre, licence, source.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "piece.json").write_text(to_json(made), encoding="utf-8")
    (folder / "score.mid").write_bytes(write_midi(made.score))
    heard = sound(made.score)
    names = [file and f"stem-{index}.mp3" for index, file in enumerate(heard.files)]
    for name, file in zip(names, heard.files, strict=True):
        if name and file:
            (folder / name).write_bytes(file)
    fields = {
        **{name: words[name] for name in ("title", "artist", "genre", "licence", "source")},
        "rank": rank,
        "recipe": json.loads(plan.recipe().to_json()),
        "given_bars": given_bars,
        "stems": names,
        "gain": round(heard.gain, 4),
        "pans": heard.pans,
        "seconds": heard.seconds,
        "sample_rate": heard.sample_rate,
    }
    text = json.dumps(fields, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / "item.json").write_text(text, encoding="utf-8")

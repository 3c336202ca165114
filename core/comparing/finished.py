"""A finished comparison in the gallery: the patterns, exact, and their sound."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.comparing.plan import Plan, Side
from core.composition.stems import sound


def save(
    folder: Path, plan: Plan, sides: Sequence[Side], *, rank: int, words: Mapping[str, str]
) -> None:
    """Write `item.json` and an MP3 for each track of each side, as core.gallery reads them.

    words: title, artist, genre, licence, source.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for side in sides:
        heard = sound(side.score)
        names = [file and f"{side.model}-{index}.mp3" for index, file in enumerate(heard.files)]
        for name, file in zip(names, heard.files, strict=True):
            if name and file:
                (folder / name).write_bytes(file)
        written.append(
            {
                "model": side.model,
                "pattern": side.pattern.tolist(),
                "semitones": side.semitones,
                "stems": names,
                "gain": round(heard.gain, 4),
                "pans": heard.pans,
                "seconds": heard.seconds,
                "sample_rate": heard.sample_rate,
            }
        )
    fields = {
        **{name: words[name] for name in ("title", "artist", "genre", "licence", "source")},
        "rank": rank,
        "recipe": json.loads(plan.recipe().to_json()),
        "sides": written,
    }
    text = json.dumps(fields, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / "item.json").write_text(text, encoding="utf-8")

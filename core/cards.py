"""The models' cards: what each takes and gives, how it learned, and what to expect of it."""

from __future__ import annotations

import re

from core.registry import weights_dir

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_TITLE = re.compile(r"\A\s*# .*\n")


def card(model_id: str) -> str:
    """weights/cards/<model id>.md as Markdown, without what the Hub reads and without its title.

    Empty where the model has no card.
    """
    try:
        text = (weights_dir() / "cards" / f"{model_id}.md").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    return _TITLE.sub("", _FRONT_MATTER.sub("", text)).strip()

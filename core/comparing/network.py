"""The compared models in numpy, read from their weight files."""

from __future__ import annotations

from core.comparing.models import PatternModel
from core.registry import unavailable


def load(name: str, kind: str) -> PatternModel:
    """`core.comparing.models.pattern_model`."""
    raise unavailable(f"{name}-{kind}", "is not installed here")

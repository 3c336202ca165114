"""What can be said of a finished work by itself, where there is no true one to compare it with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import streamlit as st

from core.score import Score

SOUND = {
    "seconds": ("Length", "{:.1f} s"),
    "loudness_lufs": ("Loudness", "{:.1f} LUFS"),
    "peak_dbfs": ("Peak", "{:.1f} dBFS"),
    "cents_off": ("Out of tune by", "{:.1f} cents"),
}
"""Of a sound's measured values: what each is called, and how it is printed."""
Facts = dict[str, str]
"""Name -> value, printed."""


def of_score(score: Score) -> Facts:
    """Measures of core.music_measures that need no other piece."""
    from core import music_measures as measures  # brings SciPy along

    found = {
        "Notes": str(score.note_count),
        "Bars": str(score.bars),
        "In the best scale": _percent(measures.scale_consistency(score)),
        "Groove kept from bar to bar": _percent(measures.groove_consistency(score)),
        "Pitch-class entropy": f"{measures.pitch_class_entropy(score):.2f} bits",
        "Pitches at a time": f"{measures.polyphony(score):.1f}",
        "Got stuck": "yes" if measures.degenerate(score) else "no",
    }
    return {name: value for name, value in found.items() if "nan" not in value}


def of_sound(values: Mapping[str, float]) -> Facts:
    """A sampled sound's measured values, as benchmarks.gallery_sample writes them."""
    return {
        name: form.format(values[key])
        for key, (name, form) in SOUND.items()
        if key in values and math.isfinite(values[key])
    }


def show(sides: Sequence[tuple[str, Facts]]) -> None:
    """A table with a row for each fact and a column for each side. A side alone needs no title."""
    names = list(dict.fromkeys(name for _, found in sides for name in found))
    if not names:
        return
    head = " | ".join(title or "value" for title, _ in sides)
    rows = [f"| {name} | {' | '.join(found.get(name, '–') for _, found in sides)} |"
            for name in names]  # fmt: skip
    rule = "--: |" * len(sides)
    st.markdown("**Figures**")
    st.markdown("\n".join([f"| measured | {head} |", f"| --- | {rule}", *rows]))


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"

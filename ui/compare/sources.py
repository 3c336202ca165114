"""Patterns that the sections look into: what the models have just written, or a tune."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.comparing.offers import TITLES
from core.comparing.patterns import KINDS, Kind, Pattern
from core.comparing.plan import OWN
from core.comparing.primers import PRIMERS, stretch
from ui.background import Runs
from ui.compare import tunes
from ui.compare.pairs import Pair
from ui.compose.primers import plain

WRITTEN: Runs[Pair] = Runs("compare")
"""Where the side-by-side section keeps its result."""


@dataclass(frozen=True)
class Source:
    """pattern: [kind's steps, voices], in the models' key. semitones: how far its tune is above."""

    title: str
    kind: Kind
    pattern: Pattern
    semitones: int = 0

    @property
    def key(self) -> str:
        """Equal for equal patterns."""
        return hashlib.sha256(np.ascontiguousarray(self.pattern).tobytes()).hexdigest()[:16]


def pick(label: str, key: str, kinds: tuple[str, ...], default: str) -> Source | None:
    """What a visitor chooses; None while there is no file. kinds: those that will do.

    A tune is taken for the first of `kinds`. Raises UserInputError for one of no use.
    """
    pair: Pair | None = st.session_state.get(WRITTEN.result)
    written = {}
    if pair is not None and pair.plan.kind in kinds:
        written = {f"written:{side.model}": side for side in pair.sides}
    titles = {name: f"What the {TITLES[side.model]} wrote" for name, side in written.items()}
    titles |= PRIMERS | {OWN: tunes.OWN_TITLE}
    if st.session_state.get(key) not in titles:
        st.session_state[key] = default if default in titles else next(iter(titles))
    name = st.selectbox(
        label, list(titles), format_func=titles.__getitem__, key=key, persist_state="page"
    )
    if pair is not None and name in written:
        side = written[name]
        return Source(titles[name], KINDS[pair.plan.kind], side.pattern, side.semitones)
    tune = tunes.upload(f"{key}_upload") if name == OWN else tunes.named(name)
    if tune is None:
        return None
    kind = KINDS[kinds[0]]
    taken = stretch(tune.score, kind, kind.bars, exactly=True)
    st.caption(f"Taken: {plain(taken.told())}.")
    return Source(tune.title, kind, taken.pattern, -taken.semitones)

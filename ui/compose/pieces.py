"""A composed piece as the page keeps it, and its earlier versions in the session."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from core.composition.plan import JOB, Plan, of_recipe
from core.composition.stored import from_json
from core.engines import engines, info
from core.gallery import GalleryPiece
from core.gallery import pieces as gallery_pieces
from core.score import Composition

VERSIONS, LOCKED = "compose_versions", "compose_locked"
MAX_VERSIONS = 12


@dataclass(frozen=True)
class Piece:
    """A finished piece. plan: what makes it again. given_bars: the visitor's own, at its start.

    credit: who made it, where it comes from the gallery. example: its slug there.
    compute_seconds: what making it took, without its sound; None where nobody measured.
    """

    title: str
    plan: Plan
    made: Composition
    given_bars: int = 0
    credit: str | None = None
    example: str | None = None
    compute_seconds: float | None = None

    @property
    def work(self) -> str:
        """Equal for versions of one piece."""
        return replace(self.plan, steps=()).recipe().key()[:16]

    @property
    def engine_title(self) -> str:
        names = [entry.name for entry in engines(JOB)]
        return info(JOB, self.plan.engine).title if self.plan.engine in names else self.plan.engine


def about(piece: Piece) -> str:
    """What it is and what made it, in a line."""
    score = piece.made.score
    parts = [
        piece.engine_title,
        f"{score.bars} bars of {score.beats}/{score.beat_unit}",
        f"{score.tempo_bpm:.0f} BPM",
        *([str(score.key)] if score.key else []),
        f"{score.note_count} notes",
        f"seed {piece.plan.seed}",
    ]
    if piece.compute_seconds:
        parts.append(f"made in {piece.compute_seconds:.1f} s")
    if piece.plan.steps:
        count = len(piece.plan.steps)
        parts.append(f"redrawn {'once' if count == 1 else f'{count} times'}")
    return " · ".join(parts)


def examples() -> list[GalleryPiece]:
    """The finished pieces in the gallery, best first."""
    return gallery_pieces()


def of_example(found: GalleryPiece) -> Piece:
    """The gallery's piece. Its sound is on disk, so showing it computes nothing."""
    stamp = (found.folder / "piece.json").stat().st_mtime_ns
    made = _composition(str(found.folder), stamp)
    credit = f"{found.title} by {found.artist} · {found.licence} · {found.source}"
    plan = of_recipe(found.recipe)
    return Piece(found.title, plan, made, found.given_bars, credit, found.slug)


@st.cache_resource(max_entries=32, ttl=3600, show_spinner=False)
def _composition(folder: str, stamp: int) -> Composition:
    return from_json((Path(folder) / "piece.json").read_text(encoding="utf-8"))


def remember(piece: Piece) -> None:
    """Keep the piece as a version that Undo can come back to."""
    versions = [*st.session_state.get(VERSIONS, ()), piece]
    st.session_state[VERSIONS] = versions[-MAX_VERSIONS:]


def previous() -> Piece | None:
    """Take back the version before, if there is one."""
    versions = list(st.session_state.get(VERSIONS, ()))
    if not versions:
        return None
    piece: Piece = versions.pop()
    st.session_state[VERSIONS] = versions
    return piece


def locked() -> frozenset[int]:
    """Bars that redraws leave as they are."""
    return frozenset(st.session_state.get(LOCKED, ()))


def forget_versions() -> None:
    """A new piece: nothing to undo, nothing locked."""
    st.session_state.pop(VERSIONS, None)
    st.session_state.pop(LOCKED, None)

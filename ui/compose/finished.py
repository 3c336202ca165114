"""The gallery's pieces as MIDI files, as Compose hands them on: links name them by their sha256."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import streamlit as st

from core.gallery import GalleryPiece
from ui.compose import downloads, pieces
from ui.compose.pieces import Piece


@dataclass(frozen=True)
class Finished:
    """A piece of the gallery. midi: the bytes that its page hands on. sha256: of these."""

    slug: str
    piece: Piece
    midi: bytes
    sha256: str


def tunes() -> list[Finished]:
    """All of them, best first."""
    return [_finished(found.slug, _stamp(found), found) for found in pieces.examples()]


def find(sha256: str | None) -> Finished | None:
    """The one whose MIDI file this is."""
    return next((one for one in tunes() if one.sha256 == sha256), None) if sha256 else None


def _stamp(found: GalleryPiece) -> int:
    return (found.folder / "piece.json").stat().st_mtime_ns


@st.cache_resource(max_entries=32, ttl=3600, show_spinner=False)
def _finished(slug: str, stamp: int, _found: GalleryPiece) -> Finished:
    piece = pieces.of_example(_found)
    midi = downloads.midi(piece)
    return Finished(slug, piece, midi, hashlib.sha256(midi).hexdigest())

"""A pattern to look at, to hear, to print and to take home."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.composition.sound import Sound
from core.downloads import safe_name
from core.score import Composition, Score
from ui.piano_roll import piano_roll
from ui.sheet_music import sheet_music

WIDE_PX, NARROW_PX = 620, 420
SHEET, TABLE = "Sheet music", "Note table"


def show(
    score: Score,
    *,
    key: str,
    work: str,
    title: str = "",
    given_bars: int = 0,
    heard: Sound | None = None,
) -> None:
    """The roll. work, title: as ui.piano_roll has them. heard: where it is there."""
    if heard is None:
        from core.composition.stems import sound  # brings the renderer along

        heard = sound(score)
    piano_roll(Composition(score), heard, key=key, work=work, title=title, given_bars=given_bars)


def downloads(score: Score, title: str, *, key: str) -> None:
    """MIDI and MusicXML; neither button reruns the page."""
    named, name = replace(score, title=title), f"encore-{safe_name(title, 'pattern').lower()}"

    def midi() -> bytes:
        from core.midi_files import write_midi

        return write_midi(named)

    def musicxml() -> bytes:
        from core.musicxml_writer import write_musicxml

        return write_musicxml(named)

    kinds = (
        ("MIDI", midi, ".mid", "audio/midi", ":material/piano:"),
        ("MusicXML", musicxml, ".musicxml", "application/vnd.recordare.musicxml+xml",
         ":material/music_note:"),
    )  # fmt: skip
    for label, write, suffix, mimetype, icon in kinds:
        st.download_button(
            label, write, name + suffix, mimetype, key=f"{key}_{suffix[1:]}",
            on_click="ignore", icon=icon,
        )  # fmt: skip


def sheet(score: Score, title: str, *, key: str) -> None:
    """The score, printed."""
    wide, narrow = _engraved(replace(score, title=title))
    sheet_music(wide, narrow, alt=f"Sheet music of {title}.", key=key)


def table(score: Score) -> None:
    """The notes, a row each."""
    from core.score_files import note_table

    rows = note_table(score)
    st.dataframe([row._asdict() for row in rows], height=280, hide_index=True)


@st.cache_resource(max_entries=32, ttl=1800, show_spinner="Engraving")
def _engraved(score: Score) -> tuple[list[str], list[str]]:
    from core.notation import sheet_music as engrave

    return engrave(score, width_px=WIDE_PX), engrave(score, width_px=NARROW_PX)

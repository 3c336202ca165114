"""What a visitor can take home of a piece, and the link that makes it again."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.audio import encode_wav
from core.composition.stored import to_json
from core.downloads import bundle, safe_name
from core.score import Score
from ui import links, sources
from ui.compose import pieces
from ui.compose.pieces import Piece


def stem(piece: Piece) -> str:
    """What downloads of this piece are called, without their ending."""
    return f"encore-{safe_name(piece.title, 'piece').lower()}"


def titled(piece: Piece) -> Score:
    """The score under the piece's title."""
    return replace(piece.made.score, title=piece.title)


def midi(piece: Piece) -> bytes:
    """A standard MIDI file, type 1."""
    from core.midi_files import write_midi

    return write_midi(titled(piece))


def musicxml(piece: Piece) -> bytes:
    """MusicXML 4, for notation programs."""
    from core.musicxml_writer import write_musicxml

    return write_musicxml(titled(piece))


def wav(piece: Piece) -> bytes:
    """The whole piece through the SoundFont, stereo."""
    from core.synth import render

    return encode_wav(render(piece.made.score))


def table(piece: Piece) -> bytes:
    """The note table as CSV."""
    from core.score_files import note_csv

    return note_csv(piece.made.score)


def bundle_zip(piece: Piece) -> bytes:
    """Everything of a piece in a zip; `piece.json` has the notes with the model's choices."""
    from core.soundfont import played_with

    files = {
        "piece.mid": midi(piece),
        "piece.musicxml": musicxml(piece),
        "piece.wav": wav(piece),
        "notes.csv": table(piece),
        "piece.json": to_json(piece.made).encode(),
        "recipe.json": piece.plan.recipe().to_json().encode(),
        "SOUND.txt": played_with().encode(),
    }
    if piece.credit:
        files["CREDIT.txt"] = (piece.credit + "\n").encode()
    return bundle(files)


KINDS = (
    ("MIDI", midi, ".mid", "audio/midi", ":material/piano:", "For a sequencer"),
    (
        "MusicXML", musicxml, ".musicxml", "application/vnd.recordare.musicxml+xml",
        ":material/music_note:", "For a notation program",
    ),
    ("WAV", wav, ".wav", "audio/wav", ":material/graphic_eq:", "The sound, stereo"),
    ("Notes (CSV)", table, ".csv", "text/csv", ":material/table:", "One row a note"),
    (
        "Everything (zip)", bundle_zip, ".zip", "application/zip", ":material/folder_zip:",
        "All of these, and the recipe that replays this piece",
    ),
)  # fmt: skip


def show(piece: Piece) -> None:
    """The buttons, none of which reruns the page, and the link."""
    name = stem(piece)
    with st.container(horizontal=True):
        for label, write, suffix, mimetype, icon, told in KINDS:
            st.download_button(
                label,
                lambda write=write: write(piece),
                name + suffix,
                mimetype,
                key=f"compose_download_{suffix[1:]}",
                help=told,
                on_click="ignore",
                icon=icon,
            )
        links.popover(
            piece.plan.query(), _SAME if piece.plan.primer_sha256 is None else _ASKS, "Share"
        )
        _send_on(piece)


def _send_on(piece: Piece) -> None:
    """Buttons that take the notes to other pages."""
    if st.button(
        "Give it a band",
        key="compose_to_remix",
        icon=":material/tune:",
        help="Its tune goes to the Remix page, where a band plays along.",
    ):
        from ui.remix.form import ASK  # brings more along than this page needs to open

        sources.hand_on(piece.title, midi(piece), piece.credit, ASK, pieces.about(piece))
        st.switch_page("pages/remix.py")
    if st.button(
        "Play it in a new sound",
        key="compose_to_sample",
        icon=":material/scatter_plot:",
        help="It goes to the Sample page, to be played with a sound that you pick on the plane.",
    ):
        from ui.sample import tunes

        tunes.hand_on(piece.title, midi(piece), pieces.about(piece))
        st.switch_page("pages/sample.py")


_SAME = "Whoever opens this link gets the same notes."
_ASKS = "Whoever opens this link is asked for the file that you continued, and gets the same notes."

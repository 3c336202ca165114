"""The band on the Remix page: what can be asked of it, and what it plays, part by part."""

from __future__ import annotations

import zlib
from dataclasses import replace

import streamlit as st

from core.composition.steps import Step
from core.errors import UserInputError
from core.hearing.heard import Chord
from core.remixing import arrangement_files as files
from core.remixing.arrangement import Arrangement
from core.remixing.band_controls import STYLES, BandControls
from core.remixing.chart_text import MOST_LETTERS, shown
from core.remixing.chords import is_guess, name
from core.remixing.stems import SOLO, STEMS, TITLES
from core.score import Composition
from ui.piano_roll import piano_roll
from ui.seeds import new_seed

STYLE, DENSITY, HUMANISE = "remix_style", "remix_density", "remix_humanise"
INTRO, ENDING, CHORDS = "remix_intro", "remix_ending", "remix_chords"
_PART, _ROLL = "remix_band_part", "remix_band_roll"
_TOLD, _TOLD_OF = "remix_chords_told", "remix_chords_of"
"""A chart to put into the form in the next run, and the tune that the form's chart is of."""
_REDRAW_PART, _REDRAW_BARS = "remix_redraw_part", "remix_redraw_bars"
ALL = "all"
CHART = "C | F G7 | Am | C"
LINES_PX = 92
"""Of three lines of a chart."""
UNSURE = 0.25
"""Of `Heard.steady`: under it the visitor is told that the beat is a guess."""


def fill(controls: BandControls, sha256: str | None) -> None:
    """Set the widgets to what a link asks for; before they are drawn.

    sha256: of the tune's file.
    """
    state = st.session_state
    state[STYLE], state[DENSITY], state[HUMANISE] = (
        controls.style, controls.density, controls.humanise
    )  # fmt: skip
    state[INTRO], state[ENDING] = controls.intro, controls.ending
    state[CHORDS] = shown(controls.chords)
    state.pop(_TOLD, None)
    state[_TOLD_OF] = sha256


def form(sha256: str) -> tuple[BandControls, str]:
    """The band's part of the form: (what is asked, but for the chart; the chart as it is typed).

    sha256: of the tune's file. A chart that was told of another tune is gone.
    """
    plain, state = BandControls(), st.session_state
    if state.get(_TOLD_OF) not in (None, sha256):
        state[CHORDS] = ""
    state[_TOLD_OF] = sha256
    if _TOLD in state:
        state[CHORDS] = state.pop(_TOLD)
    for key, value in (
        (STYLE, plain.style), (DENSITY, plain.density), (HUMANISE, plain.humanise),
        (INTRO, plain.intro), (ENDING, plain.ending), (CHORDS, plain.chords),
    ):  # fmt: skip
        state.setdefault(key, value)
    with st.expander("How the band plays", icon=":material/tune:"):
        style = st.selectbox(
            "Style",
            list(STYLES),
            format_func=lambda name: STYLES[name].title,
            key=STYLE,
            help="What fits the tune: by its metre, pace and feel. As the data would: the network "
            "is led by no pattern.",
        )
        left, right = st.columns(2)
        with left:
            density = st.slider(
                "Density", 0.0, 1.0, step=0.05, key=DENSITY, help="From few notes to many."
            )
        with right:
            humanise = st.slider(
                "Humanise", 0.0, 1.0, step=0.05, key=HUMANISE,
                help="How far the players are off the grid, and uneven in touch.",
            )  # fmt: skip
        with st.container(horizontal=True):
            intro = st.toggle("Come in one by one", key=INTRO)
            ending = st.toggle("Hold the last chord", key=ENDING)
        chords = st.text_area(
            "Chords", placeholder=CHART, height=LINES_PX, max_chars=MOST_LETTERS, key=CHORDS,
            help="If you know them; by default the band goes by what it hears in the tune. Bars "
            "are parted by |, and a shorter chart is played again and again.",
        )  # fmt: skip
    return BandControls(style, density, humanise, intro, ending), chords.strip()


def show(made: Arrangement, asked: BandControls, title: str, name: str) -> BandControls | None:
    """Chord chart, piano roll and files; what the visitor asks for anew, in that run only.

    asked: what the band was asked for. name: of the files, without their ending.
    """
    score, grid = made.score, made.heard.grid
    st.markdown("**What the band plays**")
    st.caption(
        f"{STYLES[made.controls.style].title} · {score.key} · {score.tempo_bpm:.0f} BPM · "
        f"{grid.beats}/{grid.beat_unit} · {score.bars} bars, as heard in the solo"
        + (", on your chords" if asked.chords else "")
    )
    if made.heard.steady < UNSURE:
        st.info(
            "The beat is hard to hear in this solo, so the band may drift from it; a part with a "
            "steadier pulse works better.",
            icon=":material/hearing:",
        )
    _chart(made)
    other = _other_chords(made, asked)
    parts = [stem for stem in (SOLO, *STEMS) if made.notes(stem)]
    part = st.pills(
        "Shown in the roll",
        [ALL, *parts],
        default=ALL,
        required=True,
        format_func=lambda stem: "All parts" if stem == ALL else TITLES[stem],
        key=_PART,
    )
    shown = parts if part == ALL else [part]
    whole = files.titled(made, title)
    tracks = [track for track, stem in zip(whole.tracks, parts, strict=True) if stem in shown]
    roll = Composition(replace(whole, tracks=tuple(tracks)))
    piano_roll(roll, None, key=_ROLL, work=f"{title} {part}")
    _downloads(made, title, name)
    step = _redraw(made)
    if other is None and step is not None:
        return replace(asked, redraws=(*asked.redraws, step))
    return other


def _chart(made: Arrangement) -> None:
    """The chords, a row of bars at a time, as a table that wraps on a phone."""
    bars, key = files.chords_by_bar(made), made.score.key

    def shown_chord(chord: Chord) -> str:
        line = "underline dotted 2px" if is_guess(chord) else "none"
        return (
            f'<b style="text-decoration:{line};text-underline-offset:.2em">{name(chord, key)}</b>'
        )

    cells = "".join(
        f'<div style="flex:1 0 4.2rem;max-width:9rem;border-left:1px solid currentColor;'
        f'padding:.1rem .4rem"><small style="opacity:.6">{number}</small><br>'
        f"{'&ensp;'.join(map(shown_chord, chords))}</div>"
        for number, chords in enumerate(bars, 1)
    )
    st.html(
        f'<div role="img" aria-label="Chords: {files.chart_text(made).strip()}" '
        f'style="display:flex;flex-wrap:wrap;gap:.3rem 0">{cells}</div>'
    )
    if any(is_guess(chord) for chords in bars for chord in chords):
        st.caption("Dotted chords are guesses: the tune leaves them open.")


def _other_chords(made: Arrangement, asked: BandControls) -> BandControls | None:
    """The chart as text to be changed, and played anew."""
    text = files.chart_text(made)
    with (
        st.expander("Change the chords", icon=":material/edit_note:"),
        st.form("remix_chart_form", enter_to_submit=False, border=False),
    ):
        changed = st.text_area(
            "The chart",
            text,
            height=LINES_PX * max(-(-text.count("\n") // 3), 1),
            max_chars=MOST_LETTERS,
            key=f"remix_chart_{zlib.crc32(text.encode())}",
            help="A chord or several in each bar, like C, F♯m7, Bb, G7, Bdim or N.C.; % stands for "
            "the bar before. A shorter chart is played again and again.",
        )
        with st.container(horizontal=True):
            played = st.form_submit_button("Play these chords", icon=":material/play_arrow:")
            heard = bool(asked.chords) and st.form_submit_button(
                "As heard", icon=":material/hearing:", help="The chords that are heard in the tune."
            )
    if not played and not heard:
        return None
    try:
        wanted = replace(asked, chords="" if heard else changed, redraws=())
    except UserInputError as error:
        st.error(str(error), icon=":material/info:")
        return None
    st.session_state[_TOLD] = shown(wanted.chords)
    return wanted


def _downloads(made: Arrangement, title: str, name: str) -> None:
    kinds = (
        ("MIDI", lambda: files.midi(made, title), ".mid", "audio/midi", ":material/piano:"),
        (
            "MusicXML", lambda: files.musicxml(made, title), ".musicxml",
            "application/vnd.recordare.musicxml+xml", ":material/music_note:",
        ),
        (
            "Chords", lambda: files.chart_text(made).encode(), "-chords.txt", "text/plain",
            ":material/lyrics:",
        ),
    )  # fmt: skip
    with st.container(horizontal=True):
        for label, content, ending, mime, icon in kinds:
            st.download_button(
                label, content, f"{name}{ending}", mime, icon=icon, on_click="ignore",
                key=f"remix_band_{label.lower()}",
            )  # fmt: skip


def _redraw(made: Arrangement) -> Step | None:
    """One part or all of them, some bars or all, drawn anew with another seed."""
    bars = made.score.bars
    with st.container(horizontal=True, vertical_alignment="bottom"):
        part = st.selectbox(
            "Redraw",
            [ALL, *STEMS],
            format_func=lambda stem: "All parts" if stem == ALL else TITLES[stem],
            key=_REDRAW_PART,
            width=160,
        )
        first, last = (1, bars)
        if bars > 1:
            first, last = st.slider(
                "Bars", 1, bars, (1, bars), key=f"{_REDRAW_BARS}_{bars}", width=260
            )
        pressed = st.button(
            "Redraw", icon=":material/refresh:", key="remix_redraw", help="All else stays as it is."
        )
    if not pressed:
        return None
    tracks = range(len(STEMS)) if part == ALL else [STEMS.index(part)]
    seed = new_seed()
    return Step(frozenset(range(first - 1, last)), frozenset(tracks), seed)

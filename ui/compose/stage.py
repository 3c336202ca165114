"""The stage: the piece in its roll, what can be redrawn, sheet music; or a piece in the making.

All of it is one fragment, drawn again by itself while a piece is made, and alone when bars are
chosen, so that neither disturbs the form.
"""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core.composition.instruments import ROLES, role
from core.composition.offers import offer
from core.composition.sound import Sound
from core.composition.steps import Step, Taken
from core.score import Composition, Score
from ui import closest
from ui.background import refresh_s
from ui.compose import downloads, pieces, work
from ui.compose.pieces import Piece
from ui.compose.primers import plain
from ui.compose.work import RUNS
from ui.piano_roll import Touched, piano_roll
from ui.seeds import new_seed
from ui.sheet_music import sheet_music

ROLL, VIEW = "compose_roll", "compose_view"
NOTES, SHEET, TABLE = "Piano roll", "Sheet music", "Note table"
ICONS = {
    "melody": ":material/music_note:",
    "harmony": ":material/piano:",
    "rhythm": ":material/timer:",
}
WIDE_PX, NARROW_PX = 940, 440


def show() -> None:
    """The piece in the session, or the run that makes the next one."""
    st.fragment(_show, run_every=refresh_s() if RUNS.is_running() else None)()


def _show() -> None:
    piece: Piece | None = st.session_state.get(RUNS.result)
    running = RUNS.is_running()
    # The same places in both states: the roll stays mounted, and moves on from one to the other.
    head, body = st.container(), st.container()
    if running:
        sketch: work.Sketch = st.session_state[work.SKETCH]
        with head:
            RUNS.show_progress(sketch.doing)
        with body:
            if sketch.score is not None and sketch.score.note_count:
                piano_roll(
                    Composition(sketch.score),
                    None,
                    key=ROLL,
                    work=sketch.work,
                    given_bars=sketch.given_bars,
                )
            elif piece is not None:
                _roll(piece, editable=False)
        return
    if piece is None:
        return
    with head:
        st.header(plain(piece.title), anchor=False)
        st.caption((f"{piece.credit}  \n" if piece.credit else "") + pieces.about(piece))
    with body:
        touched = _roll(piece, editable=offer(piece.plan.engine).redraw)
        if touched.taken is not None:
            _take(piece, touched.taken)
        if offer(piece.plan.engine).redraw:
            _actions(piece, touched.bars)
        downloads.show(piece)
        _views(piece)
        closest.of_score(
            piece.made.score,
            piece.plan.recipe().key(),
            key="compose_closest",
            why="Does it quote what the composer learned from? Look for the training pieces that "
            "are most like it, in whatever key and tempo.",
        )


def _roll(piece: Piece, *, editable: bool) -> Touched:
    return piano_roll(
        piece.made,
        _sound(piece),
        key=ROLL,
        work=piece.work,
        given_bars=piece.given_bars,
        locked=pieces.locked(),
        editable=editable,
    )


def _sound(piece: Piece) -> Sound:
    """From the gallery's files, or as the run has just rendered it."""
    for found in pieces.examples():
        if found.slug == piece.example:
            return found.sound()
    from core.composition.stems import sound  # brings the renderer along

    return sound(piece.made.score)


# ---- redrawing ----------------------------------------------------------------------------------


def _actions(piece: Piece, chosen: tuple[int, ...]) -> None:
    """Redraw a role or all of it, lock bars, take back."""
    score = piece.made.score
    locked = pieces.locked()
    roles = [name for name in ROLES if any(role(t) == name for t in score.tracks if t.notes)]
    with st.container(horizontal=True, vertical_alignment="center", key="compose_actions"):
        st.markdown(f"**Redraw** {span(chosen) if chosen else 'the piece'}", width="content")
        for name in roles if len(roles) > 1 else []:
            if st.button(name.capitalize(), key=f"compose_redraw_{name}", icon=ICONS[name]):
                tracks = [i for i, t in enumerate(score.tracks) if role(t) == name]
                _redraw(piece, chosen, tracks)
        if st.button("All of it", key="compose_redraw_all", icon=":material/refresh:"):
            _redraw(piece, chosen, range(len(score.tracks)))
        if chosen and not locked.issuperset(chosen):
            if st.button("Lock", key="compose_lock", icon=":material/lock:"):
                _lock(locked | set(chosen))
        elif chosen or locked:
            freed = set(chosen) or locked
            if st.button("Unlock", key="compose_unlock", icon=":material/lock_open:"):
                _lock(locked - freed)
        if st.session_state.get(pieces.VERSIONS) and st.button(
            "Undo", key="compose_undo", icon=":material/undo:"
        ):
            st.session_state[RUNS.result] = pieces.previous()
            st.rerun()
    if not chosen:
        st.caption(
            "Choose bars by their numbers above the roll to redraw or lock only these. Click a "
            "note to see what else the model might have written."
        )


def span(bars: Iterable[int]) -> str:
    """`bar 3` or `bars 3–6`, as people count them."""
    low, high = min(bars) + 1, max(bars) + 1
    return f"bar {low}" if low == high else f"bars {low}–{high}"


def _redraw(piece: Piece, chosen: tuple[int, ...], tracks: Iterable[int]) -> None:
    """Start it; the visitor's own bars only where they were chosen."""
    bars = set(chosen) or set(range(piece.given_bars, piece.made.score.bars))
    bars -= pieces.locked()
    if not bars:
        st.toast("All of these bars are locked; unlock some first.", icon=":material/lock:")
        return
    work.redraw(piece, Step(frozenset(bars), frozenset(tracks), new_seed()))
    st.rerun()


def _take(piece: Piece, taken: Taken) -> None:
    """Put the choice in, and redraw everything from its note on."""
    score = piece.made.score
    first = taken.start // score.bar_ticks
    bars = (set(range(first, score.bars)) - pieces.locked()) | {first}
    tracks = frozenset(range(len(score.tracks)))
    step = Step(frozenset(bars), tracks, new_seed(), taken.start, taken)
    work.redraw(piece, step)
    st.rerun()


def _lock(bars: Iterable[int]) -> None:
    st.session_state[pieces.LOCKED] = frozenset(bars)
    st.rerun()


# ---- other views --------------------------------------------------------------------------------


def _views(piece: Piece) -> None:
    """Sheet music and the table, made when they are looked at."""
    with st.container(key="compose_views"):
        choice = st.segmented_control(
            "Also show", [SHEET, TABLE], key=VIEW, label_visibility="collapsed"
        )
        if choice == SHEET:
            wide, narrow = _pages(piece)
            sheet_music(wide, narrow, alt=f"Sheet music of {piece.title}.", key="compose_sheet")
        elif choice == TABLE:
            from core.score_files import note_table

            rows = note_table(piece.made.score)
            st.dataframe([row._asdict() for row in rows], height=360, hide_index=True)


def _pages(piece: Piece) -> tuple[list[str], list[str]]:
    return _engraved(piece.plan.recipe().key(), downloads.titled(piece))


@st.cache_data(max_entries=16, ttl=1800, show_spinner="Engraving")
def _engraved(key: str, _score: Score) -> tuple[list[str], list[str]]:
    from core.notation import sheet_music as engrave

    return engrave(_score, width_px=WIDE_PX), engrave(_score, width_px=NARROW_PX)

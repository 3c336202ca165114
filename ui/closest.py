"""Closest in the training data: looked for when asked, shown as passages one above the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import streamlit as st

from core.audio import Clip
from core.gallery import read_flac
from core.progress import Progress
from core.retrieving import words
from core.retrieving.matches import Match, Passage
from core.score import Composition, Score
from ui import scores
from ui.compare.quick import Quick
from ui.compose.primers import plain
from ui.piano_roll import piano_roll

if TYPE_CHECKING:
    from core.retrieving.recordings import RecordingMatch  # brings SciPy along
    from ui.results import Result

TITLE = "Closest in the training data"
ICON = ":material/manage_search:"
SHOWN = 3
FAINT = 0.12
"""Matches of less are chance, and are shown only where there is no other."""
WIDTH, HEIGHT = 640, 86
SHARED, OWN = "#C2458F", "#8F8899"
"""Between those of the light and of the dark theme, for they lie on either."""

T = TypeVar("T")


def of_score(score: Score, work: str, *, key: str, why: str = "") -> None:
    """An expander that looks for the pieces nearest to `score` when its button is pressed.

    work: names the score; with another, what was found is forgotten. key: the page's own.
    """

    def find(progress: Progress) -> Sequence[Match]:
        from core.retrieval import nearest

        return nearest(score, SHOWN)

    _asked(find, work, lambda found: matches(found, key=key), key=key, why=why)


def of_clip(clip: Callable[[], Clip], work: str, *, key: str, why: str = "") -> None:
    """The same for the training recordings most like a sound. clip: decodes it."""

    def find(progress: Progress) -> Sequence[RecordingMatch]:
        from core.retrieval import nearest_recordings

        return nearest_recordings(clip(), SHOWN)

    _asked(find, work, recordings, key=key, why=why)


def of_continuation(result: Result, *, key: str) -> None:
    """The same for a continuation, by our engine where it has one."""
    made = min(result.made, key=lambda one: one.published)
    of_clip(
        lambda: read_flac(made.flac),
        f"{result.recipe.key()} {made.engine}",
        key=key,
        why=f"Look for the training recordings that the continuation by {made.title} is most like, "
        "in harmony and in sound.",
    )


def _asked(
    find: Callable[[Progress], Sequence[T]],
    work: str,
    show: Callable[[Sequence[T]], None],
    *,
    key: str,
    why: str,
) -> None:
    with st.expander(TITLE, icon=ICON):
        st.fragment(_inside)(find, work, show, key, why)


def _inside(
    find: Callable[[Progress], Sequence[T]],
    work: str,
    show: Callable[[Sequence[T]], None],
    key: str,
    why: str,
) -> None:
    wanted = f"{key}_wanted"
    if st.session_state.get(wanted) != work:
        if why:
            st.write(why)
        # By a callback, so that the button is gone in the run that looks.
        st.button(
            "Look for it",
            key=f"{key}_look",
            icon=":material/search:",
            on_click=st.session_state.__setitem__,
            args=(wanted, work),
        )
        return
    found = Quick(key, "Looking through the training data").get(work, find)
    if found is not None:
        show(found)


def matches(found: Sequence[Match], *, key: str, yours: str = "Yours") -> None:
    """Each match: what it is, how much is the same, both passages, and the one to hear."""
    if not found:
        st.info("Nothing in the training data has a passage like it.", icon=":material/search_off:")
        return
    found = [match for match in found if match.score >= FAINT] or found[:1]
    if usual := scores.usual_likeness():
        st.caption(usual)
    for number, match in enumerate(found):
        if number:
            st.divider()
        _match(match, f"{key}_{number}", yours)


def _match(match: Match, key: str, yours: str) -> None:
    piece = match.piece
    st.markdown(f"**{plain(piece.title)}** · {plain(piece.credit)} · {plain(piece.licence)}")
    where = words.bars(match.found.first_bar, match.found.end_bar)
    st.caption(
        f"{words.verdict(match)} Likeness {match.score:.2f} · {words.copied(match)} · "
        f"{where}, {words.moved(match)}"
    )
    mine = words.bars(match.query.first_bar, match.query.end_bar)
    # On one time axis, so that what is the same lies one above the other.
    ticks = max([note.end for p in (match.query, match.found) for note in p.notes] or [1])
    for passage, caption in (
        (match.query, f"{yours}, {mine}"),
        (match.found, f"{plain(piece.title)}, {where}"),
    ):
        both = sum(passage.shared)
        told = f"A passage of {len(passage.notes)} notes, {both} of which stand in both."
        st.image(roll(passage, ticks), caption=caption, width="stretch", alt=told)
    heard = f"{key}_heard"
    if st.session_state.get(heard) != _name(match) and st.button(
        "Hear the passage", key=f"{key}_hear", icon=":material/play_arrow:"
    ):
        st.session_state[heard] = _name(match)
    if st.session_state.get(heard) == _name(match):
        from core.composition.stems import sound  # brings the renderer along

        piano_roll(
            Composition(match.sound), sound(match.sound), key=f"{key}_roll", work=_name(match)
        )


def _name(match: Match) -> str:
    return f"{match.piece.subset}/{match.piece.id}/{match.found.first_bar}-{match.found.end_bar}"


def recordings(found: Sequence[RecordingMatch]) -> None:
    """The recordings in a list; their sound is not here."""
    if not found:
        st.info("No recordings are in the collection here.", icon=":material/search_off:")
        return
    lines = []
    for match in found:
        about = match.recording
        lines.append(
            f"1. **{plain(about.title)}** · {plain(about.credit)} · {plain(about.licence)}  \n"
            f"{words.of_recording(match)}"
        )
    st.markdown("\n".join(lines))
    st.caption(
        "1 is the same. Harmony is compared in the best key, sound by timbre and mix; two "
        "recordings drawn at random come to about 0.5 in sound."
    )


def roll(passage: Passage, ticks: int) -> str:
    """SVG of a passage that is `ticks` wide; the notes that both passages have are in colour."""
    pitches = [note.pitch for note in passage.notes] or [60]
    low, high = min(pitches) - 1, max(pitches) + 1
    row = (HEIGHT - 6) / max(high - low, 12)
    out = [
        f'<rect x="0" y="0" width="{WIDTH}" height="{HEIGHT}" rx="5" fill="{OWN}" '
        f'fill-opacity="0.1"/>'
    ]
    for note, shared in zip(passage.notes, passage.shared, strict=True):
        x, wide = (WIDTH * tick / ticks for tick in (note.start, note.duration))
        y = 2 + (high - note.pitch) * row
        colour, alpha = (SHARED, 1) if shared else (OWN, 0.55)
        out.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(wide - 1, 2):.1f}" '
            f'height="{max(row - 0.6, 2.4):.1f}" rx="1.5" fill="{colour}" fill-opacity="{alpha}"/>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img">{"".join(out)}</svg>'
    )

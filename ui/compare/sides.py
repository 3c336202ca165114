"""Side by side: what each model writes from the same seed and primer."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.comparing import plan as plans
from core.comparing.offers import SUMMARIES, TITLES
from core.comparing.patterns import KINDS
from core.comparing.plan import OWN, Plan, Side
from core.errors import UserInputError
from core.gallery import GalleryComparison
from core.progress import Progress, part
from ui import closest, links
from ui.background import Runs, refresh_s
from ui.compare import form, pairs, rolls
from ui.compare.pairs import Pair
from ui.compare.quick import firm
from ui.compare.tunes import Tune
from ui.compose.primers import plain

RUNS: Runs[Pair] = Runs("compare")
LINK, WANTED, EXAMPLE, VIEW = "compare_link", "compare_wanted", "compare_example", "compare_view"
NOTE = "compare_note"
"""What of a link was not understood, said until something else is asked for."""
FRESH = "compare_fresh"
"""The form says what a link asked for, which still is in the making."""
COLUMNS = 2
WRITING = 0.6
"""The share of a run in which notes are written; then they are played."""


def open_link(query: dict[str, str]) -> None:
    """Replay what the address asks for. A primer that it names has to be given first."""
    known = form.known()
    if "kind" not in query or not known:
        return
    plan, wrong = plans.from_fields(query, known)
    if wrong:
        st.session_state[NOTE] = (
            f"Part of this link was not understood ({', '.join(wrong)}), so the page's own "
            "settings are used there."
        )
    form.fill(plan)
    st.session_state[FRESH] = True
    if plan.primer_sha256 is None:
        answer(plan, None)
    else:
        st.session_state[WANTED] = plan


def answer(plan: Plan, own: Tune | None) -> None:
    """Show the finished comparison that equals the plan, or make it."""
    st.session_state[LINK] = links.put(plan.query())
    key = plan.recipe().key()
    found = next((e for e in pairs.examples() if e.recipe.key() == key), None)
    if found is not None:
        RUNS.cancel()
        st.session_state.pop(RUNS.problem, None)
        st.session_state[RUNS.result] = pairs.of_example(found)
        return
    score = own.score if own else None

    def prepare() -> Callable[[Progress], Pair]:
        given = pairs.given_bars(plan, score)  # what is wrong with a primer is told at once
        title = pairs.title(plan, own.title if own else None)
        return lambda progress: work(title, given, progress)

    def work(title: str, given: int, progress: Progress) -> Pair:
        from core.composition.stems import sound

        sides = plans.make(plan, score, progress=part(progress, 0.0, WRITING))
        for index, side in enumerate(sides):
            share = (1 - WRITING) / len(sides)
            begun = WRITING + index * share
            sound(side.score, part(progress, begun, begun + share))
        return Pair(title, plan, sides, given)

    RUNS.submit(prepare)


def begin() -> None:
    """Where nothing was asked for yet, the first finished comparison, and its form."""
    if RUNS.result not in st.session_state and (first := pairs.examples()):
        pair = pairs.of_example(first[0])
        st.session_state[RUNS.result] = pair
        if form.KIND not in st.session_state:
            form.fill(pair.plan)


def show() -> None:
    """The comparison first, so that a phone shows it on top; beside it the form."""
    if FRESH in st.session_state:
        firm(*form.WIDGETS)
        if not RUNS.is_running():
            del st.session_state[FRESH]
    scene, desk = st.columns([5, 2], gap="large")
    problem = None
    with desk:
        if form.known():
            try:
                asked, own = form.show()
                _expected(own)
                if asked is not None:
                    st.session_state.pop(NOTE, None)
                    answer(asked, own)
            except UserInputError as error:
                problem = str(error)
        else:
            st.info("These models are not installed here; finished comparisons play without them.")
        # They stay until something else is asked for: a rerun may follow at once.
        problem = problem or st.session_state.get(RUNS.problem) or st.session_state.get(NOTE)
        _pick_example()
    with scene:
        # Always there, or the stage would move while it is drawn again by itself.
        with st.container():
            if problem:
                st.error(problem, icon=":material/info:")
        st.fragment(_stage, run_every=refresh_s() if RUNS.is_running() else None)()


def _expected(own: Tune | None) -> None:
    """What a link wants to begin from: asked for, and written once it is there."""
    wanted: Plan | None = st.session_state.get(WANTED)
    if wanted is None:
        return
    if own is not None and own.sha256 == wanted.primer_sha256:
        del st.session_state[WANTED]
        answer(wanted, own)
    elif st.session_state.get(form.PRIMER) == OWN:
        st.info(
            "This link goes on from a file that it cannot carry: give the one whose sha256 begins "
            f"with {str(wanted.primer_sha256)[:12]}, and the same notes are written.",
            icon=":material/upload_file:",
        )


def _pick_example() -> None:
    titles = {found.slug: found.title for found in pairs.examples()}
    pair: Pair | None = st.session_state.get(RUNS.result)
    if len(titles) > 1:
        st.session_state[EXAMPLE] = pair and pair.example
        st.pills(
            "Finished comparisons", list(titles), format_func=titles.__getitem__, key=EXAMPLE,
            on_change=_choose, wrap=True,
        )  # fmt: skip


def _choose() -> None:
    slug = st.session_state[EXAMPLE]
    found: GalleryComparison | None = next((e for e in pairs.examples() if e.slug == slug), None)
    if found is not None:
        RUNS.cancel()
        st.session_state.pop(NOTE, None)
        st.session_state.pop(RUNS.problem, None)
        pair = pairs.of_example(found)
        st.session_state[RUNS.result] = pair
        form.fill(pair.plan)
        st.session_state[LINK] = links.put(pair.plan.query())


def _stage() -> None:
    pair: Pair | None = st.session_state.get(RUNS.result)
    if RUNS.is_running():
        RUNS.show_progress(
            lambda state: (
                "Playing it on the instruments" if state.fraction >= WRITING else "Writing"
            )
        )
    if pair is None:
        if not RUNS.is_running():
            st.caption("Press **Write**: each model begins from the same seed.")
        return
    st.header(plain(pair.title), anchor=False)
    st.caption((f"{pair.credit}  \n" if pair.credit else "") + _about(pair))
    for start in range(0, len(pair.sides), COLUMNS):
        row = pair.sides[start : start + COLUMNS]
        for column, side in zip(st.columns(COLUMNS, gap="medium"), row, strict=False):
            with column:
                _side(pair, side)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.segmented_control(
            "Also show", [rolls.SHEET, rolls.TABLE], key=VIEW, label_visibility="collapsed",
            persist_state="page",
        )  # fmt: skip
        st.download_button(
            "Recipe", pair.plan.recipe().to_json(), "recipe.json", "application/json",
            key="compare_download_recipe", on_click="ignore", icon=":material/receipt_long:",
            help="Writes the same notes on the command line: python -m core compare --recipe",
        )  # fmt: skip
        links.popover(
            pair.plan.query(), _SAME if pair.plan.primer_sha256 is None else _ASKS, "Share"
        )


def _about(pair: Pair) -> str:
    plan = pair.plan
    parts = [
        KINDS[plan.kind].title.lower(),
        f"seed {plan.seed}",
        f"temperature {plan.temperature:g}",
    ]
    if pair.given_bars:
        count = pair.given_bars
        parts.append(f"the first {'bar is' if count == 1 else f'{count} bars are'} given")
    return " · ".join(parts)


def _side(pair: Pair, side: Side) -> None:
    title = TITLES[side.model]
    st.markdown(f"**{title}**", help=SUMMARIES[side.model])
    parts = [f"{side.score.note_count} notes"]
    if side.score.key:
        parts.append(str(side.score.key))
    if side.compute_seconds is not None:
        parts.append(f"written in {side.compute_seconds:.2f} s")
    st.caption(" · ".join(parts))
    work = f"{pair.plan.recipe().key()[:16]}/{side.model}"
    rolls.show(
        side.score,
        key=f"compare_roll_{side.model}",
        work=work,
        title=title,
        given_bars=pair.given_bars,
        heard=pair.sound(side),
    )
    name = f"{pair.title}, {title}"
    with st.container(horizontal=True):
        rolls.downloads(side.score, name, key=f"compare_download_{side.model}")
    closest.of_score(side.score, work, key=f"compare_closest_{side.model}")
    view = st.session_state.get(VIEW)
    if view == rolls.SHEET:
        rolls.sheet(side.score, name, key=f"compare_sheet_{side.model}")
    elif view == rolls.TABLE:
        rolls.table(side.score)


_SAME = "Whoever opens this link gets the same notes from each model."
_ASKS = "Whoever opens this link is asked for the file that was gone on from, and gets the same."

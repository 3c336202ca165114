"""The stage: a finished remix in the mixer, part by part beside the true one, and its figures.

Where the faders stand and whose band is heard is kept under keys of our own, for Streamlit forgets
what widgets hold when the visitor goes to another page.
"""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.audio import encode_wav
from core.remixing.desk import Desk
from core.remixing.files import mix
from core.remixing.pictures import ACTUAL_ALL
from core.remixing.plan import ACTUAL, Plan
from core.remixing.stems import MIX, SOLO, TITLES
from ui import closest, figures, links
from ui.remix import band as band_view
from ui.remix import downloads
from ui.remix.results import Band, Result, whole_wav
from ui.remix.work import RUNS
from ui.results import PUBLISHED_NOTE, wav
from ui.spectrogram_row import Panel, spectrogram_row
from ui.stem_mixer import Channel, stem_mixer

LINK, DESK, HEARD, PART = "remix_link", "remix_desk", "remix_heard", "remix_part"
ASKED = "remix_asked"
"""True from when a remix is asked for in the form until its result is shown."""
REDRAW = "remix_redraw_asked"
"""The plan of what was asked for anew: the band alone, with one more redraw or other chords."""
_PICKED_BAND, _PICKED_PART = "remix_pick_band", "remix_pick_part"
WHOLE = "Whole band"
FIGURES = (
    "log_mel_distance_db", "bass_log_mel_distance_db", "drums_log_mel_distance_db",
    "piano_log_mel_distance_db", "other_log_mel_distance_db", "loudness_balance_db",
    "loudness_difference_db", "onset_f", "mse", "mix_mse", "compute_ratio",
)  # fmt: skip
"""What the page shows of what is measured."""


def show() -> None:
    """The remix in the session; nothing without one."""
    result: Result | None = st.session_state.get(RUNS.result)
    if result is None:
        return
    plan = result.plan
    _level(result)
    st.header(result.title, anchor=False)
    st.caption(
        (f"{result.credit}  \n" if result.credit else "")
        + f"Solo from {plan.start_s:g} s · {result.bands[0].seconds:.1f} s · seed {plan.seed}"
    )
    for note in result.notes:
        st.warning(note, icon=":material/cloud_off:")
    st.fragment(_mixer)(result)
    st.fragment(_band)(result)
    st.fragment(_parts)(result)
    _figures(result)


def _level(result: Result) -> None:
    """Bring a band that was just asked for to the loudness of music, unless a fader was moved."""
    if st.session_state.pop(ASKED, False) and st.session_state.get(DESK, Desk()) == Desk():
        st.session_state[DESK] = result.bands[0].desk


def set_up(plan: Plan) -> None:
    """Bring the desk to where a link or an example has it."""
    st.session_state[DESK], st.session_state[HEARD] = plan.desk, plan.heard


def mixed_plan(result: Result) -> Plan:
    """The plan of what is heard now."""
    desk = st.session_state.get(DESK, Desk())
    return result.plan.mixed(result.band(st.session_state.get(HEARD, "")).name, desk)


def _mixer(result: Result) -> None:
    """Whose band, the mixer, and what can be taken home; alone, so that a fader moves no more."""
    band = result.band(st.session_state.get(HEARD, ""))
    bands = {one.name: one for one in result.all_bands}
    if len(bands) > 1:
        st.session_state[_PICKED_BAND] = band.name
        st.pills(
            "Whose band",
            list(bands),
            required=True,
            format_func=lambda name: bands[name].title,
            key=_PICKED_BAND,
            on_change=_pick_band,
            wrap=True,
        )
    if band.published:
        st.caption(PUBLISHED_NOTE)
    elif band.name == ACTUAL:
        st.caption("What truly played with this solo.")
    desk: Desk = st.session_state.get(DESK, Desk())
    told = mixer(result, band, desk, key="remix_mixer")
    others = {name: fader for name, fader in desk.faders.items() if name not in band.flacs}
    st.session_state[DESK] = Desk({**others, **told.faders}, told.master_db)
    plan = mixed_plan(result)
    downloads.show(result, band, plan)
    if st.session_state.get(LINK) != plan.query():
        st.session_state[LINK] = links.put(plan.query())


def mixer(result: Result, band: Band, desk: Desk, *, key: str) -> Desk:
    """The mixer for one band, beside the true one where that is known; where its faders stand."""
    actual = result.actual if band.name != ACTUAL else None
    return stem_mixer(
        [_channel(result, band, name) for name in band.flacs],
        result.pictures.axes,
        desk,
        key=key,
        actual=None if actual is None else _true_mix(result, actual),
        file_name=f"{downloads.stem(result)}-{band.name}.wav",
    )


def _band(result: Result) -> None:
    """The notes of the band that plays from notes, beside what is heard; a redraw of them."""
    found = next((one for one in result.bands if one.arrangement is not None), None)
    if found is None or found.arrangement is None:
        return
    name = f"{downloads.stem(result)}-{found.name}"
    asked = band_view.show(found.arrangement, result.plan.band, result.title, name)
    score = found.arrangement.score
    closest.of_score(
        replace(score, tracks=score.tracks[1:]),
        f"{result.plan.recipe().key()} {found.name}",
        key="remix_closest",
        why="Does the band quote what it learned from? Look for the training pieces that are most "
        "like its parts, the solo left out.",
    )
    if asked is not None:
        st.session_state[REDRAW] = replace(result.plan, engines=(found.name,), band=asked)
        st.rerun()


def _pick_band() -> None:
    st.session_state[HEARD] = st.session_state[_PICKED_BAND]


def _channel(result: Result, band: Band, name: str) -> Channel:
    picture = result.pictures.files[band.picture(name)]
    sound = wav(band.flacs[name])
    return Channel(name, TITLES[name], sound, band.seconds, band.sample_rate, picture)


def _true_mix(result: Result, band: Band) -> Channel:
    return Channel(
        ACTUAL,
        band.title,
        _true_wav(tuple(band.flacs), tuple(band.flacs.values())),
        band.seconds,
        band.sample_rate,
        result.pictures.files[ACTUAL_ALL],
    )


# ---- part by part -------------------------------------------------------------------------------


def _parts(result: Result) -> None:
    """One part at a time: the solo, what each engine predicted, and what truly played."""
    names = [name for name in TITLES if any(name in band.stems for band in result.all_bands)]
    names = [MIX, *(name for name in names if name not in (SOLO, MIX))]
    st.markdown("**Part by part**")
    if len(names) > 1:
        kept = st.session_state.get(PART, MIX)
        st.session_state[_PICKED_PART] = kept if kept in names else MIX
        st.pills(
            "Part",
            names,
            required=True,
            format_func=lambda name: WHOLE if name == MIX else TITLES[name],
            key=_PICKED_PART,
            on_change=_pick_part,
            wrap=True,
            label_visibility="collapsed",
        )
    part = st.session_state.get(PART, MIX)
    part = part if part in names else MIX
    first = result.bands[0]
    panels = [_panel(result, first, SOLO)]
    panels += [_panel(result, b, part) for b in result.all_bands if part in b.stems or part == MIX]
    spectrogram_row(panels, result.pictures.axes, key="remix_row", together=True)
    absent = [band.title for band in result.all_bands if part != MIX and part not in band.stems]
    if absent:
        st.caption(
            f"{' and '.join(absent)}: one sound for the whole band, which has no "
            f"{TITLES[part].lower()} to show apart."
        )


def _pick_part() -> None:
    st.session_state[PART] = st.session_state[_PICKED_PART]


def _panel(result: Result, band: Band, part: str) -> Panel:
    if part == SOLO:
        sound, name, title = wav(band.flacs[SOLO]), "input", "Solo"
    else:
        own = [part] if part in band.stems else list(band.stems)
        sound, name, title = whole_wav([band.flacs[stem] for stem in own]), band.name, band.title
    picture = result.pictures.files[band.picture(part)]
    kind = "input" if part == SOLO else "actual" if band.name == ACTUAL else "predicted"
    note = PUBLISHED_NOTE if kind == "predicted" and band.published else ""
    return Panel(name, title, kind, sound, band.seconds, band.sample_rate, picture, note)


# ---- figures ------------------------------------------------------------------------------------


def _figures(result: Result) -> None:
    lines = [shown(figures.Line(band.title, band.published, band.metrics)) for band in result.bands]
    figures.show(lines)
    with st.expander("How to read the figures", icon=":material/straighten:"):
        if result.actual is None:
            st.write(
                "Nobody knows what band would truly play here, so only the figures that do "
                "without one are shown."
            )
        figures.explain([line.metrics for line in lines])


def shown(line: figures.Line) -> figures.Line:
    """The line with those of its figures that pages show."""
    kept = {name: value for name, value in line.metrics.items() if name in FIGURES}
    return replace(line, metrics=kept)


@st.cache_data(max_entries=8, ttl=1800, show_spinner=False)
def _true_wav(names: tuple[str, ...], flacs: tuple[bytes, ...]) -> bytes:
    """Solo and true band, every fader at 0 dB."""
    from core.gallery import read_flac
    from core.remixing.stems import Stems

    clips = {name: read_flac(flac) for name, flac in zip(names, flacs, strict=True)}
    return encode_wav(mix(Stems(clips), Desk()))

"""The stage: the plane, what it asks and is answered, and what can be taken home of its sound.

The plane is alone in its fragment, so that a click draws nothing else anew: the sound is made and
goes out with the plane's next data. The address follows once the visitor rests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.errors import ModelUnavailableError, UserInputError
from core.sampling import plan as plans
from core.sampling.plan import MAX_HELD_S, MIN_HELD_S, RELEASE_S, Plan
from core.sampling.sound import Touch
from ui import latent_plane, links
from ui.background import unexpected
from ui.latent_plane import Answer, Audible, View
from ui.sample import downloads, neighbours, sounds
from ui.sample.sounds import Sound

PLANE, PLAN, SOUND, LINK = "sample_plane", "sample_plan", "sample_sound", "sample_link"
ANSWER, HEARD = "sample_answer", "sample_heard"
MAX_AHEAD = 4
"""Notes that are made ahead of a key press at a time."""


class _OddQuestionError(ValueError):
    """The browser asked what the plane does not ask."""


def show() -> None:
    """The plane at the session's place, with the downloads of the sound that was last heard."""
    plan: Plan = st.session_state[PLAN]
    heard = st.session_state.setdefault(HEARD, downloads.Heard(plan))
    st.fragment(_show)()
    downloads.show(heard)


def stands(engine: str | None) -> bool:
    """Whether the plane of this engine can be shown."""
    plan: Plan | None = st.session_state.get(PLAN)
    if plan is None or plan.engine != engine:
        return False
    try:
        sounds.shown(plan.engine)
    except ModelUnavailableError:
        return False
    return True


def go(plan: Plan, sound: Sound | None = None) -> None:
    """Bring the plane to a plan's place. Its sound is made when somebody wants to hear it."""
    st.session_state[PLAN] = plan
    st.session_state[SOUND] = sound


def _show() -> None:
    question = latent_plane.asked(PLANE)
    if question is not None:
        # Kept, for whoever draws the page anew before the browser has seen it.
        st.session_state[ANSWER] = _answer(question)
    plan: Plan = st.session_state[PLAN]
    sound: Sound | None = st.session_state.get(SOUND)
    if sound is not None and sound.id != sounds.key(plan):
        sound = None
    heard: downloads.Heard = st.session_state[HEARD]
    heard.plan, heard.sound = plan, sound
    view = _view(plan, sound, st.session_state.get(ANSWER))
    latent_plane.latent_plane(sounds.shown(plan.engine), view, key=PLANE)
    if question is not None and question.get("kind") == "rest":
        st.session_state[LINK] = links.put(plan.query())


# ---- questions ----------------------------------------------------------------------------------


def _answer(question: Mapping[str, Any]) -> Answer | None:
    """Do what the browser asks. What goes wrong is said where the sound would have been."""
    name = str(question.get("id", ""))[:40]
    plan: Plan = st.session_state[PLAN]
    kind = question.get("kind")
    try:
        if kind == "hello":
            sounds.warm(plan)
            return None
        plan = plan.touched(_touch(question, plan.touch))
        if kind == "keys":
            return Answer(name, notes=_ahead(plan, question))
        wanted = sounds.fitting(replace(_gone(plan, question), melody=""))
        sound = sounds.sound(wanted)
        st.session_state[SOUND] = sound
        st.session_state[PLAN] = wanted
    except _OddQuestionError:
        return Answer(name, error="This place is not on the plane; click on it again.")
    except (UserInputError, ModelUnavailableError) as error:
        return Answer(name, error=str(error))
    except Exception as error:  # noqa: BLE001 - a visitor sees a sentence, the log the rest
        return Answer(name, error=unexpected(error))
    return Answer(name, sound=None if kind == "rest" else sound.audible)


def _gone(plan: Plan, question: Mapping[str, Any]) -> Plan:
    """The plan at the place, sound or path that is asked for."""
    kind = question.get("kind")
    if kind in ("key", "rest"):
        return plan
    if kind == "point":
        points = sounds.shown(plan.engine).points
        index = question.get("index")
        if not isinstance(index, int) or not 0 <= index < len(points):
            raise _OddQuestionError
        point = points[index]
        return plan.on((point.x, point.y), point.latent)
    asked = [question.get("place")] if kind == "place" else question.get("path")
    if not isinstance(asked, list) or not 1 <= len(asked) <= plans.MAX_STOPS:
        raise _OddQuestionError
    found = plans.places_named(";".join(",".join(map(str, place)) for place in map(_pair, asked)))
    if found is None:
        raise _OddQuestionError
    if found == plan.places and kind == "place":
        return plan  # where it is already, to the digit that only `latent` has
    return plan.at(*found)


def _pair(place: Any) -> list[Any]:
    if not isinstance(place, list):
        raise _OddQuestionError
    return place


def _touch(question: Mapping[str, Any], before: Touch) -> Touch:
    asked = question.get("touch")
    if not isinstance(asked, Mapping):
        return before

    def number(name: str, low: float, high: float) -> float:
        value = asked.get(name)
        if not isinstance(value, int | float) or not low <= value <= high:
            return float(getattr(before, name))
        return float(value)

    held_s = number("held_s", MIN_HELD_S, MAX_HELD_S)
    return Touch(number("pitch", 0, 127), number("velocity", 0, 1), held_s, held_s + RELEASE_S)


def _ahead(plan: Plan, question: Mapping[str, Any]) -> dict[int, Audible]:
    """Other notes of the same place, for keys that may be pressed next."""
    pitches = question.get("pitches")
    if not isinstance(pitches, list):
        raise _OddQuestionError
    low, high = sounds.engine(plan.engine).pitches
    one = replace(plan, melody="")
    return {
        pitch: sounds.sound(one.touched(replace(plan.touch, pitch=pitch))).audible
        for pitch in pitches[:MAX_AHEAD]
        if isinstance(pitch, int) and low <= pitch <= high
    }


# ---- what is shown ------------------------------------------------------------------------------


def _view(plan: Plan, sound: Sound | None, answer: Answer | None) -> View:
    told = _told(plan)
    return View(
        plan=sounds.key(plan),
        timbre=sounds.key(plan.touched(replace(plan.touch, pitch=60.0))),
        places=plan.places,
        touch=plan.touch,
        here=told.here,
        more=told.more,
        nearest=told.nearest,
        sound=sound.audible if sound else None,
        link=urlencode(plan.query(), safe=",:;"),
        answer=answer,
    )


@dataclass(frozen=True)
class _Told:
    here: str
    more: str
    nearest: list[latent_plane.Near]


def _told(plan: Plan) -> _Told:
    engine = sounds.engine(plan.engine)
    latent = plans.latents(engine, plan)[0]
    near = neighbours.nearest(plan.engine, latent)
    parts = [", ".join(f"{value:.2f}" for value in plan.places[0])]
    if engine.plays_pitches:
        parts.insert(0, f"played at {neighbours.pitch_name(plan.touch.pitch)}")
    here = neighbours.words(plan.engine, near, len(plan.places))
    return _Told(here, " · ".join(parts), near)

"""Streamlit's elements as they travel, and what a visitor makes of their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState


class VisitError(RuntimeError):
    """The app did what no visitor should meet: no answer, a traceback, a widget that is not there.

    Its text says which.
    """


@dataclass(frozen=True)
class Shown:
    """An element where it is. kind: its field in Streamlit's Element. run: that drew it."""

    kind: str
    proto: Any
    run: str
    fragment: str


def state_of(shown: Shown, value: Any) -> WidgetState:
    """The widget's value as its kind travels."""
    proto, state = shown.proto, WidgetState(id=shown.proto.id)
    if shown.kind == "checkbox":
        state.bool_value = bool(value)
    elif shown.kind == "number_input":
        state.double_value = float(value)
    elif shown.kind == "slider" and not list(proto.options):
        state.double_array_value.data.extend([float(value)])
    elif shown.kind in ("selectbox", "radio"):
        state.string_value = _option(list(proto.options), value)
    elif shown.kind in ("button_group", "multiselect", "slider"):
        options = [_label(option) for option in proto.options]
        several = value if isinstance(value, (list, tuple)) else [value]
        state.string_array_value.data.extend(_option(options, one) for one in several)
    else:
        raise VisitError(f"a {shown.kind} cannot be set")
    return state


def _label(option: Any) -> str:
    if isinstance(option, str):
        return option
    return f"{option.content_icon} {option.content}".strip()


def _option(options: list[str], value: str | int) -> str:
    if isinstance(value, int):
        return options[value]
    for fits in (str.__eq__, str.startswith, str.__contains__):
        for option in options:
            if fits(option, value):
                return option
    raise VisitError(f"{value!r} is none of {options}")

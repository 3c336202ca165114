"""The blind player: what travels to the browser says nothing of who made a sound."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from ui import media, player

_mount = st.components.v2.component(
    "encore_blind_player", **player.parts(Path(__file__).parent, "blind")
)


def blind_player(
    wavs: Sequence[bytes], seconds: float, sample_rate: int, lead_s: float, *, label: str, key: str
) -> None:
    """Show one sound, or two that are called A and B, each `seconds` long.

    lead_s: how much at the start was given, and is marked. label: for screen readers.
    """
    _mount(
        data={
            "urls": [media.url(wav, "audio/wav", f"{key}/{at}") for at, wav in enumerate(wavs)],
            "seconds": seconds,
            "sample_rate": sample_rate,
            "lead_s": lead_s,
            "label": label,
        },
        key=key,
    )

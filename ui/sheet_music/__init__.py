"""Sheet music with pages to turn, printed black on white in either theme."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from ui import media

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "encore_sheet_music",
    **{
        kind: (_HERE / f"sheet.{kind}").read_text(encoding="utf-8")
        for kind in ("html", "css", "js")
    },
)


def sheet_music(wide: Sequence[str], narrow: Sequence[str], *, alt: str, key: str) -> None:
    """Show pages of SVG: those for a wide column, or those for a narrow one, such as a phone's."""

    def addresses(pages: Sequence[str], kind: str) -> list[str]:
        return [
            media.url(page.encode(), "image/svg+xml", f"{key}/{kind}/{number}")
            for number, page in enumerate(pages)
        ]

    _mount(
        data={"alt": alt, "wide": addresses(wide, "wide"), "narrow": addresses(narrow, "narrow")},
        key=key,
    )

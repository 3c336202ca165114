"""Tables that scroll by themselves, by keys too, so that a page does not on a phone.

`st.table` scrolls only for those who can point.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

from ui.figures import show_framed

_FIGURE = re.compile(r"[-+−–≤≥<~]?[\d.,]*\d|\s*$|–$|yes$|no$")


def show(columns: Sequence[str], rows: Sequence[Sequence[Any]], label: str) -> None:
    """The first column names the rows; columns of figures stand to the right.

    label: what the table is called for those who cannot see where it stands.
    """
    texts = [[str(cell) for cell in row] for row in rows]
    words = [any(not _FIGURE.match(row[at]) for row in texts) for at in range(len(columns))]

    def cell(tag: str, text: str, at: int) -> str:
        kind = ' class="words"' if words[at] else ""
        return f"<{tag}{kind}>{html.escape(text)}</{tag.split()[0]}>"

    head = "".join(
        cell('th scope="col"' if name.strip() else "td", name, at)
        for at, name in enumerate(columns)
    )
    lines = [
        "<tr>"
        + "".join(cell("td" if at else 'th scope="row"', text, at) for at, text in enumerate(row))
        + "</tr>"
        for row in texts
    ]
    show_framed(head, lines, label)

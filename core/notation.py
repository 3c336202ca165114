"""Sheet music as pictures: SVG pages by Verovio."""

from __future__ import annotations

from typing import Any

from core.musicxml_writer import write_musicxml
from core.score import Score

_SCALE_PERCENT = 40
_OPTIONS = {
    "adjustPageHeight": True,
    "breaks": "auto",
    "footer": "none",
    "header": "none",
    "scale": _SCALE_PERCENT,
    "svgViewBox": True,
    "svgFormatRaw": True,
    "svgRemoveXlink": True,
    "xmlIdSeed": 1,
}


def sheet_music(score: Score, *, width_px: int = 900, height_px: int = 1200) -> list[str]:
    """The pages of the score as SVG, made for a column of `width_px`.

    width_px: width of a page in CSS pixels at its natural size; a narrow page gets fewer bars a
    line, not smaller notes. height_px: the most that a page is high; the last one ends early.
    """
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit: Any = verovio.toolkit()
    units = 100 / _SCALE_PERCENT
    toolkit.setOptions(
        {**_OPTIONS, "pageWidth": round(width_px * units), "pageHeight": round(height_px * units)}
    )
    toolkit.loadData(write_musicxml(score).decode())
    return [toolkit.renderToSVG(page) for page in range(1, toolkit.getPageCount() + 1)]

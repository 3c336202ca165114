"""Sheet music as pictures: SVG pages by Verovio."""

from __future__ import annotations

from core.musicxml_writer import write_musicxml
from core.score import Score
from core.workers import engraved_svg

MIN_WIDTH_PX, MAX_WIDTH_PX = 280, 4000

_SCALE_PERCENT = 40
"""A staff is then 29 CSS pixels high, about the size of printed music."""
_OPTIONS = {
    "adjustPageHeight": True,
    "breaks": "auto",
    "footer": "none",
    "header": "none",
    "scale": _SCALE_PERCENT,
    "svgFormatRaw": True,
    "svgRemoveXlink": True,
    "svgViewBox": True,
}


def sheet_music(score: Score, *, width_px: int = 900, height_px: int = 1200) -> list[str]:
    """The pages of the score as SVG, each with a viewBox of `width_px` by what it needs.

    width_px: a page's width in CSS pixels at its natural size; a narrow one gets fewer bars a line,
    not smaller notes. height_px: the most that a page is high, but for a line that needs more. Ink
    is black where CSS says nothing else. The same score and sizes give the same bytes.
    """
    width = min(max(width_px, MIN_WIDTH_PX), MAX_WIDTH_PX)
    music = write_musicxml(score)
    units = 100 / _SCALE_PERCENT
    options = {
        **_OPTIONS,
        "pageWidth": round(width * units),
        "pageHeight": round(max(height_px, MIN_WIDTH_PX) * units),
        "xmlIdChecksum": True,  # ids differ between scores on one page, and not between runs
    }
    return engraved_svg(music, options)

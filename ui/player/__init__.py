"""What our players of sound have in common: transport, clock, and starting sounds together."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent


def parts(folder: Path, name: str, *scripts: str) -> dict[str, str]:
    """html, css and js of a component whose own files are folder/name.*; the common ones before.

    scripts: further files of JavaScript in the folder, which come before its own, with their style
    where there is one of that name.
    In its html `<!-- play -->` and `<!-- volume -->` stand for these parts of the transport.
    """

    def read(place: Path) -> str:
        return place.read_text(encoding="utf-8")

    html = read(folder / f"{name}.html")
    for part in ("play", "volume"):
        html = html.replace(f"<!-- {part} -->", read(HERE / f"{part}.html").strip())
    styles = [folder / f"{n}.css" for n in scripts]
    own = "".join(read(place) for place in styles if place.exists())
    return {
        "html": html,
        "css": read(HERE / "deck.css") + own + read(folder / f"{name}.css"),
        "js": read(HERE / "deck.js") + "".join(read(folder / f"{n}.js") for n in (*scripts, name)),
    }

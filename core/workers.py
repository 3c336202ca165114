"""Native libraries at work in processes of their own.

midirenderer and Verovio hold Python's interpreter lock while they work, seconds for a long piece,
in which no other visitor's page would move. Verovio also finds its fonts in the thread alone that
imported it, and a page runs in a new thread each time.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from typing import Any, cast

_TIMEOUT_S = 300.0

_RENDER = """
import struct, sys
import midirenderer
data = sys.stdin.buffer.read()
end = 4 + struct.unpack_from("<I", data)[0]
sys.stdout.buffer.write(midirenderer.render_wave_from(data[4:end], data[end:]))
"""
_ENGRAVE = """
import json, sys
import verovio
options, music = json.load(sys.stdin)
verovio.enableLog(verovio.LOG_OFF)
toolkit = verovio.toolkit()
toolkit.setOptions(options)
if not toolkit.loadData(music):
    sys.exit("the music was refused")
json.dump([toolkit.renderToSVG(page + 1) for page in range(toolkit.getPageCount())], sys.stdout)
"""


def rendered_wav(soundfont: bytes, midi: bytes) -> bytes:
    """A WAV file, 48 kHz, stereo, 16 bits, as long as the MIDI. soundfont: a SoundFont 2.

    Raises RuntimeError with what midirenderer said where it fails.
    """
    return _run("midirenderer", _RENDER, struct.pack("<I", len(soundfont)) + soundfont + midi)


def engraved_svg(musicxml: bytes, options: dict[str, Any]) -> list[str]:
    """The pages of a MusicXML score as SVG. options: Verovio's.

    Raises RuntimeError with what Verovio said where it fails.
    """
    out = _run("Verovio", _ENGRAVE, json.dumps([options, musicxml.decode()]).encode())
    return cast(list[str], json.loads(out))


def _run(name: str, program: str, data: bytes) -> bytes:
    """What a Python program writes for `data` on its standard input."""
    done = subprocess.run(  # noqa: S603 - the program and its arguments are ours
        [sys.executable, "-P", "-c", program],
        input=data,
        capture_output=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        said = said or f"it ended with {done.returncode}"
        raise RuntimeError(f"{name} failed: {said}")
    return done.stdout

"""The renderer in a process of its own.

midirenderer holds Python's interpreter lock while it works, seconds for a long piece, in which no
other visitor's page would move. In processes, two tracks are rendered at a time as well.
"""

from __future__ import annotations

import struct
import subprocess
import sys

_TIMEOUT_S = 300.0
_WORKER = """
import struct, sys
import midirenderer
data = sys.stdin.buffer.read()
end = 4 + struct.unpack_from("<I", data)[0]
sys.stdout.buffer.write(midirenderer.render_wave_from(data[4:end], data[end:]))
"""


def rendered_wav(soundfont: bytes, midi: bytes) -> bytes:
    """A WAV file, 48 kHz, stereo, 16 bits, as long as the MIDI. soundfont: a SoundFont 2.

    Raises RuntimeError with what the renderer said where it fails.
    """
    done = subprocess.run(  # noqa: S603 - the program and its arguments are ours
        [sys.executable, "-c", _WORKER],
        input=struct.pack("<I", len(soundfont)) + soundfont + midi,
        capture_output=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise RuntimeError(f"The SoundFont renderer failed: {said}")
    return done.stdout

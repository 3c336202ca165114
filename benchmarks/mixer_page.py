"""A page with the stem mixer alone, and a tape of what leaves its graph while a browser plays it.

Needs Playwright and Chromium (requirements-dev.in); the browser tests use it as well.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from scipy.signal import correlate

from core.audio import Clip, FloatArray, encode_wav, from_pcm16
from core.remixing.desk import Desk
from core.remixing.stems import SOLO, STEMS, Stems

RATE = 22050
SWITCH_S = 0.15
"""After a press: longer than the mixer takes to start, and to bring a level to where it belongs."""
FOLDER = "ENCORE_MIXER_STEMS"
"""Environment variable: where the page finds `<number>-<name>.wav`, in the order of the channels.
`actual.wav` there is the true mix."""

SCRIPT = """
import base64, os
from pathlib import Path
import streamlit as st
import soundfile as sf
from core.pictures import Axes
from core.remixing.desk import Desk
from core.remixing.desk import Desk
from core.remixing.stems import TITLES
from ui.stem_mixer import Channel, stem_mixer

DOT = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
       "rkJggg==")

def channel(path, name):
    sound = sf.info(path)
    picture = base64.b64decode(DOT)
    title = TITLES.get(name, name.title())
    return Channel(name, title, path.read_bytes(), sound.duration, sound.samplerate, picture)

st.set_page_config(layout="wide")
st.title("Mixer")
folder = Path(os.environ["ENCORE_MIXER_STEMS"])
paths = sorted(folder.glob("[0-9]-*.wav"))
channels = [channel(path, path.stem.split("-", 1)[1]) for path in paths]
actual = folder / "actual.wav"
start = Desk(master_db=-20.0) if st.button("Quiet") else st.session_state.get("desk", Desk())
desk = stem_mixer(channels, Axes(-70, 0, (), ()), start, key="mixer",
                  actual=channel(actual, "actual") if actual.exists() else None)
st.session_state["desk"] = desk
st.session_state["runs"] = st.session_state.get("runs", 0) + 1
st.code(f"runs={st.session_state['runs']} desk={desk.to_fields()}", language=None)
"""
"""The page: it shows the desk that it was given back, and how often it ran."""

TAPE = """
(() => {
  // The first gain node of a context carries all that is heard.
  const create = AudioContext.prototype.createGain;
  // Where Chromium catches up, it gives two blocks the same currentFrame: the second is the next.
  const worklet = `registerProcessor("tape", class extends AudioWorkletProcessor {
    process([input]) {
      const frame = Math.max(currentFrame, this.next ?? 0);
      this.next = frame + 128;
      if (input.length) this.port.postMessage([frame, input[0].slice(), input[1].slice()]);
      return true;
    }
  });`;
  const module = URL.createObjectURL(new Blob([worklet], { type: "text/javascript" }));
  window.tape = { blocks: [], ready: false, pressed: 0, heard: 0 };
  AudioContext.prototype.createGain = function () {
    const gain = create.call(this);
    if (tape.context === this) return gain;
    Object.assign(tape, { context: this, blocks: [], ready: false, meter: this.createAnalyser() });
    gain.connect(tape.meter);
    this.audioWorklet.addModule(module).then(() => {
      const options = { numberOfOutputs: 0, channelCount: 2, channelCountMode: "explicit" };
      const node = new AudioWorkletNode(this, "tape", options);
      gain.connect(node);
      node.port.onmessage = ({ data }) => tape.blocks.push(data);
      tape.ready = true;
    });
    return gain;
  };
  // The frame after the last one taped, and what was taped from one frame to another.
  tape.now = () => (tape.blocks.length ? tape.blocks.at(-1)[0] + 128 : 0);
  tape.between = (from, to) => {
    const out = new Float32Array(2 * (to - from));
    for (const [frame, ...sides] of tape.blocks) {
      for (let i = Math.max(from - frame, 0); i < Math.min(128, to - frame); i += 1) {
        for (const side of [0, 1]) out[2 * (frame + i - from) + side] = sides[side][i];
      }
    }
    const bytes = new Uint8Array(out.buffer);
    let text = "";
    for (let i = 0; i < bytes.length; i += 8192) {
      text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    }
    return btoa(text);
  };
  // From the press to the first sample that is not silent; looked at every 2 ms.
  const samples = new Float32Array(2048);
  tape.loudness = () => {
    if (!tape.meter) return 0;
    tape.meter.getFloatTimeDomainData(samples);
    return samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
  };
  const pressed = () => Object.assign(tape, { pressed: performance.now(), heard: 0 });
  addEventListener("pointerdown", pressed, true);
  addEventListener("keydown", pressed, true);
  setInterval(() => {
    if (tape.pressed && !tape.heard && tape.loudness() > 1e-4) tape.heard = performance.now();
  }, 2);
})();
"""


def noise_stems(seconds: float, *, seed: int = 0, peak: float = 0.25) -> Stems:
    """The solo and four stems of independent noise, as a 16-bit file holds them.

    Noise shows where in a recording each of them is, to the sample, while the others sound.
    """
    rng = np.random.default_rng(seed)
    shape = (1, round(seconds * RATE))
    made = {name: Clip(rng.uniform(-peak, peak, shape), RATE) for name in (SOLO, *STEMS)}
    return Stems({name: read_wav(encode_wav(clip)) for name, clip in made.items()})


def write_stems(stems: Stems, folder: Path) -> None:
    """As the page reads them; the true mix is half the sum of all but the solo."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, clip) in enumerate(stems.parts.items()):
        (folder / f"{number}-{name}.wav").write_bytes(encode_wav(clip))
    band = np.sum([clip.samples for name, clip in stems.parts.items() if name != SOLO], axis=0)
    (folder / "actual.wav").write_bytes(encode_wav(Clip(band / 2, stems.sample_rate)))


def read_wav(data: bytes) -> Clip:
    """The clip whose `encode_wav` holds the same samples."""
    pcm, rate = sf.read(io.BytesIO(data), dtype="int16", always_2d=True)
    return from_pcm16(pcm, rate)


@dataclass(frozen=True, eq=False)
class Taped:
    """What was heard. samples: float32 [2, samples]. at_s: about where in the stems that was."""

    samples: FloatArray
    at_s: float


class Listener:
    """A browser's page with the mixer on it, opened with TAPE as its init script."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def open(self, address: str) -> Listener:
        self.page.goto(address)
        self.wait("ready", "true", 60)
        self.wait("loaded", "true", 60)
        return self

    def wait(self, name: str, value: str, seconds: float = 20) -> None:
        self.page.wait_for_selector(f"section.mixer[data-{name}='{value}']", timeout=seconds * 1000)

    @property
    def mixer(self) -> Any:
        return self.page.locator("section.mixer")

    def button(self, name: str) -> Any:
        return self.mixer.get_by_role("button", name=name, exact=True)

    def first_sound_ms(self) -> float:
        """Presses Play; from the press to the first sample that leaves the graph."""
        self.button("Play").click()
        self.page.wait_for_function("tape.heard > 0 && tape.ready")
        self.wait("state", "playing")
        return float(self.page.evaluate("tape.heard - tape.pressed"))

    def click_picture(self, name: str, share: float) -> None:
        picture = self.mixer.locator(f".channel[data-name={name}] .picture")
        box = picture.bounding_box()
        picture.click(position={"x": box["width"] * share, "y": box["height"] / 2})

    def play_from(self, name: str, share: float) -> None:
        """A click into a channel's picture; Play, if it does not play."""
        self.click_picture(name, share)
        if self.mixer.get_attribute("data-state") != "playing":
            self.button("Play").click()
            self.wait("state", "playing")

    def set(self, desk: Desk) -> None:
        """Move every fader by hand."""
        self.button("Reset faders").click()
        for name, fader in desk.faders.items():
            channel = self.mixer.locator(f".channel[data-name={name}]")
            channel.locator(".fader").fill(str(fader.gain_db))
            channel.locator(".panner").fill(str(fader.pan))
            for kind in ("mute", "solo"):
                if getattr(fader, kind):
                    channel.locator(f".{kind}").click()
        self.mixer.locator(".master .fader").fill(str(desk.master_db))

    def next(self, seconds: float) -> Taped:
        """What leaves the graph from now on, once a switch is over.

        On the context's own clock, which falls behind where the machine is busy.
        """
        now = float(self.page.evaluate("tape.context.currentTime"))
        at_s = float(self.mixer.get_attribute("data-time"))
        start = round((now + SWITCH_S) * RATE)
        end = start + round(seconds * RATE)
        self.page.wait_for_function(f"tape.now() >= {end}")
        if self.mixer.get_attribute("data-state") != "playing":
            raise RuntimeError("the mixer does not play")
        coded = self.page.evaluate(f"tape.between({start}, {end})")
        samples = np.frombuffer(base64.b64decode(coded), "<f4").reshape(-1, 2).T.copy()
        return Taped(samples, at_s)

    def export(self) -> bytes:
        with self.page.expect_download() as download:
            self.button("Export mix").click()
        return Path(download.value.path()).read_bytes()


def place(part: FloatArray, whole: FloatArray) -> int:
    """At which sample of `whole` a `part` of it, both [samples], begins: where they correlate."""
    return int(np.argmax(correlate(whole, part, mode="valid", method="fft")))

"""What a visitor can take home of a sound, and the link that makes it again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from core.downloads import bundle
from core.sampling.plan import OWN, Plan
from core.score import PITCH_CLASSES
from ui import links
from ui.sample import sounds
from ui.sample.sounds import Sound

OCTAVE = 12


def file_name(pitch: int) -> str:
    """`Eb4.wav` for 63, as samplers read it."""
    name = PITCH_CLASSES[pitch % 12].replace("-", "b").replace("C#", "Db").replace("F#", "Gb")
    return f"{name}{pitch // 12 - 1}.wav"


def octave(plan: Plan) -> list[int]:
    """The twelve notes from the C below the plan's pitch on, as far as the engine plays them."""
    low, high = sounds.engine(plan.engine).pitches
    start = round(plan.touch.pitch) // OCTAVE * OCTAVE
    return [pitch for pitch in range(start, start + OCTAVE) if low <= pitch <= high]


def sfz(pitches: list[int]) -> bytes:
    """The mapping of the samples to keys: each to its own, the outer ones to the rest as well.

    Opcodes as sfzformat.com has them.
    """
    lines = ["// Encore: one sample a semitone", "<group> ampeg_release=0.3"]
    for pitch in pitches:
        low = 0 if pitch == pitches[0] else pitch
        high = 127 if pitch == pitches[-1] else pitch
        lines.append(
            f"<region> sample={file_name(pitch)} lokey={low} hikey={high} pitch_keycenter={pitch}"
        )
    return ("\n".join(lines) + "\n").encode()


def multisample(plan: Plan) -> bytes:
    """One octave of the sound as WAV files, named by note, with an SFZ file that maps them."""
    one = plan.note()
    pitches = octave(one)
    files = {
        file_name(pitch): sounds.sound(one.touched(replace(one.touch, pitch=pitch))).wav
        for pitch in pitches
    }
    return bundle(files | {"encore.sfz": sfz(pitches), "recipe.json": recipe(one)})


def recipe(plan: Plan) -> bytes:
    """The JSON that replays the sound."""
    return plan.recipe().to_json().encode()


@dataclass
class Heard:
    """What was heard last.

    The buttons look here when they are pressed, and so need not be drawn anew for every sound.
    """

    plan: Plan
    sound: Sound | None = None

    def wav(self) -> bytes:
        """The sound; made now where nobody has heard it yet."""
        return (self.sound or sounds.sound(self.plan)).wav


def show(heard: Heard, *, key: str = "sample_download") -> None:
    """The buttons, none of which reruns the page."""
    engine = heard.plan.engine
    with st.container(horizontal=True):
        st.download_button(
            "WAV",
            heard.wav,
            f"encore-{engine}.wav",
            "audio/wav",
            key=f"{key}_wav",
            help="The sound that you hear",
            on_click="ignore",
            icon=":material/graphic_eq:",
        )
        if sounds.engine(engine).plays_pitches:
            st.download_button(
                "One octave (zip)",
                lambda: multisample(heard.plan),
                f"encore-{engine}-octave.zip",
                "application/zip",
                key=f"{key}_octave",
                help="Twelve notes as WAV files, with an SFZ file for your sampler",
                on_click="ignore",
                icon=":material/folder_zip:",
            )
        st.download_button(
            "Recipe",
            lambda: recipe(heard.plan),
            "recipe.json",
            "application/json",
            key=f"{key}_recipe",
            help="Makes the same sound on the command line: python -m core sample --recipe",
            on_click="ignore",
            icon=":material/receipt_long:",
        )
        if heard.plan.melody:
            links.popover(heard.plan.query(), told(heard.plan), "Share")


def told(plan: Plan) -> str:
    """What a link to a plan with a tune does."""
    if plan.melody == OWN:
        return (
            "Whoever opens this link hears the same sound, and is asked for the tune's file unless "
            "it is the gallery's."
        )
    return "Whoever opens this link hears the same sound, to the byte."

"""A visitor's own note: where it lies in every engine's space, and what each makes of it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.audio import Clip, encode_wav
from core.engines import Sampler
from core.errors import ModelUnavailableError, UserInputError
from core.pictures import Pictures, draw
from core.progress import Progress
from core.sampling import plan as plans
from core.sampling.plan import MAX_HELD_S, RELEASE_S, Place, Plan
from core.sampling.sound import Latent, Touch
from ui.background import Runs, refresh_s
from ui.sample import sounds
from ui.sample.sounds import Sound
from ui.sources import TYPES
from ui.spectrogram_row import Panel, spectrogram_row

UPLOAD, RECORD = "Upload", "Record"
ICONS = {UPLOAD: ":material/upload:", RECORD: ":material/mic:"}
KIND, SEEN = "sample_note_kind", "sample_note_seen"
LONGEST_S = 6.0
RUNS: Runs[OwnNote] = Runs("sample_note")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rebuilt:
    """What one engine makes of the note: where it puts it, how it was played, how that sounds."""

    engine: str
    latent: Latent
    place: Place
    touch: Touch
    wav: bytes
    seconds: float
    sample_rate: int

    def plan(self, input_sha256: str) -> Plan:
        """The plan that makes it again, without the file."""
        return Plan(self.engine).on(self.place, self.latent, input_sha256).touched(self.touch)

    def sound(self, input_sha256: str) -> Sound:
        """The plan's sound."""
        name = sounds.key(self.plan(input_sha256))
        return Sound(name, self.wav, self.seconds, self.sample_rate)


@dataclass(frozen=True)
class OwnNote:
    """A note that was listened to. wav: as it was heard. wrong: for engines that could not."""

    title: str
    sha256: str
    wav: bytes
    seconds: float
    sample_rate: int
    rebuilt: tuple[Rebuilt, ...]
    pictures: Pictures
    wrong: tuple[str, ...] = ()

    def by(self, engine: str) -> Rebuilt | None:
        return next((one for one in self.rebuilt if one.engine == engine), None)


def pick(engine: str) -> None:
    """The widgets. A new file is listened to at once; `RUNS` has what came of it.

    engine: the chosen one, which has to find a note in it.
    """
    with st.expander("Find the place of your own note", icon=":material/mic:"):
        kind = st.segmented_control(
            "Your note",
            list(ICONS),
            default=None if KIND in st.session_state else UPLOAD,
            required=True,
            format_func=lambda name: f"{ICONS[name]} {name}",
            key=KIND,
            label_visibility="collapsed",
        )
        if kind == UPLOAD:
            file = st.file_uploader(
                "One note of one instrument", TYPES, max_upload_size=25, key="sample_note_upload"
            )
        else:
            file = st.audio_input("Play one note", sample_rate=48000, key="sample_note_record")
        st.caption("A single note, held for a second or more. It stays in this session.")
        if file is None:
            return
        data = file.getvalue()
        title = "Your recording" if kind == RECORD else file.name.replace("\\", "/").split("/")[-1]
        digest = hashlib.sha256(data).hexdigest()
        if st.session_state.get(SEEN) != (digest, engine):
            found: OwnNote | None = st.session_state.get(RUNS.result)
            st.session_state[SEEN] = (digest, engine)
            if found is None or found.sha256 != digest or found.by(engine) is None:
                RUNS.submit(lambda: _listening(title, digest, data, engine))


def watch() -> None:
    """Progress, drawn again by itself until the note has been listened to."""
    st.fragment(_watch, run_every=refresh_s())()


def _watch() -> None:
    RUNS.show_progress(lambda state: "Listening to your note")


def show(key: str = "sample_note_row") -> None:
    """The note and what engines make of it, beside each other."""
    found: OwnNote | None = st.session_state.get(RUNS.result)
    if found is None:
        return
    names = sounds.infos()
    st.header("Your note and its reconstructions", anchor=False)
    panels = [
        Panel("input", found.title, "input", found.wav, found.seconds, found.sample_rate,
              found.pictures.files["input"])
    ]  # fmt: skip
    panels += [
        Panel(
            one.engine,
            names[one.engine].title if one.engine in names else one.engine,
            "predicted",
            one.wav,
            one.seconds,
            one.sample_rate,
            found.pictures.files[one.engine],
        )
        for one in found.rebuilt
    ]
    spectrogram_row(panels, found.pictures.axes, key=key)
    for sentence in found.wrong:
        st.caption(sentence)


def _listening(title: str, digest: str, data: bytes, first: str) -> Callable[[Progress], OwnNote]:
    """The work, once the file is read. Raises UserInputError for one that is of no use."""
    from core.decoding import decode, is_silent

    clip = decode(data, seconds=LONGEST_S)
    if is_silent(clip):
        raise UserInputError("This recording is silent; play one note and try again.")
    clip = clip.with_channels(1)
    engines = [first, *(name for name in sounds.infos() if name != first)]

    def work(progress: Progress) -> OwnNote:
        made: list[tuple[Rebuilt, Clip]] = []
        wrong = []
        for index, name in enumerate(engines):
            progress(0.9 * index / len(engines))
            try:
                made.append(_rebuilt(name, sounds.engine(name), clip))
            except (UserInputError, ModelUnavailableError) as error:
                if name == first:
                    raise
                _log.warning("%s does not take this note", name, exc_info=error)
                wrong.append(f"{sounds.infos()[name].title}: {error}")
        progress(0.9)
        pictures = draw({"input": clip} | {one.engine: sound for one, sound in made})
        rebuilt = tuple(one for one, _ in made)
        return OwnNote(
            title, digest, encode_wav(clip), clip.duration_s, clip.sample_rate, rebuilt, pictures,
            tuple(wrong),
        )  # fmt: skip

    return work


def _rebuilt(name: str, engine: Sampler, clip: Clip) -> tuple[Rebuilt, Clip]:
    """What the engine makes of the clip, played as the clip was as far as the engine heard that."""
    latent = engine.encode(clip)
    touch = Touch()
    if engine.plays_pitches:
        held_s = min(max(clip.duration_s - RELEASE_S, 0.3), MAX_HELD_S)
        pitch = touch.pitch if latent.pitch is None else latent.pitch
        touch = Touch(pitch, touch.velocity, held_s, held_s + RELEASE_S)
    plan = sounds.fitting(Plan(name).on(engine.locate(latent), latent).touched(touch))
    sound = plans.make(plan, engine=engine)
    made = Rebuilt(
        name, Latent(plan.latent or ()), plan.places[0], plan.touch, encode_wav(sound),
        sound.duration_s, sound.sample_rate,
    )  # fmt: skip
    return made, sound

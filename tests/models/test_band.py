"""The band with a tiny network of random weights: what is drawn, redrawn and played."""

import dataclasses
import itertools

import keras
import numpy as np
import pytest

from core import transcription
from core.audio import Clip, loudness_lufs
from core.composition import composer as composer_module
from core.composition.composer_model import build
from core.composition.instruments import LEAD, NAMES
from core.composition.steps import Step
from core.composition.stream import GIVEN
from core.composition.tokens import BAR_LINE, SIZES, TIME, VOCABULARY, ordered
from core.engines import Arranger
from core.errors import UserInputError
from core.hearing.heard import Chord, Grid, Heard, HeardNote
from core.remixing import band as band_module
from core.remixing.arrangement import empty
from core.remixing.arrangement_files import chart
from core.remixing.band import RemixBand, arranged
from core.remixing.band_controls import AS_THE_DATA, FITTING, BandControls
from core.remixing.band_drawing import Band, drawn
from core.remixing.band_frame import frame_of
from core.remixing.band_playing import LEVELS_LU
from core.remixing.chords import classes
from core.remixing.desk import mixed
from core.remixing.run import MIX_LUFS, level_desk, with_solo
from core.remixing.stems import SOLO, STEMS
from core.score import Key
from training.band import Accompaniments, held_out
from training.band_guide import as_tables, collect, fit, nats
from training.chord_labels import of_events
from training.composer_corpus import Piece
from training.tunes import with_tune

RATE = 22_050
BAR_S = 2.0
CHORDS = (Chord(0, 7, "major"), Chord(192, 2, "major"))
PIANO, BASS, SAX = (NAMES.index(name) for name in ("piano", "electric bass", "saxophone"))
TINY = {"width": 24, "depth": 1, "heads": 2, "dropout": 0.0}


def heard_tune(bars):
    beats = tuple(0.5 * n for n in range(4 * bars + 1))
    notes = tuple(
        HeardNote(a, 67 + (0, 4, 7, 2)[i % 4], b, 80)
        for i, (a, b) in enumerate(itertools.pairwise(beats))
    )
    return Heard(notes, Grid(beats), Key(7, "major"), CHORDS, tuning_cents=20.0)


@pytest.fixture(scope="module")
def network():
    """Of random weights, but unwilling to end a bar."""
    keras.utils.set_random_seed(3)
    model = build(**TINY)
    bias = model.answer[TIME].bias
    bias.assign(np.eye(SIZES[TIME], dtype=np.float32)[BAR_LINE] * -4)
    return model


@pytest.fixture(autouse=True)
def engine(network, monkeypatch):
    spec = dataclasses.make_dataclass("Spec", ["sha256"])("tiny")
    loaded = dataclasses.make_dataclass("Loaded", ["spec", "model"])(spec, network)
    monkeypatch.setattr(band_module, "load_model", lambda _: loaded)
    monkeypatch.setattr(composer_module, "load_model", lambda _: loaded)
    band_module._weights.cache_clear()
    band_module._drawn.clear()
    band_module._heard.clear()
    monkeypatch.setattr(transcription, "hear", lambda clip, progress: heard_tune(2))


def solo(seconds=2 * BAR_S):
    t = np.arange(round(seconds * RATE)) / RATE
    return Clip((0.2 * np.sin(2 * np.pi * 392 * t) * np.exp(-3 * (t % 0.5)))[None], RATE)


def notes_of(made):
    return {stem: made.notes(stem) for stem in STEMS}


@pytest.mark.parametrize("style", [AS_THE_DATA, "bossa"])
def test_the_same_seed_draws_the_same_band_and_a_redraw_keeps_the_rest(style):
    heard = heard_tune(4)
    controls = BandControls(style=style, ending=False)
    first = arranged(heard, 4 * BAR_S, 1, controls)
    band_module._drawn.clear()
    assert arranged(heard, 4 * BAR_S, 1, controls) == first
    assert first.controls.style == style
    assert arranged(heard, 4 * BAR_S, 2, controls) != first
    assert sum(map(len, notes_of(first).values())) > 12
    step = Step(frozenset({2}), frozenset({STEMS.index("bass")}), 9)
    again = arranged(heard, 4 * BAR_S, 1, dataclasses.replace(controls, redraws=(step,)))
    for stem in STEMS:
        if stem != "bass":
            assert again.notes(stem) == first.notes(stem)

    def inside(made):
        return [n for n in made.notes("bass") if n.start // 96 == 2]

    def outside(made):
        return [(n.start, n.pitch) for n in made.notes("bass") if n.start // 96 != 2]

    assert outside(again) == outside(first)
    assert inside(again) != inside(first)


def test_where_no_style_is_asked_for_the_fitting_one_is_played_and_named():
    heard = heard_tune(4)
    fits = arranged(heard, 4 * BAR_S, 1, BandControls())
    assert fits.controls.style not in (FITTING, AS_THE_DATA)
    assert fits == arranged(heard, 4 * BAR_S, 1, BandControls(fits.controls.style))


def test_told_chords_are_played_and_shown():
    heard = heard_tune(4)
    made = arranged(heard, 4 * BAR_S, 1, BandControls("folk", chords="Em | A7", ending=False))
    assert [(c.start, c.root, c.quality) for c in made.chords] == [
        (0, 4, "minor"), (96, 9, "dominant"), (192, 4, "minor"), (288, 9, "dominant")
    ]  # fmt: skip
    assert chart(made) == [["Em"], ["A7"], ["Em"], ["A7"]]
    first = {}
    for note in made.notes("bass"):
        first.setdefault(note.start // 96, note.pitch % 12)
    assert first == {0: 4, 1: 9, 2: 4, 3: 9}
    assert made.heard.notes == heard.notes


def test_in_a_style_every_part_plays_and_as_the_data_would_none_has_to(network):
    heard = heard_tune(6)
    usual = network.answer[TIME].bias.numpy().copy()
    network.answer[TIME].bias.assign(np.eye(SIZES[TIME], dtype=np.float32)[BAR_LINE] * 40)
    try:
        played, still = (
            notes_of(arranged(heard, 6 * BAR_S, 1, BandControls(style=style, ending=False)))
            for style in ("folk", AS_THE_DATA)
        )
    finally:
        network.answer[TIME].bias.assign(usual)
        band_module._weights.cache_clear()
    assert not any(still.values())
    for stem in STEMS:
        assert len({note.start // 96 for note in played[stem]}) >= 5
    # The tune is in G and its chords are G and D: so is the pattern.
    assert {n.pitch % 12 for n in played["bass"]} <= {7, 2, 9}


def test_chords_lead_what_is_drawn():
    heard = heard_tune(4)
    frame = frame_of(heard, 4 * BAR_S)
    loaded = band_module.load_model("band")
    weights = band_module._weights("tiny", loaded.model)

    def rate(trust):
        band = Band(frame, BandControls(AS_THE_DATA), weights, trust)
        made = drawn(
            empty(heard, frame.score, BandControls(AS_THE_DATA)), band,
            frozenset(range(4)), frozenset(range(1, 4)), 0,
        )  # fmt: skip
        notes = [note for stem in STEMS[1:] for note in made.notes(stem)]
        return np.mean([n.pitch % 12 in classes(frame.chart.at(n.start)) for n in notes])

    assert rate(1.0) > rate(0.0) + 0.15


def test_stems_are_as_long_as_the_solo_level_beside_it_and_repeatable():
    engine = RemixBand()
    assert isinstance(engine, Arranger)
    stems, made = engine.remix_along(solo(), seed=2, controls=BandControls(style="pop"))
    assert stems.names == STEMS
    assert stems.duration_s == pytest.approx(2 * BAR_S)
    assert stems["bass"].channels == 2
    own = loudness_lufs(with_solo(solo(), stems)[SOLO])  # as the mixer plays it
    for stem in STEMS:
        assert made.notes(stem), stem
        assert stems[stem].peak() < 1.0
        assert loudness_lufs(stems[stem]) == pytest.approx(own + LEVELS_LU[stem], abs=1.0)
    desk = level_desk(solo(), stems)
    assert loudness_lufs(mixed(with_solo(solo(), stems), desk)) == pytest.approx(MIX_LUFS, abs=0.5)


def test_what_cannot_be_played_along_with_is_refused(monkeypatch):
    with pytest.raises(UserInputError, match=r"lasts 0\.5 s"):
        RemixBand().remix(solo(0.5), seed=0)

    def nothing(clip, progress):
        raise UserInputError("No tune can be heard.")

    monkeypatch.setattr(transcription, "hear", nothing)
    with pytest.raises(UserInputError, match="No tune"):
        RemixBand().remix(solo(), seed=0)


# ---- what it learns from ------------------------------------------------------------------------


def piece_of(rows, bars=8):
    """In 4/4. rows: (bar, step, instrument, pitch, duration, velocity)."""
    return Piece(
        "midi_arranged", "x-0", "train", "rock", (4, 4), 120.0, "major", 0, bars, ordered(rows)
    )


def cadence():
    """A tune of quarters over F and G triads, a bar each, with a bass on their roots."""
    rows = []
    for bar in range(8):
        root = (5, 7)[bar % 2]
        rows += [(bar, 12 * beat, LEAD, 72 + beat, 6, 7) for beat in range(4)]
        rows += [(bar, 0, PIANO, 48 + root + tone, 19, 6) for tone in (0, 4, 7)]
        rows += [(bar, 24 * half, BASS, 36 + root, 12, 7) for half in range(2)]
    return piece_of(rows)


def test_chords_are_read_from_bass_and_harmony():
    events = cadence().events
    chords = of_events(events[events[:, 2] != LEAD], 8, (4, 4), 48)
    assert [(c.start, c.root, c.quality) for c in chords] == [
        (96 * bar, (5, 7)[bar % 2], "major") for bar in range(8)
    ]


def test_the_tune_is_told_and_never_asked_for():
    renamed = piece_of(
        [(b, s, SAX if i == LEAD else i, p, d, v) for b, s, i, p, d, v in cadence().events.tolist()]
    )
    tuned = with_tune(renamed)
    assert tuned is not None
    assert (tuned.events[:, 2] == LEAD).sum() == 32
    tune_alone = piece_of([row for row in cadence().events.tolist() if row[2] == LEAD])
    assert with_tune(tune_alone) is None
    examples = Accompaniments([tuned], seed=0, length=96, batch=8)
    inputs, target = examples.batch(0)
    asked = target[..., 6] > 0
    assert asked.sum() > 100
    assert (target[..., 1][asked] != LEAD).all()
    given = inputs[..., 0] == GIVEN
    assert (inputs[..., 2][given] == LEAD).sum() > 100
    inputs, target = held_out([tuned], 96, 4)
    assert inputs.shape[:2] == target.shape[:2] == (2, 96)


def test_the_guide_is_fitted_to_what_chords_say_of_pitches():
    uniform = collect(
        lambda batch: np.zeros((*batch.shape[:2], VOCABULARY), np.float32), [(cadence(), 0)]
    )
    numbers = fit(uniform, weight=1e-4)
    assert nats(uniform, np.zeros_like(numbers)) == pytest.approx(np.log(12), abs=0.05)
    assert nats(uniform, numbers) < 0.8
    chord = np.array(as_tables(numbers)["chord"])
    assert chord[0, 0, 0].argmax() == 0  # a bass begins a major chord with its root
    assert set(np.argsort(chord[1, 0, 0])[-3:]) == {0, 4, 7}

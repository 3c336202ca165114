"""Closest in the training data on the pages that make music, and the search on Compare."""

import re

import pytest

from core.audio import encode_wav
from core.composition import stems
from core.midi_files import write_midi
from core.retrieving import shipped
from core.retrieving.recordings import Recording, Recordings, described
from core.retrieving.shipped import Collection
from tests.app.drive import page, players, press, problems, settle
from tests.app.fake_composer import tones
from tests.app.samples import music
from tests.unit.collections_of_tunes import collection, tune
from ui import closest, keys
from ui.compare import search


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A collection of eight tunes and one recording; sounds are made by rule."""
    about = Recording("p/a", "A *take*", "Somebody", "MIT", "folk", 0.0, 20.0)
    found = Collection(collection(8), Recordings.of([(about, described(music(20.0)))]))
    monkeypatch.setattr(shipped, "collection", lambda: found)
    monkeypatch.setattr(stems, "_stem", tones)


def written(at):
    return " ".join(box.value for kind in ("markdown", "caption") for box in getattr(at, kind))


def searched(name, data):
    at = page("compare", section="search")
    assert not at.exception
    at.file_uploader(key="compare_search_file").set_value((name, data, "audio/midi")).run()
    return settle(at, job="compare_search_job")


def test_a_file_in_another_key_finds_its_piece():
    at = searched("mine.mid", write_midi(tune(5).between(2, 8).transposed(4)))
    assert not at.exception
    assert problems(at) == []
    told = written(at)
    assert r"Tune \*5\*" in told  # a title is no Markdown
    assert "Nobody · CC0-1.0" in told
    assert "note for note" in told
    assert "4 semitones down" in told
    assert "100% of the notes" in told
    assert players(at) == []  # nothing is rendered until it is asked for
    at.button(key="compare_search_0_hear").click().run()
    assert not at.exception
    heard = players(at)
    assert len(heard) == 1
    assert heard[0]["bars"] == 6
    assert all(track["url"] for track in heard[0]["tracks"])


def test_a_file_of_no_use_is_a_sentence():
    for name, data, said in (
        ("empty.mid", b"", "empty"),
        ("odd.mid", b"nothing of the kind", "damaged"),
        ("one.mid", write_midi(tune(1).between(0, 0)), "notes"),
    ):
        at = searched(name, data)
        assert not at.exception
        assert len(problems(at)) == 1
        assert said in problems(at)[0]


def test_a_recording_without_a_tune_still_has_recordings(monkeypatch):
    from core.errors import UserInputError

    def nothing(clip, progress=None):
        raise UserInputError("No tune can be heard in this clip.")

    monkeypatch.setattr("core.transcription.hear", nothing)
    at = searched("take.wav", encode_wav(music(8.0)))
    assert problems(at) == []
    assert [box.value for box in at.info] == ["No tune can be heard in this clip."]
    assert r"A \*take\*" in written(at)
    assert "Nearest pieces" not in written(at)


def test_notes_from_the_keys_are_checked():
    good = [[0.0, 0.4, 60], [0.5, 0.9, 62]]
    odd = [
        [1.0, 0.5, 64],
        ["x", 1, 60],
        [1, 2],
        [0, 1, 200],
        [2.0, 2.5, 60.5],
        None,
        [1e9, 2e9, 60],
    ]
    notes = keys.checked({"notes": [*odd, *good]})
    assert [(n.start_s, n.pitch) for n in notes] == [(0.0, 60), (0.5, 62)]
    assert keys.checked(None) == keys.checked({"notes": "no"}) == ()
    assert len(keys.checked({"notes": good * 1000})) == keys.MAX_NOTES
    second = 0.5 / 24
    played = [
        [n.start * second, n.end * second, n.pitch] for n in tune(3).between(0, 6).tracks[0].notes
    ]
    found = search.of_notes(keys.checked({"notes": played}))
    assert found.matches[0].piece.id == "tune-3"


def test_the_keys_are_shown_and_search_nothing_by_themselves():
    at = page("compare", section="search")
    at.segmented_control(key=search.HOW).set_value(search.KEYS).run()
    assert not at.exception
    assert [data["button"] for data in players(at)] == ["Search"]
    assert "Nearest pieces" not in written(at)


@pytest.mark.usefixtures("composing")
def test_compose_looks_when_asked(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "core.retrieval.nearest", lambda score, count, **more: asked.append(score) or []
    )
    at = page("compose")
    assert asked == []
    assert closest.TITLE in [box.label for box in at.expander]
    settle(press(at, "Look for it"), job="compose_closest_job")
    assert len(asked) == 1
    assert not at.exception
    assert any("Nothing in the training data" in box.value for box in at.info)


def test_extrapolate_names_recordings():
    at = settle(press(page("extrapolate"), "Look for it"), job="extrapolate_closest_job")
    assert not at.exception
    assert problems(at) == []
    assert r"**A \*take\*** · Somebody · MIT" in written(at)


def test_both_passages_are_drawn_to_one_scale():
    from core.retrieval import nearest

    match = nearest(tune(4).between(1, 5), index=collection(8))[0]
    starts = []
    for passage in (match.query, match.found):
        boxes = re.findall(r'<rect x="([\d.]+)".*?fill="([^"]+)"', closest.roll(passage, 4 * 96))
        starts.append([float(x) for x, colour in boxes if colour == closest.SHARED])
        assert len(starts[-1]) == sum(passage.shared) > 8
        assert len(boxes) == len(passage.notes) + 1
    assert starts[0] == pytest.approx(starts[1], abs=2)

"""Links to a continuation of a visitor's own file, and sound that another page hands on."""

import pytest

from core.audio import encode_wav
from tests.app import remixing as remix
from tests.app.drive import ask, page, players, press, problems, settle, upload
from tests.app.samples import music, wav
from ui import results
from ui.sources import CONTINUE, HANDED, Source

ASKS = "This link continues a file that it cannot carry"


def result(at):
    return at.session_state["extrapolate_result"]


def sounds(at):
    return [results.wav(made.flac) for made in result(at).made]


def test_a_link_asks_for_the_same_file_and_gives_the_same_bytes():
    own = wav(32.0, seed=5)
    at = upload(page("extrapolate"), "own.wav", own)
    at.number_input(key="extrapolate_seed").set_value(3)
    at = ask(at)
    query = {name: at.query_params[name] for name in at.query_params}
    query = {name: value[0] if isinstance(value, list) else value for name, value in query.items()}
    assert query["input"] == result(at).recipe.input_sha256
    assert query["start"] == "2"  # the last 10 s are the actual
    other = page("extrapolate", **query)
    assert any(ASKS in box.value and query["input"][:12] in box.value for box in other.info)
    assert players(other) == []
    other.file_uploader(key="extrapolate_upload").set_value(("b.wav", wav(32.0), "audio/wav")).run()
    assert any(ASKS in box.value for box in other.info)
    assert players(other) == []
    other.file_uploader(key="extrapolate_upload").set_value(("c.wav", own, "audio/wav"))
    other = settle(other.run())
    assert problems(other) == []
    assert not any(ASKS in box.value for box in other.info)
    assert result(other).recipe.key() == result(at).recipe.key()
    assert sounds(other) == sounds(at)


def test_who_picks_an_example_instead_is_asked_for_nothing():
    at = page("extrapolate", input="0" * 64, engines="loop")
    assert any(ASKS in box.value for box in at.info)
    at.segmented_control(key="extrapolate_source").set_value("Example").run()
    assert not any(ASKS in box.value for box in at.info)
    assert at.header[0].value == "Study first"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"input": "../../etc"}, "names no file"),
        ({"input": "0" * 64, "start": "-1", "seconds": "x"}, "start, seconds"),
    ],
)
def test_a_wrong_link_is_a_sentence(query, said):
    at = page("extrapolate", **query)
    assert not at.exception
    (problem,) = problems(at)
    assert said in problem


@pytest.mark.usefixtures("remixing")
def test_a_remix_is_continued_and_its_link_asks_for_the_mix_that_can_be_downloaded():
    at = page("remix")
    mix = remix.mix(at)
    at.button(key="remix_continue").click().run()
    assert not at.exception
    assert at.segmented_control(key="extrapolate_source").value == "Handed on"
    handed = at.session_state["extrapolate_handed"]
    assert handed.data == mix
    band = at.session_state["remix_result"].bands[0]
    assert any(band.title in box.value and "seed" in box.value for box in at.caption)
    at.switch_page("pages/extrapolate.py").run()
    at.button_group(key="extrapolate_engines").set_value(["loop"])
    at = settle(press(at))
    assert problems(at) == []
    assert at.query_params["input"] in (handed.sha256, [handed.sha256])
    other = page("extrapolate", input=handed.sha256, engines="loop", start="0")
    other.file_uploader(key="extrapolate_upload").set_value(("mix.wav", mix, "audio/wav"))
    other = settle(other.run())
    assert problems(other) == []
    assert sounds(other) == sounds(at)


def test_sound_of_another_page_is_named_with_what_made_it():
    at = page("extrapolate")
    sound = encode_wav(music(6.0))
    at.session_state[CONTINUE.handed] = Source(
        "A *mix*", sound, "f" * 64, 6.0, about="Band · seed 3"
    )
    at.run()
    at.segmented_control(key=CONTINUE.kind).set_value(HANDED).run()
    assert r"**A \*mix\*** · Band · seed 3" in [box.value for box in at.caption]

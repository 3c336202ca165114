"""Links of the Remix page, and where its faders stand."""

import pytest

from core.audio import encode_wav
from core.remixing.desk import Desk, heard
from core.remixing.files import as_kept, solo_of
from core.remixing.plan import ACTUAL
from core.remixing.run import with_solo
from tests.app.drive import page, players, problems, settle, tables
from tests.app.fake_remixer import FakeMixRemixer, tune
from tests.app.remixing import DESK, ask, give, mix, result, shown
from ui.remix import examples, stage

pytestmark = pytest.mark.usefixtures("remixing")


def test_faders_stay_between_bands_runs_and_pages(moved):
    at = page("remix")
    moved(DESK)
    at.run()
    at.button_group(key="remix_pick_band").set_value("one2one").run()
    assert at.session_state[stage.DESK] == DESK
    assert mix(at) == encode_wav(heard(result(at).bands[1].channels(), DESK))
    at.number_input(key="remix_seed").set_value(4)
    at = ask(at, "one2four-split", "one2one")
    assert at.session_state[stage.DESK] == DESK
    at.switch_page("pages/home.py").run()
    at.switch_page("pages/remix.py").run()
    assert problems(at) == []
    assert at.session_state[stage.DESK] == DESK
    assert at.button_group(key="remix_pick_band").value == "one2one"
    assert result(at).plan.seed == 4


def test_a_link_replays_the_mix_byte_for_byte_from_the_finished_files(moved, monkeypatch):
    monkeypatch.setattr("core.remixing.run.run", lambda *a, **k: pytest.fail("ran"))
    at = page("remix")
    moved(DESK)
    at.run()
    at.button_group(key="remix_pick_band").set_value(ACTUAL).run()
    link = {k: v if isinstance(v, str) else v[0] for k, v in at.query_params.items()}
    assert link["faders"] == "drums:-6:0.5,solo:0:0:m"
    assert (link["master"], link["heard"], link["example"]) == ("-3", ACTUAL, "tune")
    other = page("remix", **link)
    assert problems(other) == []
    assert mix(other) == mix(at)
    assert shown(other)[0]["desk"]["faders"]["drums"]["gain_db"] == -6


def test_a_link_with_another_seed_is_run_and_gives_the_same_bytes_each_time():
    query = {"example": "tune", "engines": "one2one", "start": "1", "seconds": "2", "seed": "5"}
    runs = [settle(page("remix", **query), job="remix_job") for _ in range(2)]
    first, second = (result(at) for at in runs)
    assert first.bands[0].flacs == second.bands[0].flacs
    solo = solo_of(examples.find("tune").source_bytes(), 1, 2)
    made = as_kept(with_solo(solo, FakeMixRemixer().remix(solo, seed=5)))
    assert mix(runs[0]) == encode_wav(heard(made, Desk()))
    assert first.actual.seconds == 2
    assert "log_mel_distance_db" in first.bands[0].metrics


def test_an_uploads_link_asks_for_the_file_and_then_makes_the_same_mix(moved):
    data = encode_wav(tune(2.0, seed=8))
    at = ask(give(page("remix"), data), "one2four-split")
    assert problems(at) == []
    moved(DESK)
    at.run()
    assert shown(at)[0]["actual"] is None
    assert {panel["kind"] for panel in shown(at)[1]["panels"]} == {"input", "predicted"}
    assert [head[1:] for head, _ in tables(at)] == [["Onsets on the beat", "Compute"]]
    link = {k: v if isinstance(v, str) else v[0] for k, v in at.query_params.items()}
    assert "example" not in link
    other = page("remix", **link)
    assert link["input"][:12] in other.info[0].value
    assert players(other) == []
    other.file_uploader(key="remix_upload").set_value(("same.wav", data, "audio/wav")).run()
    settle(other, job="remix_job")
    assert mix(other) == mix(at)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"example": "no-such-thing"}, "not here"),
        ({"example": "tune", "engines": "magic", "faders": "x"}, "engines, faders"),
    ],
)
def test_a_wrong_link_is_answered_with_one_sentence_and_an_example(query, says):
    at = page("remix", **query)
    assert not at.exception
    (said,) = problems(at)
    assert says in said
    assert at.header[0].value == "Tune tune"
    assert len(players(at)) == 2

import json
import sys
import time

import pytest

from core.comparing import offers, tiny
from core.comparing import plan as plans
from core.comparing.plan import OWN
from tests.app import fake_pair
from tests.app.comparing import section, tune, write
from tests.app.drive import page, players, press, problems, tables
from tests.app.samples import results_file
from ui.compare import between, curves, why
from ui.compare import tiny as tiny_panel

pytestmark = pytest.mark.usefixtures("comparing")


# ---- training -----------------------------------------------------------------------------------


def test_the_slider_plays_what_each_model_wrote_at_that_epoch():
    at = section("training")
    last = [player["tracks"] for player in players(at)]
    assert len(last) == 2
    at.select_slider(key=curves.EPOCH).set_value(4).run()
    found = [player["tracks"][0]["notes"] for player in players(at)]
    score = plans.scored(
        fake_pair.fake("midi-lstm", "melody-2").sample(3, seed=4)[0], offers.KINDS["melody-2"]
    )
    assert [note[1] for note in found[0]] == [note.pitch for note in score.tracks[0].notes]
    at.button_group(key=curves.SAMPLE).set_value(2).run()
    assert [player["tracks"][0]["notes"] for player in players(at)] != found
    assert any("validation 0.725" in caption.value for caption in at.caption)
    (chart,) = at.get("vega_lite_chart")
    assert "LSTM 1.55 to 0.54" in chart.proto.alt


# ---- in between ---------------------------------------------------------------------------------


def test_a_link_to_a_way_opens_it_and_nonsense_in_it_is_passed_over():
    query = {"from": "scale", "to": "gone", "stops": "7", "space": "midi-vae-adversarial"}
    at = page("compare", section="between", **query)
    _, whole = players(at)
    assert whole["bars"] == 14
    assert (at.selectbox(key=between.FIRST).value, at.selectbox(key=between.LAST).value) == (
        "scale", "frere-jacques",
    )  # fmt: skip
    assert any("The Adversarial VAE gives back" in caption.value for caption in at.caption)


def test_the_way_between_two_melodies():
    at = section("between")
    stop, whole = players(at)
    assert (stop["bars"], whole["bars"]) == (2, 18)
    at.slider(key=between.STOPS).set_value(5).run()
    at.slider(key=between.STOP).set_value(1).run()
    stop, whole = players(at)
    assert whole["bars"] == 10
    ode = [76, 76, 77, 79, 79, 77, 76, 74]
    assert [note[1] for note in stop["tracks"][0]["notes"]] == ode
    assert any("gives back 100% of the first" in caption.value for caption in at.caption)
    at.selectbox(key=between.LAST).set_value(OWN).run()
    at.file_uploader(key=f"{between.LAST}_upload").set_value(
        ("own.mid", tune(60, 64, 67, 72, bars=1), "audio/midi")
    ).run()
    assert "1 bar and 2 are needed" in problems(at)[0]


# ---- why this note ------------------------------------------------------------------------------


def test_reasons_for_a_note():
    at = section("why")
    at.selectbox(key=why.SOURCE).set_value("ode-to-joy").run()
    at.select_slider(key=why.NOTE).set_value(5).run()
    (table,) = at.table
    assert list(table.value["Nats"]) == ["+0.000", "+0.000", "+0.000", "+0.693"]
    told = next(m.value for m in at.markdown if "probability" in m.value)
    assert "G5 in bar 2, beat 1" in told
    assert "loudest for it is G5 in bar 1, beat 4, by 0.69 nats" in told
    (chart,) = at.get("vega_lite_chart")
    assert chart.proto.alt == told
    at.button_group(key=why.MODEL).set_value("midi-vae").run()
    assert any("The VAE gives" in m.value for m in at.markdown)


def test_what_was_written_can_be_asked_about():
    at = write(page("compare"), compare_seed=2)
    at.button_group(key="compare_section").set_value("why").run()
    assert at.selectbox(key=why.SOURCE).value == "written:midi-lstm"
    assert not at.exception
    assert at.select_slider(key=why.NOTE).value == 10


# ---- train a tiny one ---------------------------------------------------------------------------


def settled(at, limit_s=30):
    until = time.monotonic() + limit_s
    while at.session_state[tiny_panel.TRAINING].state == "training":
        assert time.monotonic() < until
        time.sleep(0.05)
        at.run()
    return at.run()


def test_tiny_models_train_and_write_beside_the_trained_ones(tmp_path):
    at = press(section("tiny"), "Train")
    assert at.button(key="compare_tiny_cancel")
    (tmp_path / "go").touch()
    at = settled(at)
    assert not at.exception
    assert problems(at) == []
    assert len(at.session_state[tiny_panel.TRAINING].points()) == 12
    assert len(players(at)) == 4
    assert any("Tiny LSTM 0.70 nats" in caption.value for caption in at.caption)
    assert tiny.busy_s() is None


def test_one_training_at_a_time_and_cancel():
    first = tiny.start(0, (sys.executable, "-c", "import time; time.sleep(60)"))
    at = section("tiny")
    assert "Someone is training" in at.info[0].value
    at = press(at, "Train")
    assert "Someone is training" in problems(at)[0]
    first.cancel()
    until = time.monotonic() + 10
    while tiny.busy_s() is not None:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert first.state == "stopped"
    at = press(at.run(), "Train")
    at.button(key="compare_tiny_cancel").click().run()
    at = settled(at)
    assert any(caption.value.startswith("Stopped after") for caption in at.caption)


# ---- verdict ------------------------------------------------------------------------------------


def test_the_verdict_comes_from_the_benchmarks_file_and_is_hidden_without(tmp_path):
    assert "verdict" not in page("compare").button_group(key="compare_section").options
    results_file(tmp_path)
    path = tmp_path / "extrapolation.json"
    results = json.loads(path.read_text())
    results["job"] = "comparison"
    results["rows"][2]["name"] = "midi-vae-melody-2"
    results["tables"][0]["title"] = "Verdict, measure by measure"
    for row in results["rows"]:
        row["group"] = "Trios" if row["name"] == "silence" else "Melodies"
    search = {"title": "Search", "note": "x", "x": "run", "y": "nats", "lines": True, "log": False}
    search["points"] = [{"x": 1, "y": 0.5, "series": "LSTM"}]
    results["charts"] = [search]
    path.write_text(json.dumps(results))
    at = section("verdict")
    titles = [box.value for box in at.header]
    assert titles == ["Verdict, measure by measure", "Every figure", "How this was measured"]
    (head, rows), figures = tables(at)
    assert [row[head.index("MSE")] for row in rows] == ["0.286", "0.301"]
    assert figures[0][1:] == ["silence"]
    at.selectbox(key="compare_verdict_group").set_value("Melodies").run()
    head = tables(at)[1][0]
    assert "VAE (melody-2)" in head
    assert "silence" not in head
    assert len(at.get("vega_lite_chart")) == 1
    assert any("0123456789ab" in m.value for m in at.markdown)

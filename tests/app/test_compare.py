import hashlib
import json
import subprocess
import sys
import threading
import time

import pytest

from core.comparing import models, offers, tiny
from core.comparing import plan as plans
from core.comparing.plan import OWN, Plan, make
from core.midi_files import write_midi
from core.score import Note, Score, Track
from tests.app import fake_pair
from tests.app.drive import ROOT, page, players, press, problems, settle
from tests.app.samples import results_file
from ui.compare import between, curves, sides, why
from ui.compare import tiny as tiny_panel

pytestmark = pytest.mark.usefixtures("comparing")


def tune(*pitches, bars=2, beats=4):
    notes = tuple(Note(at * 24, pitch, 24) for at, pitch in enumerate(pitches))
    return write_midi(Score((Track("Tune", 73, notes),), bars, 100.0, beats, 4))


def pair(at):
    return at.session_state[sides.RUNS.result]


def write(at, **values):
    for key, value in values.items():
        next(w for w in (*at.slider, *at.number_input) if w.key == key).set_value(value)
    return settle(press(at, "Write"), job="compare_job")


def section(name):
    at = page("compare", section=name)
    assert not at.exception
    return at


# ---- side by side -------------------------------------------------------------------------------


def test_first_opening_shows_a_finished_comparison_and_computes_nothing(monkeypatch):
    monkeypatch.setattr(models, "pattern_model", lambda *a: pytest.fail("loaded"))
    monkeypatch.setattr("core.composition.stems.sound", lambda *a: pytest.fail("rendered"))
    at = page("compare")
    assert not at.exception
    assert problems(at) == []
    assert at.subheader[0].value == "Melody study"
    left, right = players(at)
    assert [len(track["notes"]) for track in left["tracks"]] == [16]
    assert left["tracks"] != right["tracks"]
    assert all(track["url"] for track in (*left["tracks"], *right["tracks"]))


def test_no_tensorflow_on_the_way():
    script = (
        "import sys; from pathlib import Path; import core.gallery;"
        "core.gallery.GALLERY = Path(sys.argv[1]);"
        "from tests.app.drive import page; at = page('compare'); assert not at.exception;"
        "print(*({'tensorflow', 'keras', 'librosa', 'music21'} & set(sys.modules)))"
    )
    from core import gallery

    done = subprocess.run(
        [sys.executable, "-c", script, str(gallery.GALLERY)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == []


def test_models_write_from_the_same_seed_and_the_link_replays_it():
    at = write(page("compare"), compare_seed=5, compare_temperature=0.8)
    assert problems(at) == []
    plan = Plan("melody-2", seed=5, temperature=0.8)
    assert [side.score for side in pair(at).sides] == [side.score for side in make(plan)]
    query = {name: value[0] if isinstance(value, list) else value
             for name, value in at.query_params.items()}  # fmt: skip
    assert query == plan.query()
    again = settle(page("compare", **query), job="compare_job")
    assert [side.score for side in pair(again).sides] == [side.score for side in pair(at).sides]
    assert again.number_input(key="compare_seed").value == 5


def test_the_link_of_the_finished_comparison_opens_it_without_a_run(monkeypatch):
    monkeypatch.setattr(plans, "make", lambda *a, **k: pytest.fail("written"))
    at = page("compare", **Plan("melody-2", seed=4).query())
    assert pair(at).example == "study"


def test_trios_three_models_and_a_shipped_primer():
    at = page("compare")
    at.selectbox(key="compare_kind").set_value("trio-2").run()
    at.button_group(key="compare_models").set_value(list(models.MODELS)).run()
    at.selectbox(key="compare_primer").set_value("ode-to-joy").run()
    assert any("no bass and no drums" in caption.value for caption in at.caption)
    at = write(at)
    assert [side.model for side in pair(at).sides] == list(models.MODELS)
    found = players(at)
    assert [len(player["tracks"]) for player in found] == [3, 3, 3]
    assert all(player["given"] == 1 for player in found)
    at.segmented_control(key="compare_view").set_value("Note table").run()
    assert len(at.dataframe) == 3


def test_a_file_is_gone_on_from_and_its_link_asks_for_it():
    data = tune(60, 64, 67, 72, 71, 69, 67, 65)
    at = page("compare")
    at.selectbox(key="compare_primer").set_value(OWN).run()
    at = press(at, "Write")
    assert "Give the file" in problems(at)[0]
    at.file_uploader(key="compare_primer_upload").set_value(("my.mid", data, "audio/midi")).run()
    at = write(at)
    plan = pair(at).plan
    assert plan.primer_sha256 == hashlib.sha256(data).hexdigest()
    assert "my.mid" in pair(at).title
    assert [n.pitch for n in pair(at).sides[0].score.tracks[0].notes[:4]] == [60, 64, 67, 72]
    link = page("compare", **plan.query())
    assert plan.primer_sha256[:12] in link.info[0].value
    link.file_uploader(key="compare_primer_upload").set_value(("x.mid", data, "audio/midi")).run()
    link = settle(link.run(), job="compare_job")
    assert [side.score for side in pair(link).sides] == [side.score for side in pair(at).sides]


@pytest.mark.parametrize(
    ("data", "says"), [(tune(60, 62, 64, beats=3), "4/4"), (b"", "empty"), (tune(60), "1 notes")]
)
def test_a_primer_of_no_use_is_one_sentence(data, says):
    at = page("compare")
    at.selectbox(key="compare_primer").set_value(OWN).run()
    at.file_uploader(key="compare_primer_upload").set_value(("x.mid", data, "audio/midi")).run()
    assert not at.exception
    assert [says in problem for problem in problems(at)] == [True]
    assert at.subheader[0].value == "Melody study"


def test_cancel_leaves_the_earlier_comparison(monkeypatch):
    going, ended = threading.Event(), threading.Event()

    def slow(plan, own, *, progress):
        going.set()
        try:
            while True:
                progress(0.3)
                time.sleep(0.01)
        except BaseException:
            ended.set()
            raise

    monkeypatch.setattr(plans, "make", slow)
    at = page("compare")
    at.number_input(key="compare_seed").set_value(9)
    at = press(at, "Write")
    assert going.wait(10)
    at.run().button(key="compare_cancel").click().run()
    assert ended.wait(10)
    assert at.subheader[0].value == "Melody study"


def test_part_of_a_link_that_is_not_understood_is_said():
    at = settle(page("compare", kind="melody-2", models="gpt", seed="3"), job="compare_job")
    assert "models" in problems(at)[0]
    assert pair(at).plan == Plan("melody-2", seed=3)


def test_without_weights_finished_comparisons_play(monkeypatch):
    monkeypatch.setattr(offers, "available", lambda kind: ())
    at = page("compare")
    assert not at.exception
    assert len(players(at)) == 2
    for name in ("between", "why", "tiny"):
        assert players(section(name)) == []


def test_the_gallery_shows_the_finished_comparison():
    at = page("gallery")
    assert [box.value for box in at.subheader] == ["Melody study"]
    at.toggle(key="gallery_open_compare_study").set_value(True).run()
    assert not at.exception
    assert len(players(at)) == 2


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


def test_tiny_models_train_and_write_beside_the_trained_ones():
    at = press(section("tiny"), "Train")
    assert at.button(key="compare_tiny_cancel")
    at = settled(at)
    assert not at.exception
    assert problems(at) == []
    assert len(at.session_state[tiny_panel.TRAINING].points()) == 12
    assert len(players(at)) == 4
    assert any("Tiny LSTM 0.70 nats" in caption.value for caption in at.caption)
    assert tiny.busy_s() is None


def test_one_training_at_a_time_and_cancel(monkeypatch):
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
    path.write_text(json.dumps(results))
    at = section("verdict")
    titles = [box.value for box in at.subheader]
    assert titles == ["Verdict, measure by measure", "Every figure", "How this was measured"]
    verdict, figures = at.table
    assert list(verdict.value["MSE"]) == ["0.286", "0.301"]
    assert "VAE (melody-2)" in figures.value.columns
    assert any("0123456789ab" in m.value for m in at.markdown)

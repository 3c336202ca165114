import hashlib
import subprocess
import sys
import threading
import time

import pytest

from core.comparing import models, offers
from core.comparing import plan as plans
from core.comparing.plan import OWN, Plan, make
from tests.app.comparing import pair, section, tune, write
from tests.app.drive import ROOT, page, players, press, problems, settle

pytestmark = pytest.mark.usefixtures("comparing")


# ---- side by side -------------------------------------------------------------------------------


def test_first_opening_shows_a_finished_comparison_and_computes_nothing(monkeypatch):
    monkeypatch.setattr(models, "pattern_model", lambda *a: pytest.fail("loaded"))
    monkeypatch.setattr("core.composition.stems.sound", lambda *a: pytest.fail("rendered"))
    at = page("compare")
    assert not at.exception
    assert problems(at) == []
    assert at.header[0].value == "Melody study"
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


def test_both_sides_are_printed(monkeypatch):
    printed = []
    monkeypatch.setattr(
        "core.notation.sheet_music",
        lambda score, width_px: printed.append((score.title, width_px)) or ["<svg/>"],
    )
    at = page("compare")
    at.segmented_control(key="compare_view").set_value("Sheet music").run()
    assert not at.exception
    assert len(players(at)) == 4
    assert {title for title, _ in printed} == {"Melody study, LSTM", "Melody study, VAE"}
    assert len(printed) == 4


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
    assert at.header[0].value == "Melody study"


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
    assert at.header[0].value == "Melody study"


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
    assert [box.value for box in at.header] == ["Melody study"]
    at.toggle(key="gallery_open_compare_study").set_value(True).run()
    assert not at.exception
    assert len(players(at)) == 2

import json
import re

import pytest

from core import gallery
from tests.app.drive import page, players, problems
from tests.app.samples import results_file
from ui import scores


def tables(at):
    """The HTML of the page's rankings."""
    return [box.proto.body for box in at.get("html") if "<table>" in box.proto.body]


def table_rows(at):
    """The rows of the first."""
    return re.findall(r"<tr class=.*?</tr>", tables(at)[0])


@pytest.mark.parametrize(
    "name", ["home", "extrapolate", "sample", "compose", "gallery", "scoreboard"]
)
def test_every_page_opens(name):
    at = page(name)
    assert not at.exception
    assert problems(at) == []


@pytest.mark.parametrize("name", ["home", "extrapolate", "compose", "gallery", "scoreboard"])
def test_every_page_opens_with_nothing_to_show(name, monkeypatch, tmp_path):
    monkeypatch.setattr(gallery, "GALLERY", tmp_path)
    at = page(name)
    assert not at.exception
    assert players(at) == []


def test_home_has_the_best_example_playable():
    (player,) = players(page("home"))
    assert [panel["name"] for panel in player["panels"]] == ["input", "loop", "actual"]
    assert all(panel["url"].endswith(".wav") for panel in player["panels"])


def test_scoreboard_without_files_says_so():
    assert "No benchmark" in page("scoreboard").info[0].value


def test_scoreboard_sorts_marks_and_explains(tmp_path):
    results_file(tmp_path)
    at = page("scoreboard")
    assert not at.exception
    lines = table_rows(at)
    kinds = [re.search(r'class="(\w+)".*?<span>(.*?)</span>', line).groups() for line in lines]
    assert kinds == [
        ("best", "Loop"),
        ("rung", "repeat-last-10-s"),
        ("engine", "Published encoder-decoder (2023)"),
        ("rung", "silence"),
    ]
    assert "6.70 [6.37, 7.04]" in lines[0]
    assert "73 items" in at.caption[0].value
    assert any("The paper's figure" in box.value for box in at.subheader)


def test_scoreboard_csv_has_every_figure(tmp_path):
    results_file(tmp_path)
    (results,) = scores.files()
    lines = scores.as_csv(results).decode().splitlines()
    assert lines[0] == "name,kind,metric,mean,low,high"
    assert len(lines) == 1 + sum(len(row["metrics"]) for row in results["rows"])
    assert lines[1].startswith("silence,rung,log_mel_distance_db,21.5,")


def test_scoreboard_takes_missing_and_unknown_figures(tmp_path):
    results_file(tmp_path)
    path = tmp_path / "extrapolation.json"
    results = json.loads(path.read_text())
    results["rows"][0]["metrics"] = {"something_new": {"mean": None, "low": None, "high": None}}
    path.write_text(json.dumps(results))
    at = page("scoreboard")
    assert not at.exception
    assert any("something_new" in table for table in tables(at))


def test_scoreboard_ranks_rows_by_group_and_plots_charts(tmp_path):
    results_file(tmp_path)
    path = tmp_path / "extrapolation.json"
    results = json.loads(path.read_text())
    for row, group in zip(results["rows"], ["Short", "Long", "Short", "Long"], strict=True):
        row["group"] = group
    points = [{"x": 1, "y": 2.0, "series": "a"}, {"x": 2, "y": 1.5, "series": "a"}]
    titles = {"title": "Loss", "note": "By epoch.", "x": "epoch", "y": "nats"}
    charts = [titles | {"points": points, "lines": True, "log": False}]
    path.write_text(json.dumps(results | {"charts": charts}))
    at = page("scoreboard")
    assert not at.exception
    names = [row["name"] for row in results["rows"]]
    text = "".join(table_rows(at))
    assert "silence" in text
    assert names[1] not in text
    at.selectbox(key="scoreboard_group_extrapolation").set_value("Long").run()
    text = "".join(table_rows(at))
    assert "silence" not in text
    assert names[1] in text
    assert "Loss" in [box.value for box in at.subheader]
    spec = scores.plot(charts[0])
    assert spec["data"]["values"] == points
    assert spec["encoding"]["x"]["title"] == "epoch"
    assert spec["mark"]["type"] == "line"
    assert scores.plot(charts[0] | {"log": True})["encoding"]["x"]["scale"]["type"] == "log"


def test_scoreboard_shows_tables_alone_where_nothing_is_ranked(tmp_path):
    results_file(tmp_path)
    path = tmp_path / "extrapolation.json"
    results = json.loads(path.read_text())
    path.write_text(json.dumps(results | {"rows": []}))
    at = page("scoreboard")
    assert not at.exception
    assert [box.value for box in at.subheader] == [one["title"] for one in results["tables"]]
    assert not at.selectbox

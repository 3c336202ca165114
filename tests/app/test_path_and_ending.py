import io
import json
import re
import zipfile

import numpy as np
import pytest

from core import gallery
from core.gallery import read_flac
from tests.app.drive import ask, page, players, problems, settle, upload
from tests.app.samples import wav
from ui import requests, results


def figures(at):
    """The path pictures on the page, as HTML."""
    bodies = [found.proto.body for found in at.get("html")]
    return [body for body in bodies if "encore-path" in body]


def test_the_path_stands_under_the_player_and_is_told_in_words():
    at = page("extrapolate")
    (body,) = figures(at)
    (alt,) = re.findall(r'alt="([^"]+)"', body)
    assert re.match(r"Seconds 0\.0 to \d+\.\d play the clip from \d+\.\d s", alt)
    assert re.search(r'src="[^"]+\.png"', body)
    assert "<b>Loop</b> plays" in body
    result = at.session_state["extrapolate_result"]
    stored = gallery.item("extrapolate", "first").folder / "loop-path.png"
    assert result.made[0].path.picture == stored.read_bytes()


def test_an_item_from_before_paths_has_no_picture_and_opens():
    at = page("extrapolate", example="second")
    assert len(players(at)) == 1
    assert problems(at) == []
    assert figures(at) == []


def test_the_gallery_shows_the_path_with_the_player():
    at = page("gallery")
    assert figures(at) == []
    at.toggle(key="gallery_open_first").set_value(True).run()
    assert len(figures(at)) == 1


def test_the_bundle_holds_the_path_in_seconds_and_as_a_picture():
    at = page("extrapolate")
    bundle = results.bundle_zip(at.session_state["extrapolate_result"])
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        lines = archive.read("loop-path.csv").decode().splitlines()
        assert archive.read("loop-path.png")[:4] == b"\x89PNG"
    assert lines[0] == "continuation_s,clip_s,seconds"
    rows = np.array([[float(cell) for cell in line.split(",")] for line in lines[1:]])
    assert rows[:, 2].sum() == pytest.approx(10.0, abs=1e-3)
    np.testing.assert_allclose(rows[1:, 0], np.cumsum(rows[:-1, 2]), atol=1e-3)
    assert (rows[:, 1] + rows[:, 2] <= 20.001).all()


def test_no_ending_is_the_default_and_a_chosen_one_is_run():
    at = upload(page("extrapolate"), "clip.wav", wav(22.0))
    control = at.button_group(key="extrapolate_ending")
    assert control.value in ("none", ["none"])
    control.set_value("fade")
    at = ask(at)
    assert problems(at) == []
    result = at.session_state["extrapolate_result"]
    assert result.recipe.parameters["ending"] == "fade"
    assert any("ending: fade out" in caption.value for caption in at.caption)
    samples = read_flac(result.made[0].flac).samples
    assert np.abs(samples[:, -10:]).max() < 1e-3
    assert np.abs(samples[:, : samples.shape[1] // 2]).max() > 0.1


def test_a_link_with_an_ending_is_run_and_one_without_is_the_finished_item():
    query = {"example": "first", "engines": "loop", "start": "0", "seconds": "10", "seed": "0"}
    at = settle(page("extrapolate", **query, ending="beat"))
    assert problems(at) == []
    result = at.session_state["extrapolate_result"]
    assert result.recipe.ending == "beat"
    assert at.query_params["ending"] in ("beat", ["beat"])
    assert at.button_group(key="extrapolate_ending").value in ("beat", ["beat"])
    plain = page("extrapolate", **query)
    assert plain.session_state["extrapolate_result"].recipe.ending == "none"
    assert "ending" not in plain.query_params
    assert "ending" not in json.loads(results_recipe(plain))["parameters"]


def results_recipe(at):
    return at.session_state["extrapolate_result"].recipe.to_json()


def test_an_unknown_ending_in_a_link_is_told():
    at = page("extrapolate", example="first", ending="cadence")
    (said,) = problems(at)
    assert "(ending)" in said
    assert at.session_state["extrapolate_result"].recipe.ending == "none"


def test_a_run_with_an_ending_is_not_answered_by_one_without():
    (item, _) = gallery.items("extrapolate")
    plain = requests.of_recipe(item.recipe)
    faded = requests.Request(
        plain.engines, plain.start_s, plain.seconds, plain.seed, plain.example, "fade"
    )
    recipes = [asked.recipe(item.recipe.input_sha256) for asked in (plain, faded)]
    assert requests.is_answered_by(recipes[0], item.recipe)
    assert not requests.is_answered_by(recipes[1], item.recipe)
    assert not requests.is_answered_by(recipes[0], recipes[1])
    assert requests.of_recipe(recipes[1]) == faded

"""The gallery: filters, cards, figures and recipes; what of it the home page shows."""

import json

import pytest

from core import gallery
from tests.app.drive import page, players, tables

PLAIN = ("See every figure", "Take the blind listening test")


def links(at):
    """(label, page, query) of the links to examples."""
    found = [link.proto for link in at.get("page_link")]
    return [(one.label, one.page, one.query_string) for one in found if one.label not in PLAIN]


def test_home_leads_to_the_first_finished_example_of_every_job(pieces_folder, monkeypatch):
    assert links(page("home")) == []
    monkeypatch.setattr(gallery, "GALLERY", pieces_folder)
    assert links(page("home")) == [("Piece study, composed", "compose", "")]


def test_gallery_shows_credit_and_a_player_on_demand():
    at = page("gallery")
    assert players(at) == []
    assert [box.value for box in at.header] == ["Study first", "Study second"]
    assert all(
        any(word in c.value for c in at.caption) for word in ("A. Player", "CC0-1.0", "folk")
    )
    at.toggle(key="gallery_open_second").set_value(True).run()
    assert len(players(at)) == 1


def test_gallery_filters_by_genre():
    at = page("gallery")
    at.selectbox(key="gallery_genre").set_value("beat").run()
    assert [box.value for box in at.header] == ["Study second"]
    assert at.query_params["genre"] in ("beat", ["beat"])


def test_gallerys_filters_are_in_its_link():
    at = page("gallery", job="extrapolate", engine="loop", genre="folk")
    assert [box.value for box in at.header] == ["Study first"]
    assert at.selectbox(key="gallery_engine").value == "loop"
    assert set(at.query_params) == {"job", "engine", "genre"}
    at.selectbox(key="gallery_genre").set_value("All").run()
    assert len(at.header) == 2
    assert set(at.query_params) == {"job", "engine"}
    at = page("gallery", job="alchemy", engine="magic", genre="folk")
    assert not at.exception
    assert [box.value for box in at.header] == ["Study first"]
    assert set(at.query_params) == {"genre"}


def test_an_opened_example_has_its_figures_its_recipe_and_a_link_to_its_page():
    at = page("gallery")
    assert tables(at) == []
    at.toggle(key="gallery_open_first").set_value(True).run()
    ((head, rows),) = tables(at)
    assert {"Log-mel distance", "Seam"} <= set(head)
    assert [row[0] for row in rows] == ["Loop"]
    found = gallery.items("extrapolate")[0].recipe
    assert [json.loads(box.value) for box in at.code] == [json.loads(found.to_json())]
    opened = [link for link in links(at) if link[1] == "extrapolate"]
    assert len(opened) == 2
    assert "example=first" in opened[0][2]


@pytest.mark.usefixtures("sampling")
def test_a_sound_of_the_gallery_has_a_picture_and_figures():
    at = page("gallery")
    assert len(at.get("image")) == 2
    at.toggle(key="gallery_open_sample_timbre-vae").set_value(True).run()
    assert len(at.get("audio")) == 1
    (text,) = [box.value for box in at.markdown if "| measured |" in box.value]
    assert "LUFS" in text
    assert "dBFS" in text


@pytest.mark.usefixtures("composing")
def test_a_piece_of_the_gallery_is_measured_by_itself():
    at = page("gallery")
    at.toggle(key="gallery_open_compose_study").set_value(True).run()
    (text,) = [box.value for box in at.markdown if "| measured |" in box.value]
    assert "| Notes | 212 |" in text
    assert "| Bars | 8 |" in text
    assert "bits" in text

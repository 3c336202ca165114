"""The page "How it works" has every engine and every card."""

from core.cards import card
from core.engine_list import ENGINES
from core.registry import models
from tests.app.drive import page


def test_every_engine_is_there_with_the_cards_of_its_networks():
    at = page("engines")
    assert not at.exception
    text = "\n".join(element.value for element in at.markdown)
    for info in ENGINES:
        assert f"**{info.title}**" in text
        for model_id in info.models:
            if model_id in models():
                assert card(model_id)[:60] in text


def test_a_card_is_told_without_its_front_matter_and_title():
    for model_id in models():
        text = card(model_id)
        assert text, model_id
        assert not text.startswith(("#", "---"))
    assert card("no-such-model") == ""

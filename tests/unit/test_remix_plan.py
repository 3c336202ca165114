import json

import pytest

from core import engines
from core.errors import UserInputError
from core.recipe import Recipe
from core.remixing.desk import Desk, Fader
from core.remixing.plan import (
    ACTUAL,
    Plan,
    desk_named,
    desk_text,
    from_fields,
    is_answered_by,
    of_recipe,
)
from tests.app import fake_remixer

KNOWN = ("one2four-split", "one2one")
DESK = Desk(
    {
        "solo": Fader(-3.5),
        "drums": Fader(2, -0.25, mute=True),
        "bass": Fader(-60, 1, solo=True),
        "mix": Fader(0, 0.5, True, True),
    },
    -6.2,
)


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    fake_remixer.install(monkeypatch.setattr)


PLANS = (
    Plan(KNOWN),
    Plan(("one2one",), 3.5, 12, 7, ACTUAL, DESK, input_sha256="ab" * 32),
    Plan(KNOWN, 0, 1.5, 0, "one2one", Desk(master_db=3), "tune", "cd" * 32),
)


@pytest.mark.parametrize("plan", PLANS)
def test_links_and_recipes_carry_all_of_a_plan(plan):
    own = Plan(KNOWN, example="tune", input_sha256=plan.input_sha256) if plan.example else None
    assert from_fields(plan.query(), KNOWN, own) == (plan, ())
    assert of_recipe(Recipe.from_json(plan.recipe().to_json())) == plan


def test_engines_of_a_recipe_come_in_the_order_of_the_job(monkeypatch):
    recipe = Recipe.from_json(Plan(KNOWN).recipe().to_json())
    assert of_recipe(recipe).engines == KNOWN
    turned = tuple(reversed(engines.engines("remix")))
    monkeypatch.setattr(engines, "_ENGINES", turned)
    assert of_recipe(recipe).engines == KNOWN[::-1]


def test_a_link_holds_only_what_is_not_as_usual():
    assert Plan(("one2one",), example="tune").query() == {
        "example": "tune", "engines": "one2one", "start": "0", "seconds": "20", "seed": "0",
    }  # fmt: skip
    assert desk_text(DESK) == "bass:-60:1:s,drums:2:-0.25:m,mix:0:0.5:ms,solo:-3.5:0"
    assert desk_named(desk_text(DESK)).faders == DESK.faders


@pytest.mark.parametrize(
    "text",
    ["", "drums", "drums:1", "kazoo:0:0", "drums:x:0", "drums:nan:0", "drums:0:2", "drums:0:0:q",
     "drums:0:0:m:s", "drums:99:0"],
)  # fmt: skip
def test_faders_that_no_desk_has_are_refused(text):
    with pytest.raises(UserInputError):
        desk_named(text)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"engines": "magic"}, "engines"),
        ({"heard": "magic"}, "heard"),
        ({"engines": "one2one", "heard": "one2four-split"}, "heard"),
        ({"start": "-1"}, "start"),
        ({"seconds": "1e9"}, "seconds"),
        ({"seconds": "nan"}, "seconds"),
        ({"seed": "0.5"}, "seed"),
        ({"faders": "drums:loud:0"}, "faders"),
        ({"master": "100"}, "master"),
    ],
)
def test_what_is_not_understood_is_named_and_takes_the_usual_value(fields, wrong):
    plan, named = from_fields({"input": "ab", **fields}, KNOWN)
    assert named == (wrong,)
    engines = ("one2one",) if fields.get("engines") == "one2one" else KNOWN
    assert plan == Plan(engines, input_sha256="ab")


def test_a_finished_remix_answers_whatever_the_mix_is():
    finished = Plan(KNOWN, 0, 12, 0, example="tune", input_sha256="ab").recipe()
    wanted = Plan(("one2one",), 0, 12, 0, "one2one", DESK, "tune", "ab")
    assert is_answered_by(wanted, finished)
    for other in (
        Plan(("one2one",), 0, 12, 1, example="tune", input_sha256="ab"),
        Plan(("one2one",), 0, 11, 0, example="tune", input_sha256="ab"),
        Plan(("one2one",), 0, 12, 0, example="tune", input_sha256="cd"),
        Plan(("another",), 0, 12, 0, example="tune", input_sha256="ab"),
    ):
        assert not is_answered_by(other, finished)


def test_weights_that_have_changed_are_not_answered_by_an_older_remix():
    fields = json.loads(Plan(("one2one",), input_sha256="ab").recipe().to_json())
    fields["engines"]["one2one"] = "older"
    assert not is_answered_by(Plan(("one2one",), input_sha256="ab"), Recipe(**fields))


def test_a_recipe_of_another_job_is_refused():
    with pytest.raises(UserInputError, match="another job"):
        of_recipe(Recipe("sample", {}, 0, {}, ""))

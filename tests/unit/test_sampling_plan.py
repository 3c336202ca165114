import itertools

import pytest

from core.errors import UserInputError
from core.recipe import Recipe
from core.sampling.plan import OWN, Plan, from_fields, latents, make, of_recipe, places_named
from core.sampling.sound import Latent, Touch
from core.sampling.tunes import SCALE, TUNES, tune
from tests.app import fake_sampler
from tests.app.fake_sampler import FakeSampler, PitchlessSampler

PLANS = (
    Plan("timbre-vae"),
    Plan("timbre-vae", seed=7).at((0.1234567, -2.5)),
    Plan("timbre-vae").at((0, 0), (1.5, -1), (2, 2)).touched(Touch(64.021, 0.3, 1.0, 1.7)),
    Plan("timbre-vae").on((1, 2), Latent((0.12345, -99.9876, 3.0)), "ab" * 32),
    Plan("mel-vae-2d", melody=SCALE),
    Plan("timbre-vae", melody=OWN, input_sha256="cd" * 32),
)


@pytest.mark.parametrize("plan", PLANS)
def test_links_and_recipes_carry_a_plan_to_the_digit(plan):
    assert from_fields(plan.query(), ["timbre-vae", "mel-vae-2d"]) == (plan, ())
    assert of_recipe(Recipe.from_json(plan.recipe().to_json())) == plan
    assert from_fields(plan.query())[0].recipe().key() == plan.recipe().key()


def test_different_sounds_have_different_recipes():
    assert len({plan.recipe().key() for plan in PLANS}) == len(PLANS)
    louder = PLANS[1].touched(Touch(velocity=0.8))
    assert louder.recipe().key() != PLANS[1].recipe().key()


def test_the_same_plan_gives_the_same_bytes_and_the_touch_counts():
    plan = Plan("timbre-vae").at((0.5, -1)).touched(Touch(64, 0.5, 0.4, 0.6))
    made = make(plan, engine=FakeSampler())
    assert made.sha256() == make(plan, engine=FakeSampler()).sha256()
    wanted = FakeSampler().decode(Latent((0.5, -1.0, 0.0)), Touch(64, 0.5, 0.4, 0.6))
    assert made.sha256() == wanted.sha256()
    higher = plan.touched(Touch(65, 0.5, 0.4, 0.6))
    assert make(higher, engine=FakeSampler()).sha256() != made.sha256()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"engine": "organ"}, "engine"),
        ({"at": "1"}, "at"),
        ({"at": "1,nan"}, "at"),
        ({"at": "1,2;" * 20 + "1,2"}, "at"),
        ({"latent": "1,x"}, "latent"),
        ({"latent": "1,inf"}, "latent"),
        ({"latent": "1,2", "at": "0,0;1,1"}, "latent"),
        ({"pitch": "200"}, "pitch"),
        ({"velocity": "-1"}, "velocity"),
        ({"held_s": "1e9"}, "held_s"),
        ({"seconds": "inf"}, "seconds"),
        ({"melody": "yesterday"}, "melody"),
        ({"melody": SCALE, "at": "0,0;1,1"}, "melody"),
        ({"seed": "1.5"}, "seed"),
    ],
)
def test_what_a_link_gets_wrong_is_named_and_takes_its_default(fields, wrong):
    plan, named = from_fields({"engine": "timbre-vae", **fields}, ["timbre-vae"])
    assert named == (wrong,)
    good = {name: value for name, value in fields.items() if name != wrong}
    assert plan == from_fields({"engine": "timbre-vae", **good}, ["timbre-vae"])[0]


def test_places_are_read_and_rounded():
    assert places_named("0.5,-1") == ((0.5, -1.0),)
    assert places_named("1,2;3.00049,-0.0001") == ((1.0, 2.0), (3.0, 0.0))
    assert places_named("") is None
    assert places_named("1,2,3") is None
    assert places_named("1e9,0") is None


def test_a_latent_of_another_engine_is_refused():
    plan = Plan("mel-vae-2d").on((0, 0), Latent((1.0, 2.0, 3.0)))
    assert latents(FakeSampler(), plan) == [Latent((1.0, 2.0, 3.0))]
    with pytest.raises(UserInputError, match="choose the engine"):
        latents(PitchlessSampler(), plan)


def test_a_tune_needs_pitches_and_its_file():
    with pytest.raises(UserInputError, match="no pitch control"):
        make(Plan("mel-vae-2d", melody=SCALE), engine=PitchlessSampler())
    with pytest.raises(UserInputError, match="give that file"):
        make(Plan("timbre-vae", melody=OWN), engine=FakeSampler())


def test_tunes_are_whole_bars_of_one_voice_around_the_pitch():
    for name in TUNES:
        score = tune(name, 62)
        (track,) = score.tracks
        assert score.title == TUNES[name]
        assert all(a.end == b.start for a, b in itertools.pairwise(track.notes))
        assert track.notes[-1].end == score.ticks
        moved = [note.pitch - 2 for note in track.notes]
        assert moved == [note.pitch for note in tune(name, 60).tracks[0].notes]
    first = [note.pitch for note in tune("ode-to-joy").tracks[0].notes[:8]]
    assert first == [64, 64, 65, 67, 67, 65, 64, 62]
    scale = [note.pitch for note in tune(SCALE).tracks[0].notes]
    assert scale == [60, 62, 64, 65, 67, 69, 71, 72, 71, 69, 67, 65, 64, 62, 60]
    with pytest.raises(KeyError):
        tune("yesterday")


def test_the_fakes_keep_the_protocol(monkeypatch):
    from core.engines import sampler

    fake_sampler.install(monkeypatch.setattr)
    for name in ("timbre-vae", "mel-vae-2d"):
        engine = sampler(name)
        for point in engine.points():
            assert len(point.latent.values) == engine.latent_size
            assert engine.locate(point.latent) == (point.x, point.y)
        assert len(engine.at(0.0, 0.0).values) == engine.latent_size

"""The link to a sampled sound gives whoever opens it the same bytes."""

import pytest

from core.audio import encode_wav
from core.sampling import plan as plans
from core.sampling.plan import Plan
from core.sampling.sound import Latent, Touch
from tests.app.drive import page, problems
from tests.app.fake_sampler import FakeSampler
from tests.app.sampling import current
from ui.sample import downloads

pytestmark = pytest.mark.usefixtures("sampling")
HERE = Plan("timbre-vae").at((0.25, -0.5))


@pytest.mark.parametrize(
    "plan",
    [
        HERE.touched(Touch(67.0, 0.5, 0.8, 1.5)),
        HERE.at((0.25, -0.5), (1.0, 1.0), (-1.0, 0.5)),
        HERE.on((0.25, -0.5), Latent((0.25, -0.5, 0.125)), "a" * 64),
    ],
    ids=["a note", "a walk", "the place of a visitor's own note"],
)
def test_a_link_gives_the_same_bytes(plan):
    at = page("sample", **plan.query())
    assert problems(at) == []
    assert current(at) == plan
    assert downloads.Heard(current(at)).wav() == encode_wav(plans.make(plan, engine=FakeSampler()))

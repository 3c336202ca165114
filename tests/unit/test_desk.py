"""The mixing desk: faders, panning, mute and solo, and the way through recipes."""

import numpy as np
import pytest

from core.audio import Clip
from core.errors import UserInputError
from core.remixing.desk import (
    CEILING_DB,
    KNEE_DB,
    MIN_GAIN_DB,
    Desk,
    Fader,
    heard,
    limited,
    mixed,
    panned,
)
from core.remixing.stems import Stems

RATE = 8000


def stems() -> Stems:
    rng = np.random.default_rng(0)
    return Stems(
        {
            name: Clip(rng.uniform(-0.3, 0.3, (2, 400)).astype(np.float32), RATE)
            for name in ("solo", "drums", "bass")
        }
    )


def test_stems_must_be_alike() -> None:
    a, b = Clip(np.zeros((1, 10), np.float32), RATE), Clip(np.zeros((1, 11), np.float32), RATE)
    with pytest.raises(ValueError, match="length"):
        Stems({"drums": a, "bass": b})
    with pytest.raises(ValueError, match="length"):
        Stems({})


def test_a_desk_at_rest_adds_the_stems_up() -> None:
    given = stems()
    total = sum(clip.samples for clip in given.parts.values())
    np.testing.assert_allclose(mixed(given, Desk()).samples, total, atol=1e-6)


def test_mute_and_solo() -> None:
    given = stems()
    muted = Desk().with_fader("drums", Fader(mute=True))
    np.testing.assert_allclose(
        mixed(given, muted).samples, given["solo"].samples + given["bass"].samples, atol=1e-6
    )
    alone = muted.with_fader("bass", Fader(solo=True))
    np.testing.assert_allclose(mixed(given, alone).samples, given["bass"].samples, atol=1e-6)
    # Muted wins over solo, as on a desk.
    assert alone.with_fader("bass", Fader(solo=True, mute=True)).level("bass") == 0.0


def test_faders_and_master_multiply() -> None:
    given = stems()
    desk = Desk({"solo": Fader(mute=True), "bass": Fader(gain_db=MIN_GAIN_DB)}, master_db=-6.0)
    desk = desk.with_fader("drums", Fader(gain_db=6.0))
    np.testing.assert_allclose(mixed(given, desk).samples, given["drums"].samples, rtol=1e-4)


def test_panning_keeps_the_power_of_mono_and_moves_stereo_over() -> None:
    mono = Clip(np.ones((1, 4), np.float32), RATE)
    for pan in (-1.0, -0.4, 0.0, 0.7, 1.0):
        np.testing.assert_allclose(np.square(panned(mono, pan)).sum(axis=0), 1.0, rtol=1e-6)
    stereo = Clip(np.array([[1.0], [0.5]], np.float32), RATE)
    np.testing.assert_allclose(panned(stereo, 0.0), stereo.samples)
    np.testing.assert_allclose(panned(stereo, -1.0), [[1.5], [0.0]], atol=1e-6)
    np.testing.assert_allclose(panned(stereo, 1.0), [[0.0], [1.5]], atol=1e-6)


def test_a_desk_goes_through_a_recipe_and_rounds_once() -> None:
    desk = Desk({"drums": Fader(-3.14159, 0.123456, solo=True), "bass": Fader()}, -1.26)
    assert desk.of("drums") == Fader(-3.1, 0.12, solo=True)
    assert "bass" not in desk.faders
    assert Desk.from_fields(desk.to_fields()) == desk


@pytest.mark.parametrize(
    "fields",
    [
        {"faders": {"drums": {"gain_db": 99}}},
        {"faders": {"drums": {"gain_db": "loud"}}},
        {"faders": {"drums": {"volume": 1}}},
        {"faders": [1]},
        {"master_db": float("nan")},
    ],
)
def test_what_is_no_desk_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(UserInputError):
        Desk.from_fields(fields)


def test_the_limiter_leaves_what_is_quiet_and_holds_what_is_loud() -> None:
    knee, ceiling = 10 ** (KNEE_DB / 20), 10 ** (CEILING_DB / 20)
    x = np.linspace(-20, 20, 40001, dtype=np.float32)
    y = limited(Clip(x[None], RATE)).samples[0]
    quiet = np.abs(x) < knee
    np.testing.assert_allclose(y[quiet], x[quiet], atol=1e-6)
    assert np.abs(y).max() <= ceiling
    assert (np.diff(y) >= 0).all()
    np.testing.assert_allclose(y, -y[::-1], atol=1e-7)
    # No corner at the knee: the slope goes on from 1.
    slope = np.diff(y) / np.diff(x)
    assert slope[np.searchsorted(x, knee) + 1] > 0.95


def test_what_is_heard_is_the_mix_limited() -> None:
    given = stems()
    loud = Desk(master_db=12.0)
    assert mixed(given, loud).peak() > 1.0
    assert heard(given, loud).peak() <= 10 ** (CEILING_DB / 20) + 1e-6
    soft = Desk(master_db=-12.0)
    np.testing.assert_allclose(heard(given, soft).samples, mixed(given, soft).samples, atol=1e-6)

import numpy as np
import pytest

from core.audio import Clip, loudness_lufs
from core.extrapolation.steadying import steadied
from core.repetition import loudness_drift_db
from tests.unit.sounds import RATE, riff


def falling(by_db, seconds=40.0):
    """A riff that falls evenly by so much from the middle of its first 10 s to that of its last."""
    clip = riff(seconds).scaled(0.4)
    at = np.arange(clip.length) / RATE
    return Clip(clip.samples * 10 ** (-by_db * at / (seconds - 10) / 20).astype(np.float32), RATE)


def drift_db(clip):
    return loudness_drift_db([
        loudness_lufs(clip.between(at, at + 10)) for at in range(0, int(clip.duration_s), 10)
    ])  # fmt: skip


@pytest.mark.parametrize("by_db", [3.0, 1.5, -1.5])
def test_a_drift_is_undone_but_for_half_a_decibel(by_db):
    before = falling(by_db)
    assert drift_db(before) == pytest.approx(-by_db, abs=0.1)
    after = steadied(before)
    assert drift_db(after) == pytest.approx(-0.5 * np.sign(by_db), abs=0.1)
    assert after.length == before.length
    np.testing.assert_allclose(after.samples[:, :100], before.samples[:, :100], atol=1e-3)


@pytest.mark.parametrize(
    "clip",
    [falling(0.3), falling(8.0), falling(3.0, 15.0), Clip(np.zeros((1, 30 * RATE)), RATE)],
    ids=["hardly any", "a fade", "short", "silence"],
)
def test_what_is_left_as_it_is(clip):
    assert steadied(clip) is clip

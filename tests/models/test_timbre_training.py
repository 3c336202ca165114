"""Two steps of training from analysed notes, and the map that is laid out of what came of it."""

import h5py
import numpy as np
import pytest

from core.sampling.harmonics import FLOOR_DB, KNOT_TIMES_S, PARTIAL_NUMBERS
from core.sampling.harmonics_analysis import analyse
from core.sampling.timbre_map import dumps, loads
from core.sampling.timbre_network import Network
from core.sampling.timbre_notes import HEARD, LEVELS, heard_row
from training import timbre_vae as training
from training import timbre_vae_map
from training.blend import blended
from training.timbre_vae_examples import Examples, Notes, varied
from training.timbre_vae_notes import Rows, hertz

TINY = {"latent": 4, "width": 16, "listener": 12, "curves": 6}
RATE = 16000


@pytest.fixture(scope="module")
def notes_file(tmp_path_factory):
    rows = Rows()
    t = np.arange(round(2.6 * RATE)) / RATE
    for instrument, power in (("dull", 2.0), ("bright", 0.7), ("hollow", 1.2)):
        for pitch in (48, 55, 62, 69):
            tone = sum(np.sin(2 * np.pi * k * hertz(pitch) * t) / k**power for k in range(1, 9))
            found = analyse((0.1 * tone * np.exp(-t)).astype(np.float32), RATE, hertz(pitch))
            rows.add(
                found, pitch=float(pitch), velocity=0.6, instrument=instrument, family="keyboard",
                source="FluidR3_GM", split="valid" if instrument == "hollow" else "train",
            )  # fmt: skip
    path = tmp_path_factory.mktemp("notes") / "notes.npz"
    rows.save(path)
    return path


def test_two_steps_and_a_map(tmp_path, notes_file, eagerly):
    notes, valid = Notes(notes_file, "train"), Notes(notes_file, "valid")
    assert list(notes.groups) == ["bright|FluidR3_GM", "dull|FluidR3_GM"]
    reached = training.train(notes, valid, tmp_path, minutes=1e9, steps=2, batch=4, config=TINY)
    assert 0 < reached < 200
    network = Network.read(tmp_path / "timbre-vae.weights.h5")
    assert network.latent == 4
    found = timbre_vae_map.made(network, notes, "0" * 64)
    assert {p.name for p in found.points} == {"dull", "bright"}
    assert all(found.plane.x_low <= p.x <= found.plane.x_high for p in found.points)
    assert loads(dumps(found)) == found


def test_a_blend_is_the_mean_of_both(tmp_path):
    for name, value in (("begin", 1.0), ("end", 2.0)):
        with h5py.File(tmp_path / f"{name}.weights.h5", "w") as file:
            file["hear/vars/0"] = np.full((2, 3), value, np.float16)
    out = tmp_path / "made" / "end.weights.h5"
    blended(tmp_path / "begin.weights.h5", tmp_path / "end.weights.h5", 0.7, out)
    with h5py.File(out) as file:
        np.testing.assert_allclose(file["hear/vars/0"], 1.7, atol=1e-3)


def test_pairs_are_of_one_instrument_and_rows_are_those_of_the_app(notes_file):
    notes = Notes(notes_file, "train")
    inputs, targets = Examples(notes, 0, 16, plain=True).pair(np.random.default_rng(1), 4)
    assert inputs.shape == (16, HEARD + 2 + 4)
    row = int(np.argmin(np.abs(notes.pitch - 55.0) + 9.0 * (notes.instrument != "dull")))
    own = heard_row(
        notes.levels[row].astype(float),
        notes.traits[row],
        notes.known[row],
        55.0,
        None,
        bool(notes.released[row]),
    )
    assert np.abs(inputs[:, :HEARD] - own).max(axis=1).min() < 1e-2
    assert np.isfinite(targets).all()


def test_varied_notes_keep_their_level_and_their_silence(notes_file):
    notes = Notes(notes_file, "train")
    index = np.arange(len(notes))
    levels = notes.levels.astype(np.float32)
    hz = notes.frequencies(index)
    made, same = varied(np.random.default_rng(3), levels, levels, hz, hz)
    np.testing.assert_array_equal(made, same)
    assert np.abs(made - levels).max() > 3.0
    assert (made[levels <= FLOOR_DB + 1.0] <= FLOOR_DB + 1.0).all()
    loud = made[:, :, :8].max(axis=(1, 2))
    assert (loud > -15.0).all()
    assert made.shape[1:] == (len(KNOT_TIMES_S), LEVELS)
    assert hz[0, 0] * PARTIAL_NUMBERS[5] == pytest.approx(hz[0, 5])

"""The compared networks: numpy beside Keras on fresh weights, and what the app asks of both."""

import numpy as np
import pytest
from keras import ops

from benchmarks.comparison_nats import bounds
from core.comparing import midi_lstm_model, midi_vae_model
from core.comparing.models import Autoencoder, pattern_model
from core.comparing.network import read
from core.comparing.patterns import FIRST_PITCH, KINDS, NO_EVENT
from core.engines import engine, engines
from core.errors import ModelUnavailableError
from core.registry import models
from training.saving import save_weights

TINY = {"embedding": 6, "width": 7, "units": 9}
TINY_VAE = {**TINY, "reader": 5, "conductor": 4, "latent": 3}


def patterns(kind, count=3, seed=0):
    rng = np.random.default_rng(seed)
    sizes = np.array(kind.sizes)
    return rng.integers(sizes, size=(count, kind.steps, len(sizes)))


def both(name, kind, folder, **more):
    """(the Keras network, its numpy twin), of the same random weights."""
    if name == "midi-lstm":
        network = midi_lstm_model.build(sizes=kind.sizes, **TINY, **more)
    else:
        network = midi_vae_model.build(sizes=kind.sizes, bars=kind.bars, **TINY_VAE)
    rng = np.random.default_rng(5)
    for variable in network.weights:
        variable.assign(0.5 * rng.standard_normal(variable.shape))
    path = folder / "tiny.weights.h5"
    save_weights(network, path, half=False)
    return network, read(path, name, kind.name)


@pytest.fixture(scope="module")
def lstm(tmp_path_factory):
    return both("midi-lstm", KINDS["trio-2"], tmp_path_factory.mktemp("lstm"), depth=2)


@pytest.fixture(scope="module")
def vae(tmp_path_factory):
    return both("midi-vae", KINDS["trio-2"], tmp_path_factory.mktemp("vae"))


def keras_nats(network, tokens):
    said = ops.convert_to_numpy(network(tokens.astype(np.float32))).astype(np.float64)
    found, first = [], 0
    for number, size in enumerate(network.sizes):
        part = said[..., first : first + size]
        first += size
        part -= np.log(np.exp(part).sum(axis=-1, keepdims=True))
        found.append(-np.take_along_axis(part, tokens[..., number, None], axis=-1)[..., 0])
    return np.stack(found, axis=-1)


def test_the_lstm_in_numpy_is_the_network(lstm):
    network, model = lstm
    tokens = patterns(model.kind)
    np.testing.assert_allclose(model.nats(tokens), keras_nats(network, tokens), atol=2e-4)


def test_the_vae_in_numpy_is_the_network(vae):
    network, model = vae
    tokens = patterns(model.kind)
    mean, log_variance = (
        ops.convert_to_numpy(part) for part in network.encode(tokens.astype(np.int32))
    )
    own = model.encode(tokens)
    np.testing.assert_allclose(own[0], mean, atol=1e-4)
    np.testing.assert_allclose(own[1], log_variance, atol=1e-4)
    found = model.nats_at(own[0], tokens)
    np.testing.assert_allclose(found, keras_nats(network, tokens), atol=2e-4)


@pytest.mark.parametrize("name", ["lstm", "vae"])
def test_what_is_drawn_is_as_likely_as_it_was_said_to_be(name, request):
    # Step by step and all at once must agree, or drawn patterns are of another model.
    model = request.getfixturevalue(name)[1]
    if name == "lstm":
        best = model.sample(2, seed=1, temperature=0.0)
        nats = model.nats(best)
    else:
        places = np.random.default_rng(0).standard_normal((2, model.latent_size))
        best = model.decode(places, seed=1)
        nats = model.nats_at(places, best)
        assert (model.decode(places, seed=2) == best).all()
    sizes = np.array(model.kind.sizes)
    assert (nats <= np.log(sizes)).all()  # the likeliest is at least as likely as by chance
    assert nats.mean() < 0.9 * np.log(sizes).mean()


@pytest.mark.parametrize("name", ["lstm", "vae"])
def test_samples_keep_to_seed_and_primer(name, request):
    model = request.getfixturevalue(name)[1]
    four = model.sample(4, seed=7)
    assert four.shape == (4, model.kind.steps, 3)
    assert (four < np.array(model.kind.sizes)).all()
    np.testing.assert_array_equal(model.sample(1, seed=7), four[:1])
    assert (model.sample(1, seed=8) != four[:1]).any()
    primer = patterns(model.kind, 1)[0, :10]
    marks = []
    made = model.sample(2, seed=7, primer=primer, progress=marks.append)
    np.testing.assert_array_equal(made[:, :10], np.stack([primer, primer]))
    assert (made[0] != made[1]).any()
    assert marks == sorted(marks)
    assert marks[-1] == 1.0
    again = model.sample(2, seed=7, primer=primer)
    np.testing.assert_array_equal(again, made)


def test_progress_may_cancel(lstm):
    def stop(fraction):
        raise RuntimeError(fraction)

    with pytest.raises(RuntimeError):
        lstm[1].sample(1, seed=0, progress=stop)


def test_places_for_a_primer_say_it_better_than_the_prior(vae):
    model = vae[1]
    primer = np.full((16, 3), NO_EVENT)
    primer[::4, 0] = 50
    places = model.places_of(primer, 24, seed=3)
    prior = np.random.default_rng(1).standard_normal((24, model.latent_size))
    padded = np.zeros((24, model.kind.steps, 3), np.int64)
    padded[:, :16] = primer
    fits = [model.nats_at(at, padded)[:, :16].sum(axis=(1, 2)).mean() for at in (places, prior)]
    assert fits[0] < fits[1]


def test_an_autoencoders_bound_tightens_with_draws(vae):
    model = vae[1]
    assert isinstance(model, Autoencoder)
    one, many = (bounds(model, patterns(model.kind, 6), places) for places in (1, 40))
    assert one.weighted.mean() > many.weighted.mean()


def test_a_search_finds_places_that_write_patterns_better(vae):
    model = vae[1]
    tokens = patterns(model.kind, 4, seed=2)
    found = model.located(tokens, seed=1)
    np.testing.assert_array_equal(found, model.located(tokens, seed=1))
    nats = model.nats_at(found, tokens).sum(axis=(1, 2))
    means = model.nats_at(model.encode(tokens)[0], tokens).sum(axis=(1, 2))
    assert (nats <= means).all()
    assert nats.mean() < means.mean()


SHIPPED = [
    (info.name, model.removeprefix(f"{info.name}-"))
    for info in engines("compare")
    for model in info.models
    if model in models()
]


@pytest.mark.parametrize(("name", "kind"), SHIPPED)
def test_shipped_models_write_what_they_expect(name, kind):
    model = engine("compare", name).model(kind)
    (made,) = model.sample(1, seed=0)
    assert made.shape == (KINDS[kind].steps, len(KINDS[kind].voices))
    assert (made[:, 0] >= FIRST_PITCH).sum() >= KINDS[kind].bars
    own = model.nats(made[None]).sum(axis=2).mean()
    other = model.nats(patterns(KINDS[kind], 1)).sum(axis=2).mean()
    assert own < 0.5 * other
    assert pattern_model(name, kind) is model


def test_an_unknown_kind_is_said_in_one_sentence():
    with pytest.raises(ModelUnavailableError, match="midi-lstm-quartet-2 is not installed"):
        pattern_model("midi-lstm", "quartet-2")

"""Which file is loaded, and building, warming and sharing models."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core import loaders, registry
from core.errors import ModelUnavailableError
from core.loaders import load_model, weights_path
from tests.models.entries import DATA, REPO, install, published, sentence, spec_for
from tests.models.hub_server import HubServer


def test_a_file_in_weights_needs_no_server(home, server):
    spec = published(server)
    install(home / "weights", spec, DATA)
    assert weights_path(spec) == home / "weights" / "tiny.weights.h5"
    assert server.seen == []


def test_a_start_with_weights_opens_no_connection(home, server):
    install(home / "weights", published(server), DATA)
    code = (
        "import socket, sys\n"
        "def refuse(*a): raise AssertionError('a connection')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from core import loaders, registry\n"
        "loaders.weights_path(registry.model('tiny'))\n"
        "print('huggingface_hub' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_missing_file_comes_from_the_hub_once(home, server):
    spec = published(server)
    path = weights_path(spec)
    assert path.read_bytes() == DATA
    assert server.sent == len(DATA)
    get = server.requests("GET")[0]
    assert get.path == f"/{REPO}/resolve/{spec.revision}/tiny.weights.h5"
    assert get.headers["Authorization"] == "Bearer hf_test"
    asked = len(server.seen)
    assert weights_path(spec) == path
    assert len(server.seen) == asked
    assert list(home.rglob("*.part")) == []


def test_the_token_stays_with_the_hub_when_the_file_is_elsewhere(home, server):
    spec = published(server)
    with HubServer() as files:
        files.repos = server.repos
        server.elsewhere = files.endpoint
        files.break_at, files.breaks = 100_000, 1
        assert weights_path(spec).read_bytes() == DATA
    assert server.sent == 0
    assert files.sent == len(DATA)
    assert {seen.method for seen in files.seen} == {"GET"}
    assert all("Authorization" not in seen.headers for seen in files.seen)
    assert all(seen.headers["Authorization"] == "Bearer hf_test" for seen in server.seen)


@pytest.mark.parametrize("content", [DATA[:1000], DATA[:-1] + b"?"], ids=["truncated", "tampered"])
def test_a_damaged_file_in_weights_is_passed_over_for_the_hub(home, server, content):
    spec = published(server)
    install(home / "weights", spec, content)
    assert weights_path(spec).read_bytes() == DATA
    assert (home / "weights" / "tiny.weights.h5").read_bytes() == content


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "is missing its weight file"),
        (DATA[:1000], "has a damaged weight file"),
        (b"", "has a damaged weight file"),
        (DATA[:-1] + b"?", "has a damaged weight file"),
    ],
    ids=["missing", "truncated", "empty", "tampered"],
)
def test_without_a_hub_repository_a_bad_file_is_one_sentence(home, server, content, why):
    spec = spec_for(DATA)
    install(home / "weights", spec, content)
    with pytest.raises(ModelUnavailableError) as caught:
        load_model("tiny")
    assert sentence(caught.value) == why
    assert server.seen == []


# Building


@pytest.fixture
def tiny(home, server):
    """(tests.models.tiny, weights folder, saved model): the model's file is in weights/."""
    from tests.models import tiny as module

    folder = home / "weights"
    folder.mkdir()
    model = module.save(folder / "made.weights.h5")
    data = (folder / "made.weights.h5").read_bytes()
    install(folder, spec_for(data), data)
    return module, folder, model


def reinstall(folder, data, **changes):
    install(folder, spec_for(data, **changes), data)


def test_a_loaded_model_computes_what_was_saved(tiny):
    _, _, saved = tiny
    batch = np.random.default_rng(0).standard_normal((1, 4)).astype(np.float32)
    loaded = load_model("tiny")
    out = loaded(batch)
    assert out.dtype == np.float32
    assert out.shape == (1, 3)
    np.testing.assert_allclose(out, saved(batch).numpy(), rtol=1e-6)
    assert loaded.model.count_params() == 15
    with pytest.raises(ValueError, match=r"tiny takes \[1, 4\], not \[2, 4\]"):
        loaded(np.zeros((2, 4)))


def test_half_precision_files_load_into_single_precision(tiny):
    module, folder, _ = tiny
    model = module.save(folder / "half.weights.h5", half=True)
    reinstall(folder, (folder / "half.weights.h5").read_bytes())
    loaded = load_model("tiny")
    for there, here in zip(model.get_weights(), loaded.model.get_weights(), strict=True):
        assert here.dtype == np.float32
        np.testing.assert_array_equal(here, there.astype(np.float16).astype(np.float32))


def test_a_download_is_loaded_too(tiny, server):
    _, folder, _ = tiny
    data = (folder / "made.weights.h5").read_bytes()
    spec = published(server, data)
    install(folder, spec)
    (folder / "tiny.weights.h5").unlink()
    assert load_model("tiny")(np.zeros((1, 4))).shape == (1, 3)
    assert server.sent == len(data)


def test_sixteen_callers_build_once_and_share(tiny):
    module, folder, _ = tiny
    data = (folder / "made.weights.h5").read_bytes()
    reinstall(folder, data, config={"units": 3, "wait_s": 0.3})
    gate = threading.Barrier(16)

    def call(_):
        gate.wait()
        return load_model("tiny")

    with ThreadPoolExecutor(16) as pool:
        models = list(pool.map(call, range(16)))
    assert len({id(model) for model in models}) == 1
    assert len(module.BUILDS) == 1
    batches = np.random.default_rng(0).standard_normal((16, 1, 4)).astype(np.float32)
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(models[0], batches))
    np.testing.assert_array_equal(together, [models[0](batch) for batch in batches])


def test_a_hit_does_not_wait_for_another_load(tiny, monkeypatch):
    loaded = load_model("tiny")
    # Whoever holds the lock is loading another model.
    with loaders._lock, ThreadPoolExecutor(1) as pool:
        assert pool.submit(load_model, "tiny").result(timeout=5) is loaded


def test_a_failure_is_shared_by_those_who_wait_and_then_forgotten(tiny, server, monkeypatch):
    module, folder, _ = tiny
    data = (folder / "made.weights.h5").read_bytes()
    install(folder, published(server, data))
    (folder / "tiny.weights.h5").unlink()
    server.silent = True
    gate = threading.Barrier(8)

    def call(_):
        gate.wait()
        with pytest.raises(ModelUnavailableError) as caught:
            load_model("tiny")
        return str(caught.value)

    with ThreadPoolExecutor(8) as pool:
        messages = list(pool.map(call, range(8)))
    assert len(set(messages)) == 1
    assert len(server.requests("HEAD")) == 3  # one load's attempts, not eight loads'
    assert module.BUILDS == []
    server.silent = False
    assert load_model("tiny") is load_model("tiny")


def test_new_weights_in_the_manifest_replace_the_old(tiny):
    module, folder, _ = tiny
    old = load_model("tiny")
    module.save(folder / "half.weights.h5", half=True)
    reinstall(folder, (folder / "half.weights.h5").read_bytes())
    new = load_model("tiny")
    assert new is not old
    assert load_model("tiny") is new


@pytest.mark.parametrize(
    "changes",
    [{"config": {"units": 5}, "output_shape": [1, 5]}, {"output_shape": [1, 4]}],
    ids=["weights of another shape", "manifest of another shape"],
)
def test_weights_that_do_not_fit_are_one_sentence(tiny, changes):
    _, folder, _ = tiny
    reinstall(folder, (folder / "made.weights.h5").read_bytes(), **changes)
    with pytest.raises(ModelUnavailableError) as caught:
        load_model("tiny")
    assert sentence(caught.value) == "does not fit this version of Encore"


def test_a_file_is_not_opened_before_it_is_verified(tiny, monkeypatch):
    import h5py

    _, folder, _ = tiny
    monkeypatch.setattr(h5py, "File", lambda *a, **k: pytest.fail("opened"))
    with (folder / "tiny.weights.h5").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"?")
    with pytest.raises(ModelUnavailableError, match="damaged"):
        load_model("tiny")


# What ships


SHIPPED = Path(registry.__file__).parents[1] / "weights"


@pytest.mark.parametrize(
    "model_id", sorted(registry.parse((SHIPPED / "manifest.toml").read_text(encoding="utf-8")))
)
def test_a_shipped_model_runs_and_repeats_itself(model_id, monkeypatch):
    monkeypatch.setenv("ENCORE_WEIGHTS_DIR", str(SHIPPED))
    loaded = load_model(model_id)
    shape = loaded.spec.input_shape
    batch = np.random.default_rng(0).uniform(-0.1, 0.1, shape).astype(np.float32)
    out = loaded(batch)
    assert np.isfinite(out).all()
    np.testing.assert_array_equal(out, loaded(batch))


def test_streamlit_no_longer_clears_the_session_of_running_models(monkeypatch):
    from streamlit.runtime.scriptrunner import script_runner

    from core import loaders

    before = script_runner._clean_problem_modules
    monkeypatch.setattr(script_runner, "_clean_problem_modules", before)
    loaders._keep_sessions()
    assert script_runner._clean_problem_modules is not before
    assert script_runner._clean_problem_modules() is None


def test_preloading_returns_at_once_and_happens_once(tiny, monkeypatch):
    monkeypatch.setattr(loaders, "_preloaded", set())
    asked = []
    plain = loaders.load_model
    monkeypatch.setattr(loaders, "load_model", lambda name: asked.append(name) or plain(name))
    before = set(threading.enumerate())
    for _ in range(5):
        loaders.preload("tiny")
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
    assert asked == ["tiny"]
    assert "tiny" in loaders._loaded
    loaders.preload("tiny")
    assert asked == ["tiny"]


def test_a_failed_preload_leaves_the_error_to_who_asks(home, monkeypatch):
    monkeypatch.setattr(loaders, "_preloaded", set())
    before = set(threading.enumerate())
    loaders.preload("no-such-model")
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
    with pytest.raises(ModelUnavailableError):
        load_model("no-such-model")

"""A machine and a Hub for the tests of loading; trainings that compile nothing."""

import pytest
import tensorflow as tf

from core import hub, loaders
from tests.models.hub_server import HubServer


@pytest.fixture
def server():
    with HubServer() as running:
        yield running


@pytest.fixture
def home(tmp_path, monkeypatch, server):
    """A machine with an empty weights folder and empty caches, whose Hub is `server`."""
    for name, value in environment(tmp_path, server.endpoint).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(hub, "PAUSE_S", 0.01)
    monkeypatch.setattr(loaders, "_loaded", {})
    return tmp_path


@pytest.fixture
def eagerly():
    """Tiny trainings take longer to compile than to run."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def environment(home, endpoint):
    return {
        "ENCORE_WEIGHTS_DIR": str(home / "weights"),
        "HF_ENDPOINT": endpoint,
        "HF_ASSETS_CACHE": str(home / "assets"),
        "HF_HUB_CACHE": str(home / "hub"),
        "HF_TOKEN": "hf_test",
        "HF_HUB_ETAG_TIMEOUT": "1",
        "HF_HUB_DOWNLOAD_TIMEOUT": "1",
    }

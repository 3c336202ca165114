import numpy as np
import pytest
import streamlit as st

from core import gallery, jobs
from core.composition import stems
from core.remixing.desk import Desk
from tests.app import fake_composer, fake_pair, fake_remixer, fake_sampler
from tests.app.samples import make_gallery, make_pieces
from ui import scores
from ui.remix import stage


@pytest.fixture(scope="session")
def gallery_folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("gallery")
    make_gallery(root)
    return root


@pytest.fixture(autouse=True)
def house(monkeypatch, gallery_folder, tmp_path):
    """Pages see our small gallery, no results, no votes, and an executor of their own."""
    monkeypatch.setattr(gallery, "GALLERY", gallery_folder)
    monkeypatch.setattr(scores, "RESULTS", tmp_path)
    monkeypatch.setenv("ENCORE_VOTES", str(tmp_path / "votes.sqlite"))
    executor = jobs.ThreadExecutor()
    monkeypatch.setattr("ui.background.executor", lambda: executor)
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    executor.close()


@pytest.fixture(scope="session")
def pieces_folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("pieces")
    with pytest.MonkeyPatch.context() as patch:
        fake_composer.install(patch.setattr)
        make_pieces(root)
    return root


@pytest.fixture
def composing(monkeypatch, house, pieces_folder):
    """Composers without a model, a finished piece, and sound that costs nothing."""
    fake_composer.install(monkeypatch.setattr)
    silence = (b"ID3", np.zeros(4, np.float32))
    monkeypatch.setattr(stems, "_stem", lambda alone: silence)
    monkeypatch.setattr(gallery, "GALLERY", pieces_folder)


@pytest.fixture(scope="session")
def sounds_folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("sounds")
    fake_sampler.make_sounds(root)
    return root


@pytest.fixture
def sampling(monkeypatch, house, sounds_folder):
    """Samplers without a model, and their finished sounds."""
    fake_sampler.install(monkeypatch.setattr)
    monkeypatch.setattr(gallery, "GALLERY", sounds_folder)


@pytest.fixture(scope="session")
def remixes_folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("remixes")
    fake_remixer.make_remixes(root)
    return root


@pytest.fixture
def remixing(monkeypatch, house, remixes_folder):
    """Remixers without a model, and their finished remixes."""
    fake_remixer.install(monkeypatch.setattr)
    monkeypatch.setattr(gallery, "GALLERY", remixes_folder)


@pytest.fixture(scope="session")
def comparisons_folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("comparisons")
    fake_pair.make_comparisons(root)
    return root


@pytest.fixture
def comparing(monkeypatch, house, comparisons_folder, tmp_path):
    """The compared models without networks, a finished comparison, and sound that costs nothing."""
    fake_pair.install(monkeypatch.setattr, logs=comparisons_folder)
    fake_pair.install_tiny(monkeypatch.setattr, tmp_path, go=tmp_path / "go")
    silence = (b"ID3", np.zeros(4, np.float32))
    monkeypatch.setattr(stems, "_stem", lambda alone: silence)
    monkeypatch.setattr(gallery, "GALLERY", comparisons_folder)


@pytest.fixture
def moved(monkeypatch):
    """moved(desk): the visitor's faders from now on, as the browser would tell of them."""
    told = []
    real = stage.stem_mixer

    def mixer(channels, axes, desk, **rest):
        now = real(channels, axes, desk, **rest)
        if not told:
            return now
        here = {channel.name for channel in channels}
        faders = {name: fader for name, fader in told[-1].faders.items() if name in here}
        return Desk(faders, told[-1].master_db)

    monkeypatch.setattr(stage, "stem_mixer", mixer)
    return told.append

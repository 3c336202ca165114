import pytest
import streamlit as st

from core import gallery, jobs
from tests.app.samples import make_gallery
from ui import scores


@pytest.fixture(scope="session")
def gallery_folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("gallery")
    make_gallery(root)
    return root


@pytest.fixture(autouse=True)
def house(monkeypatch, gallery_folder, tmp_path):
    """Pages see our small gallery, no results, and an executor of their own."""
    monkeypatch.setattr(gallery, "GALLERY", gallery_folder)
    monkeypatch.setattr(scores, "RESULTS", tmp_path)
    executor = jobs.ThreadExecutor()
    monkeypatch.setattr("ui.background.executor", lambda: executor)
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    executor.close()

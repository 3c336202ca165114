"""training.publish against a Hub on loopback, and back again through the loader."""

import hashlib
import os
import subprocess
import sys

import huggingface_hub
import pytest
from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError

from core import registry
from core.loaders import weights_path
from tests.models.entries import entry
from tests.models.hub_server import HubServer
from training import manifest
from training.publish import PublishError, publish

REPO = "encore/models"
FILES = {"tiny": b"tiny weights" * 5000, "small": b"small weights" * 3000}


@pytest.fixture
def server():
    with HubServer() as running:
        yield running


@pytest.fixture
def folder(tmp_path, monkeypatch, server):
    """A weights folder with two models and their cards, never published."""
    settings = {
        "ENCORE_WEIGHTS_DIR": str(tmp_path / "weights"),
        "HF_ENDPOINT": server.endpoint,
        "HF_ASSETS_CACHE": str(tmp_path / "assets"),
        "HF_HUB_CACHE": str(tmp_path / "hub"),
        "HF_TOKEN": "hf_test",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    # The server takes files the older way, as Git LFS; huggingface_hub read its switch at import.
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    folder = tmp_path / "weights"
    (folder / "cards").mkdir(parents=True)
    specs = []
    for name, data in FILES.items():
        file = f"{name}.weights.h5"
        (folder / file).write_bytes(data)
        (folder / "cards" / f"{name}.md").write_text(f"# {name}\n")
        digest = hashlib.sha256(data).hexdigest()
        specs.append(
            registry.from_table(name, entry(file=file, bytes=len(data), sha256=digest, engine=name))
        )
    manifest.write(folder, specs)
    return folder


def test_what_is_published_is_pinned_and_loads_from_there(folder, server):
    revision = publish(folder, REPO)
    assert revision == server.repos[REPO].head
    assert set(server.repos[REPO].commits[revision]) == {
        "README.md",
        "cards/small.md",
        "cards/tiny.md",
        "small.weights.h5",
        "tiny.weights.h5",
    }
    for name, data in FILES.items():
        spec = registry.model(name)
        assert (spec.repo_id, spec.revision) == (REPO, revision)
        assert spec.sha256 == hashlib.sha256(data).hexdigest()
        (folder / spec.file).unlink()
        path = weights_path(spec)
        assert path.read_bytes() == data
        assert folder not in path.parents


def test_publishing_again_makes_no_commit_and_the_same_manifest(folder, server):
    revision = publish(folder, REPO)
    before = (folder / "manifest.toml").read_bytes()
    assert publish(folder, REPO) == revision
    assert len(server.repos[REPO].commits) == 1
    assert (folder / "manifest.toml").read_bytes() == before


def test_one_model_alone_leaves_the_other_as_it_was(folder, server):
    first = publish(folder, REPO, ["tiny"])
    assert registry.model("small").revision is None
    assert "small.weights.h5" not in server.repos[REPO].commits[first]
    second = publish(folder, REPO, ["small"])
    assert (registry.model("tiny").revision, registry.model("small").revision) == (first, second)
    page = server.repos[REPO].commits[second]["README.md"].decode()
    assert page.startswith("---\nlibrary_name: keras\n")
    assert "license: cc0-1.0\n" in page
    assert "[small](cards/small.md)" in page
    assert "[tiny](cards/tiny.md)" in page


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda folder: (folder / "tiny.weights.h5").write_bytes(b"x"), "run training.register"),
        (lambda folder: (folder / "tiny.weights.h5").unlink(), "run training.register"),
        (lambda folder: (folder / "cards" / "tiny.md").unlink(), "tiny has no card"),
        (lambda folder: manifest.write(folder, []), "no model to publish"),
    ],
    ids=["other bytes", "no file", "no card", "no model"],
)
def test_what_is_not_ready_is_not_sent(folder, server, change, says):
    change(folder)
    with pytest.raises(PublishError, match=says):
        publish(folder, REPO)
    assert server.seen == []


def test_an_unknown_model_is_named(folder, server):
    with pytest.raises(PublishError, match=r"ghost is not in the manifest; there are \['small'"):
        publish(folder, REPO, ["tiny", "ghost"])
    assert server.seen == []


def test_a_hub_with_other_bytes_is_not_pinned(folder, server):
    before = (folder / "manifest.toml").read_bytes()
    server.body, server.honest = b"others", False
    with pytest.raises(PublishError, match="the Hub holds another"):
        publish(folder, REPO)
    assert (folder / "manifest.toml").read_bytes() == before


def test_a_wrong_token_changes_nothing(folder, server, monkeypatch):
    before = (folder / "manifest.toml").read_bytes()
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(HfHubHTTPError) as caught:
        publish(folder, REPO)
    assert caught.value.response.status_code == 401
    assert (folder / "manifest.toml").read_bytes() == before
    assert server.repos == {}


def test_huggingface_hub_itself_can_fetch_what_was_published(folder, server, tmp_path):
    revision = publish(folder, REPO)
    path = huggingface_hub.hf_hub_download(
        REPO,
        "tiny.weights.h5",
        revision=revision,
        endpoint=server.endpoint,
        cache_dir=tmp_path / "c",
    )
    assert registry.model("tiny").matches(type(folder)(path))


def test_the_command_line(folder, server):
    run = [sys.executable, "-m", "training.publish", "--repo", REPO, "--only"]
    done = subprocess.run([*run, "tiny"], env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{REPO} at {registry.model('tiny').revision}\n"
    failed = subprocess.run([*run, "ghost"], env=os.environ, capture_output=True, text=True)
    assert failed.returncode == 1
    assert failed.stderr.startswith("publish: ghost is not in the manifest")

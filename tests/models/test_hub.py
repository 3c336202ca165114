"""Downloads from a Hub on loopback: refused, tampered, slow, cut off, taken up, offline."""

import os
import resource
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest

from core import hub
from core.errors import ModelUnavailableError
from core.loaders import weights_path
from tests.models.entries import DATA, install, published, sentence

FETCH = "from core import loaders, registry; loaders.weights_path(registry.model('tiny'))"


def visible(home):
    """Names of all files under their final names, in any cache or weights folder."""
    return sorted(
        path.name
        for path in home.rglob("*")
        if path.is_file() and path.suffix in (".h5", ".keras") and ".locks" not in path.parts
    )


def parts(home):
    return sorted((home / "assets").rglob("*.part"))


# What a Hub can do wrong


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (404, "was not found in the model store"),
        (401, "was not found in the model store"),
        (410, "is refused by the model store"),
        (503, "is refused by the model store"),
    ],
)
def test_a_refusal_is_one_sentence(home, server, status, why):
    spec = published(server)
    server.status = status
    with pytest.raises(ModelUnavailableError) as caught:
        weights_path(spec)
    assert sentence(caught.value) == why
    assert len(server.seen) == (3 if status == 503 else 1)
    server.status = None
    assert weights_path(spec).read_bytes() == DATA


def test_a_file_that_the_revision_lacks(home, server):
    spec = replace(published(server), revision="f" * 40)
    with pytest.raises(ModelUnavailableError) as caught:
        weights_path(spec)
    assert sentence(caught.value) == "was not found in the model store"


def test_a_closed_port_is_one_sentence_within_seconds(home, server, monkeypatch):
    spec = published(server)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{unused.getsockname()[1]}")
        start = time.monotonic()
        with pytest.raises(ModelUnavailableError) as caught:
            weights_path(spec)
    assert time.monotonic() - start < 5
    assert sentence(caught.value) == "cannot be downloaded because the model store does not answer"


@pytest.mark.parametrize("honest", [True, False], ids=["other body", "other file"])
def test_a_tampered_file_is_not_opened_nor_kept(home, server, honest):
    spec = published(server)
    server.body, server.honest = DATA[:-1] + b"?", honest
    with pytest.raises(ModelUnavailableError) as caught:
        weights_path(spec)
    assert sentence(caught.value) == "failed its integrity check and was not opened"
    assert visible(home) == []
    assert parts(home) == []
    assert server.sent == (len(DATA) if honest else 0)
    server.body = None
    assert weights_path(spec).read_bytes() == DATA


@pytest.mark.parametrize("body", [DATA[:-9], DATA + b"more"], ids=["shorter", "longer"])
def test_a_body_of_another_length_is_never_a_file(home, server, body):
    spec = published(server)
    server.body = body
    with pytest.raises(ModelUnavailableError):
        weights_path(spec)
    assert visible(home) == []
    server.body = None
    assert weights_path(spec).read_bytes() == DATA


def test_damage_in_the_cache_is_mended(home, server):
    spec = published(server)
    path = weights_path(spec)
    path.write_bytes(DATA[:-1] + b"?")
    assert weights_path(spec).read_bytes() == DATA
    assert len(server.requests("GET")) == 2


def test_what_is_no_hub_is_not_trusted(home, server, monkeypatch):
    spec = published(server)
    monkeypatch.setattr(
        hub.hf, "get_hf_file_metadata", lambda *a, **k: SimpleNamespace(commit_hash=None)
    )
    with pytest.raises(ModelUnavailableError) as caught:
        weights_path(spec)
    assert sentence(caught.value) == "cannot be downloaded because the model store does not answer"


# Slow, cut off, taken up again


def test_a_server_that_never_answers_is_given_up_in_bounded_time(home, server):
    spec = published(server)
    server.silent = True
    start = time.monotonic()
    with pytest.raises(ModelUnavailableError) as caught:
        weights_path(spec)
    assert time.monotonic() - start < 6
    assert sentence(caught.value) == "cannot be downloaded because the model store does not answer"


def test_a_dripping_server_is_given_up_at_the_limit_and_taken_up_later(home, server, monkeypatch):
    spec = published(server)
    monkeypatch.setattr(hub, "TOTAL_S", 1.0)
    server.drip_s = 0.01
    start = time.monotonic()
    with pytest.raises(ModelUnavailableError) as caught:
        weights_path(spec)
    assert 0.9 < time.monotonic() - start < 3
    assert sentence(caught.value) == "takes too long to download just now"
    [part] = parts(home)
    have = part.stat().st_size
    assert have > 0
    assert visible(home) == []
    server.drip_s = 0.0
    monkeypatch.setattr(hub, "TOTAL_S", 30.0)
    assert weights_path(spec).read_bytes() == DATA
    assert server.requests("GET")[-1].headers["Range"] == f"bytes={have}-"


def test_a_cut_connection_is_taken_up_where_it_broke(home, server):
    spec = published(server)
    server.break_at, server.breaks = 150_000, 1
    assert weights_path(spec).read_bytes() == DATA
    first, second = server.requests("GET")
    assert "Range" not in first.headers
    assert second.headers["Range"] == "bytes=150000-"
    assert server.sent == len(DATA)


def test_a_server_without_ranges_starts_over(home, server):
    spec = published(server)
    server.break_at, server.breaks, server.ranges = 150_000, 1, False
    assert weights_path(spec).read_bytes() == DATA
    assert server.sent == 150_000 + len(DATA)


def test_a_server_that_always_breaks_at_the_start_is_given_up(home, server):
    spec = published(server)
    server.break_at, server.breaks = 1, 1000
    server.ranges = False
    with pytest.raises(ModelUnavailableError) as caught:
        weights_path(spec)
    assert sentence(caught.value) == "cannot be downloaded because the model store does not answer"
    assert len(server.requests("GET")) <= 5


def test_a_killed_download_is_taken_up_by_the_next_process(home, server):
    spec = published(server)
    install(home / "weights", spec)
    server.break_at, server.breaks, server.hold = 300_000, 1, True
    child = subprocess.Popen(
        [sys.executable, "-c", FETCH], env={**os.environ, "HF_HUB_DOWNLOAD_TIMEOUT": "30"}
    )
    try:
        assert server.reached.wait(60)
        deadline = time.monotonic() + 10
        while not (parts(home) and parts(home)[0].stat().st_size >= 200_000):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        child.kill()
        child.wait()
    server.released.set()
    assert visible(home) == []
    [part] = parts(home)
    have = part.stat().st_size
    assert weights_path(spec).read_bytes() == DATA
    assert server.requests("GET")[-1].headers["Range"] == f"bytes={have}-"
    assert server.sent == 300_000 + len(DATA) - have
    assert parts(home) == []


def test_a_wrong_part_is_found_out_and_thrown_away(home, server):
    spec = published(server)
    folder = hub._folder(spec)
    (folder / "tiny.weights.h5.part").write_bytes(b"x" * 1000)
    with pytest.raises(ModelUnavailableError, match="integrity"):
        weights_path(spec)
    assert weights_path(spec).read_bytes() == DATA


def test_no_half_file_is_ever_visible(home, server):
    spec = published(server)
    server.break_at, server.breaks, server.hold = 200_000, 1, True
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(weights_path, spec)
        assert server.reached.wait(10)
        assert visible(home) == []
        server.released.set()
        assert job.result(timeout=20).read_bytes() == DATA


def test_processes_that_want_one_file_download_it_once(home, server):
    spec = published(server)
    install(home / "weights", spec)
    children = [subprocess.Popen([sys.executable, "-c", FETCH]) for _ in range(3)]
    assert [child.wait(timeout=60) for child in children] == [0, 0, 0]
    assert server.sent == len(DATA)


# Offline


@pytest.mark.parametrize("at", ["import", "call"])
def test_offline_without_the_file_asks_no_server(home, server, monkeypatch, at):
    spec = published(server)
    install(home / "weights", spec)
    if at == "call":
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        with pytest.raises(ModelUnavailableError) as caught:
            weights_path(spec)
        assert sentence(caught.value) == "is not on this machine and downloads are switched off"
    else:
        code = (
            "from core import errors, loaders, registry\n"
            "try: loaders.weights_path(registry.model('tiny'))\n"
            "except errors.ModelUnavailableError as error: print(error)\n"
        )
        run = [sys.executable, "-c", code]
        env = {**os.environ, "TRANSFORMERS_OFFLINE": "1"}
        done = subprocess.run(run, env=env, capture_output=True, text=True, check=True)
        assert "downloads are switched off; choose another engine" in done.stdout
    assert server.seen == []


@pytest.mark.parametrize("cache", ["ours", "hub"])
def test_offline_with_the_file_in_a_cache_works(home, server, monkeypatch, cache):
    spec = published(server)
    if cache == "ours":
        weights_path(spec)
    else:
        folder = home / "hub" / "models--encore--tiny" / "snapshots" / str(spec.revision)
        folder.mkdir(parents=True)
        (folder / "tiny.weights.h5").write_bytes(DATA)
    asked = len(server.seen)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert weights_path(spec).read_bytes() == DATA
    assert len(server.seen) == asked


def test_a_tampered_file_in_the_hub_s_cache_is_passed_over(home, server):
    spec = published(server)
    folder = home / "hub" / "models--encore--tiny" / "snapshots" / str(spec.revision)
    folder.mkdir(parents=True)
    (folder / "tiny.weights.h5").write_bytes(DATA[:-1] + b"?")
    assert weights_path(spec).read_bytes() == DATA
    assert server.sent == len(DATA)


def test_a_cache_that_cannot_be_written_is_one_sentence(home, server, monkeypatch):
    spec = published(server)
    (home / "assets").write_text("a file where the folder should be")
    with pytest.raises(ModelUnavailableError) as caught:
        weights_path(spec)
    assert sentence(caught.value) == "cannot be saved on this machine"


def test_a_full_disk_is_one_sentence_and_what_fitted_is_kept(home, server):
    spec = published(server)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(ModelUnavailableError) as caught:
            weights_path(spec)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert sentence(caught.value) == "cannot be saved on this machine"
    assert visible(home) == []
    assert weights_path(spec).read_bytes() == DATA

"""A real server and a real Chromium; skipped where there is no Chromium."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.app.fake_pair import make_comparisons
from tests.app.fake_remixer import make_remixes
from tests.app.fake_sampler import make_sounds
from tests.app.samples import make_gallery, make_pieces

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LAUNCH = """
import sys
from pathlib import Path
import core.gallery
from core.composition import stems
from tests.app import fake_composer, fake_pair, fake_remixer, fake_sampler
core.gallery.GALLERY = Path(sys.argv[1])
fake_composer.install(setattr)
fake_remixer.install(setattr)
fake_sampler.install(setattr)
fake_pair.install(setattr, logs=sys.argv[1])
fake_pair.install_tiny(setattr, sys.argv[1], pause_s=0.4)
stems._stem = fake_composer.tones
from streamlit.web import cli
sys.argv = ["streamlit", "run", "app.py", *sys.argv[2:]]
cli.main()
"""


@contextlib.contextmanager
def serving(arguments, log, **environment):
    """Run `python arguments` with Streamlit's options for a free port; yield its address once it
    answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"server.port": port, "server.address": "127.0.0.1", "server.headless": "true"}
    flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    with log.open("w+") as file:
        server = subprocess.Popen(
            [sys.executable, *arguments, *flags],
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        )
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(1200):
                assert server.poll() is None, log.read_text()
                with contextlib.suppress(urllib.error.URLError, OSError):
                    urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).close()
                    break
                time.sleep(0.05)
            else:
                pytest.fail(log.read_text())
            yield url
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """Where a fresh `streamlit run` of the app listens, with our small gallery and fake engines."""
    root = tmp_path_factory.mktemp("gallery")
    make_gallery(root)
    make_pieces(root)
    make_remixes(root)
    make_sounds(root)
    make_comparisons(root)
    log = tmp_path_factory.mktemp("server") / "log"
    own = {"ENCORE_FAKE_BAR_S": "0.1", "ENCORE_VOTES": str(log.with_name("votes.sqlite"))}
    with serving(["-c", LAUNCH, str(root)], log, **own) as url:
        yield url


@pytest.fixture(scope="session")
def chromium():
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--mute-audio"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=quiet)
        yield browser
        browser.close()


class Visitor:
    """A page in a context of its own, and every complaint it made."""

    def __init__(self, context, address):
        self.page = context.new_page()
        self.address = address
        self.complaints = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._heard)

    def _heard(self, message):
        # Opened at /extrapolate, Streamlit looks for its base path there first and gets two 404s.
        where = message.location.get("url", "")
        own = where.startswith(self.address)
        if message.type == "error" and not (own and "/_stcore/" in where):
            self.complaints.append(f"{message.text} {where}")

    def open(self, path):
        self.page.goto(f"{self.address}/{path}")
        self.page.wait_for_selector("h1", timeout=30_000)
        return self

    @property
    def player(self):
        return self.page.locator("section.player").first

    def state(self, name):
        return self.player.get_attribute(f"data-{name}")

    def wait(self, name, value, seconds=20):
        self.page.wait_for_selector(
            f"section.player[data-{name}='{value}']", timeout=seconds * 1000
        )

    def time(self):
        return float(self.state("time"))


@pytest.fixture
def visit(chromium, address):
    """visit(width) -> Visitor; at the end nobody may have complained."""
    contexts, visitors = [], []

    def start(width=1280, scheme="light", **options):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, **options
        )
        contexts.append(context)
        visitors.append(Visitor(context, address))
        return visitors[-1]

    yield start
    complaints = [text for visitor in visitors for text in visitor.complaints]
    for context in contexts:
        context.close()
    assert complaints == []

"""Set before anything is imported: quiet TensorFlow, no windows, no telemetry.

Tests that run side by side each have a folder of their own for what numba compiles: two processes
that write one function's cache at the same time can leave an index that points at code for other
types, and the next call crashes.

All browser tests go to one of them, from the start: they share a server and a Chromium, and leave
the other core to the models. Files follow in the order models, pages, units, which ends with many
short ones, so that neither waits long for the other.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("STREAMLIT_BROWSER_GATHER_USAGE_STATS", "false")

BROWSER = "tests/browser/"
ORDER = (BROWSER, "tests/models/", "tests/app/", "")

_compiled, _own = os.environ.get("NUMBA_CACHE_DIR"), None
if os.environ.get("PYTEST_XDIST_WORKER") and _compiled and Path(_compiled).is_dir():
    _own = tempfile.mkdtemp(prefix="encore-numba-")
    shutil.copytree(_compiled, _own, dirs_exist_ok=True)
    os.environ["NUMBA_CACHE_DIR"] = _own


def pytest_unconfigure():
    if _own is not None:
        shutil.rmtree(_own, ignore_errors=True)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return BROWSER if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)

    config.option.loadscopereorder = False  # it is by the number of tests, which says little
    return Scheduling(config, log)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: next(i for i, at in enumerate(ORDER) if item.nodeid.startswith(at)))

"""What every extrapolation engine must keep, on the shipped weights."""

import ctypes
import gc
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core.engines import engines, extrapolator
from core.extrapolation.run import run
from tests.unit.sounds import riff

NAMES = [info.name for info in engines("extrapolate")]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("channels", "rate", "seconds"), [(1, 22050, 10.0), (2, 48000, 12.5)])
def test_length_rate_and_channels(name, channels, rate, seconds):
    clip = riff(20.0, rate=rate, channels=channels)
    made = extrapolator(name).extrapolate(clip, seconds, seed=0)
    assert (made.channels, made.sample_rate) == (channels, rate)
    assert made.length == round(seconds * rate)
    assert made.peak() <= 1.0
    assert np.abs(made.samples[:, : rate * 10]).max() > 1e-4
    assert not np.array_equal(made.samples[:, : 5 * rate], clip.samples[:, -5 * rate :])


@pytest.mark.parametrize("name", NAMES)
def test_chunks_are_chained_to_a_minute(name):
    marks = []
    made = extrapolator(name).extrapolate(riff(8.0), 60.0, seed=3, progress=marks.append)
    assert made.duration_s == pytest.approx(60.0)
    assert made.between(55, 60).peak() > 1e-4
    assert marks == sorted(marks)
    assert marks[-1] == pytest.approx(1.0)


def test_concurrent_runs_equal_serial_ones():
    clips = [riff(8.0, period_s=period) for period in (2.0, 3.0, 2.5, 4.0)]

    def all_engines(clip):
        made = run(clip, None, engines=NAMES, seconds=2.0, seed=1)
        return [one.clip.sha256() for one in made]

    serial = [all_engines(clip) for clip in clips]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(all_engines, clips))
    assert together == serial
    assert len({sha for shas in serial for sha in shas}) == len(clips) * len(NAMES)


def resident_mb():
    """What the process holds, without what it has freed and not yet given back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.timeout(420)  # forty runs, all engines in turn
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, trims glibc's heap")
def test_memory_after_40_runs_is_that_after_10():
    clip, measured = riff(4.0), {}
    for count in range(1, 41):
        run(clip, clip, engines=[NAMES[count % len(NAMES)]], seconds=1.0, seed=count)
        if count in (10, 40):
            measured[count] = resident_mb()
    grown = measured[40] - measured[10]
    assert grown < 20, f"{measured[10]:.0f} MB grew by {grown:.0f} MB"

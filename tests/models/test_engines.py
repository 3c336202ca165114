"""What every extrapolation engine must keep, on the shipped weights."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

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
    clips = [riff(12.0, period_s=period) for period in (2.0, 3.0, 2.5, 4.0)]

    def all_engines(clip):
        made = run(clip, None, engines=NAMES, seconds=4.0, seed=1)
        return [one.clip.sha256() for one in made]

    serial = [all_engines(clip) for clip in clips]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(all_engines, clips))
    assert together == serial
    assert len({sha for shas in serial for sha in shas}) == len(clips) * len(NAMES)


MEMORY = """
import gc, resource
from pathlib import Path
from core.extrapolation.run import run
from core.engines import engines
from tests.unit.sounds import riff

def resident_mb():
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20

names = [info.name for info in engines("extrapolate")]
clip = riff(4.0)
for count in range(1, 101):
    run(clip, clip.between(0, 4), engines=[names[count % len(names)]], seconds=1.0, seed=count)
    if count in (25, 100):
        print(resident_mb())
"""


@pytest.mark.timeout(420)  # a hundred runs, all engines in turn
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_after_100_runs_is_that_after_25():
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True, timeout=400
    )
    after_25, after_100 = (float(line) for line in done.stdout.split())
    assert after_100 <= 1.05 * after_25, f"{after_25:.0f} MB grew to {after_100:.0f} MB"
    print(f"{after_25:.0f} MB after 25 runs, {after_100:.0f} MB after 100")

"""The tables of the first paint tell what was asked for from what was not reached."""

import pytest

from benchmarks import first_paint
from benchmarks.first_paint import Paint


def paint(files=1_000_000, wire=400_000, front=900_000):
    return Paint(0.3, 0.9, 0.6, files, front, wire)


@pytest.mark.parametrize(
    ("sound_s", "warm_s", "wire", "answers"),
    [
        (3.9, 1.9, 400_000, ["yes", "yes", "yes"]),
        (4.1, 2.1, 600_000, ["no", "no", "no"]),
    ],
)
def test_promises(sound_s, warm_s, wire, answers):
    starts = [(2.0, sound_s), (2.1, sound_s), (2.2, 9.0)]
    table = first_paint.promises(
        starts, [warm_s] * 3, {"gallery": [paint(wire=wire)]}, ([3.0], [1.0])
    )
    told = {row[0]: row for row in table.rows if row[3]}
    names = ["cold process: first sound, s", "warm app: first sound, s", "gallery before Play, MB"]
    assert [told[name][3] for name in names] == answers


def test_a_page_is_its_median_visit():
    table = first_paint.by_page({"": [paint(files=0), paint(files=500_000), paint()]})
    assert table.rows == [["Home", "0.30", "0.60", "0.90", "0.90", "0.90", "1.80"]]

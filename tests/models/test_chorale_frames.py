import numpy as np

from core.composition.chorale_frames import (
    BEFORE,
    COPY,
    LAST,
    STRENGTH,
    Past,
    table,
    transposed,
)
from tests.models.chorale_frames import piece


def test_rows_tell_nothing_of_what_comes():
    one, other = piece(), piece()
    other[20:] = other[20:][::-1] + 1
    np.testing.assert_array_equal(table(one)[:21], table(other)[:21])
    assert (table(one)[21:] != table(other)[21:]).any()


def test_a_row_names_what_followed_an_earlier_match():
    once = piece(32)
    rows = table(np.concatenate([once, once]))
    np.testing.assert_array_equal(rows[44:, COPY], once[12:])
    assert (rows[44:, STRENGTH] > 16).all(), "two bars back lies in time"


def test_a_moved_table_is_the_table_of_the_moved_piece():
    frames = piece()
    frames[10:14, 2] = 0
    rows, moved = transposed(table(frames), frames, 3)
    np.testing.assert_allclose(rows, table(moved), atol=1e-6)
    assert (rows[1:, LAST] != table(frames)[1:, LAST]).any()
    assert rows[0, BEFORE].sum() == 0


def test_a_past_can_be_split_and_goes_on_alike():
    frames = piece(20)
    past = Past(1, 4)
    for frame in frames[:10]:
        past.add(frame[None])
    past.take(np.array([0, 0, 0]))
    for frame in frames[10:]:
        past.add(np.stack([frame, frame + 1, frame]))
    rows = past.features()
    np.testing.assert_array_equal(rows[0], rows[2])
    assert (rows[0] != rows[1]).any()

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from core.audio import Clip
from core.engines import Copier, extrapolator
from core.extrapolation.path import Segment, Stretch, stretches, within
from core.extrapolation.render import render
from core.gallery import GalleryContinuation
from core.path_picture import (
    BAR_HEIGHT,
    GROUND,
    RIBBONS_HEIGHT,
    WIDTH,
    labelled_figure,
    path_figure,
    path_words,
    time_colours,
)
from tests.unit.sounds import RATE, riff

PATH = [Segment(5 * RATE, 2 * RATE), Segment(0, RATE), Segment(8 * RATE, 4 * RATE)]


def picture(path, clip, made):
    image = Image.open(io.BytesIO(path_figure(path, clip, made)))
    assert image.format == "PNG"
    return np.asarray(image.convert("RGB"), np.float32) / 255.0


def test_the_path_is_cut_as_it_is_rendered_and_told_in_seconds():
    clip = riff(10.0)
    made = render(clip, PATH, 5 * RATE)
    assert stretches(PATH, clip, made) == [
        Stretch(0.0, 5.0, 2.0),
        Stretch(2.0, 0.0, 1.0),
        Stretch(3.0, 8.0, 2.0),
    ]
    assert path_words(PATH, clip, made) == (
        "Seconds 0.0 to 2.0 play the clip from 5.0 s, seconds 2.0 to 3.0 play the clip from "
        "0.0 s, seconds 3.0 to 5.0 play the clip from 8.0 s."
    )
    assert within(PATH, clip.length, 2 * RATE + 100)[1:] == (Segment(0, 100),)


def test_segments_that_go_on_are_one_stretch():
    parts = [Segment(100, 50), Segment(150, 30), Segment(20, 10), Segment(30, 5)]
    assert within(parts, 1000, 1000) == (Segment(100, 80), Segment(20, 15))


def test_many_stretches_are_told_in_few_words():
    clip = riff(10.0)
    path = [Segment((7 * k % 9) * RATE, RATE // 2) for k in range(40)]
    text = path_words(path, clip, render(clip, path, 20 * RATE))
    assert "34 more stretches" in text
    assert len(text) < 500


def test_every_second_below_has_the_colour_of_its_source():
    clip = riff(10.0)
    made = render(clip, PATH, 5 * RATE)
    seen = picture(PATH, clip, made)
    assert seen.shape == (2 * BAR_HEIGHT + RIBBONS_HEIGHT, WIDTH, 3)
    colours = time_colours(WIDTH)
    below = seen[BAR_HEIGHT + RIBBONS_HEIGHT]
    above = seen[BAR_HEIGHT - 1]
    for at_s, source_s in ((0.5, 5.5), (1.5, 6.5), (2.5, 0.5), (4.5, 9.5)):
        source = int(source_s / 10 * WIDTH)
        np.testing.assert_allclose(below[int(at_s / 5 * WIDTH)], colours[source], atol=0.02)
        np.testing.assert_allclose(above[source], colours[source], atol=0.02)
    unused = above[int(3.0 / 10 * WIDTH)]
    assert unused.max() < 0.4 * colours[int(3.0 / 10 * WIDTH)].max()


def test_a_ribbon_leaves_its_source_and_arrives_where_it_is_played():
    clip = riff(10.0)
    path = [Segment(8 * RATE, RATE)]
    seen = picture(path, clip, render(clip, path, 4 * RATE))
    lit = np.abs(seen - GROUND).max(axis=2) > 0.1
    first, last = lit[BAR_HEIGHT], lit[BAR_HEIGHT + RIBBONS_HEIGHT - 1]
    assert np.flatnonzero(first)[[0, -1]] == pytest.approx([0.8 * WIDTH, 0.9 * WIDTH], abs=4)
    assert np.flatnonzero(last)[[0, -1]] == pytest.approx([0, WIDTH / 4], abs=4)


def test_what_was_not_copied_is_grey_and_silence_has_no_height():
    clip = riff(10.0)
    samples = render(clip, PATH[:1], 4 * RATE).samples.copy()
    samples[0, 2 * RATE : 3 * RATE] = 0.3
    seen = picture(PATH[:1], clip, Clip(samples, RATE))
    below = seen[BAR_HEIGHT + RIBBONS_HEIGHT :]
    assert np.ptp(below[0, int(0.6 * WIDTH)]) < 0.1
    heights = (np.abs(below - GROUND).max(axis=2) > 0.1).sum(axis=0)
    assert heights[int(0.9 * WIDTH)] <= 4
    assert heights[int(0.6 * WIDTH)] > 10


def test_colours_are_distinct_and_bright_on_the_ground():
    colours = time_colours(20)
    assert np.abs(np.diff(colours, axis=0)).max(axis=1).min() > 0.02
    assert colours.max(axis=1).min() > 0.6


def test_the_labelled_picture_is_larger_and_pyplot_stays_out():
    clip = riff(6.0)
    path = [Segment(0, 2 * RATE)]
    page = labelled_figure(path, clip, render(clip, path, 2 * RATE), "Loop")
    assert Image.open(io.BytesIO(page)).size == (1080, 480)
    # In a process of its own, as other tests may have loaded it.
    check = (
        "import sys; import numpy as np; from core.audio import Clip; "
        "from core.extrapolation.path import Segment; "
        "from core.path_picture import labelled_figure; "
        "clip = Clip(np.full((1, 8000), 0.1, np.float32), 8000); "
        "labelled_figure([Segment(0, 8000)], clip, clip, 'Loop'); "
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("seconds", [1.0, 60.0])
def test_loop_tells_the_path_that_it_renders(seconds):
    engine = extrapolator("loop")
    assert isinstance(engine, Copier)
    clip = riff(9.0, period_s=3.0)
    made, path = engine.continue_along(clip, seconds, seed=2)
    np.testing.assert_array_equal(made.samples, engine.extrapolate(clip, seconds, seed=2).samples)
    for one in stretches(path, clip, made):
        half = round(one.seconds * RATE) // 2
        middle = round(one.at_s * RATE) + half
        source = round(one.source_s * RATE) + half
        np.testing.assert_allclose(
            made.samples[:, middle : middle + 50], clip.samples[:, source : source + 50], atol=1e-6
        )


def test_an_engine_that_does_not_copy_is_no_copier():
    assert not isinstance(extrapolator("paper-encdec"), Copier)


def test_gallery_fields_keep_the_path_and_old_ones_have_none():
    kept = GalleryContinuation(
        "loop", "loop.flac", {"mse": 1.0, "beat_f": float("nan")}, 0.5, (Segment(3, 4),)
    )
    fields = kept.to_fields()
    assert fields["path"] == [[3, 4]]
    assert fields["metrics"] == {"mse": 1.0}
    assert GalleryContinuation.from_fields(fields).path == kept.path
    del fields["path"]
    assert GalleryContinuation.from_fields(fields).path == ()

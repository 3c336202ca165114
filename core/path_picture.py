"""Where a continuation that copies comes from, as a picture: each past moment in its own colour.

The clip stands along the top and the continuation hangs along the bottom, both from the left edge
to the right one and as high as they are loud; ribbons fall from where a stretch was to where it is
played. The ground is dark on every page, as in the spectrograms.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.audio import Clip, FloatArray
from core.extrapolation.path import Segment, Stretch, stretches

WIDTH = 1200
BAR_HEIGHT, RIBBONS_HEIGHT = 84, 256
GROUND: FloatArray = np.array([0.047, 0.035, 0.078], np.float32)
SHAPE_COLUMNS = 3
"""A sound's shape is drawn in steps of so many columns; finer ones only flicker."""
GAP_COLUMNS = 2
"""What parts two stretches that are played one after the other."""
UNUSED = 0.25
"""How bright moments of the clip that are not played are; those that are played have 1."""
WITHOUT_SOURCE: FloatArray = np.array([0.45, 0.43, 0.50], np.float32)
"""Sound that was not copied: what an ending lets ring."""
WORDS_FOR = 6
"""So many stretches are told one by one; of more, the first ones."""


def path_figure(path: Sequence[Segment], clip: Clip, made: Clip) -> bytes:
    """PNG of the path from `clip` to `made`, without text; WIDTH wide, for any width on the page.

    made: the continuation as it is heard, at the clip's rate.
    """
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(_drawn(path, clip, made)).save(buffer, format="PNG")
    return buffer.getvalue()


def labelled_figure(path: Sequence[Segment], clip: Clip, made: Clip, title: str) -> bytes:
    """The same for print: PNG with a title and both time axes in seconds."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    page = Figure(figsize=(9.0, 4.0), dpi=120, layout="constrained")
    FigureCanvasAgg(page)
    panel = page.subplots()
    extent = (0.0, made.duration_s, 0.0, 1.0)
    panel.imshow(_drawn(path, clip, made), aspect="auto", extent=extent)
    panel.set_title(title, loc="left", fontsize=10)
    panel.set_yticks([])
    panel.set_xlabel("continuation, s")
    above = panel.twiny()
    above.set_xlim(0.0, clip.duration_s)
    above.set_xlabel("clip, s")
    buffer = io.BytesIO()
    page.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def path_words(path: Sequence[Segment], clip: Clip, made: Clip) -> str:
    """The picture in words, for those who do not see it."""
    found = stretches(path, clip, made)
    if not found:
        return "Nothing of the clip is played again."
    told = [
        f"{one.at_s:.1f} to {one.at_s + one.seconds:.1f} play the clip from {one.source_s:.1f} s"
        for one in found[:WORDS_FOR]
    ]
    text = "Seconds " + ", seconds ".join(told)
    more = len(found) - len(told)
    if more:
        text += f", and so on for {more} more {'stretch' if more == 1 else 'stretches'}"
    return text + "."


def time_colours(count: int) -> FloatArray:
    """Colours for `count` moments from the clip's first to its last, [count, 3], sRGB 0 to 1.

    Even steps of hue and lightness in OKLCH (Ottosson 2020), from violet over rose and amber to
    lime: all bright enough for a dark ground, later ones brighter for those who tell hues apart
    less well.
    """
    place = np.linspace(0.0, 1.0, count)
    lightness = 0.60 + 0.28 * place
    chroma = 0.205 - 0.035 * place
    hue = np.deg2rad(285.0 + 205.0 * place)
    return _srgb(lightness, chroma * np.cos(hue), chroma * np.sin(hue))


def _srgb(
    lightness: npt.NDArray[np.float64], a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]
) -> FloatArray:
    """OKLab to sRGB, [..., 3], cut to 0 to 1; matrices of Ottosson, "A perceptual color space"."""
    cone_mix = np.array(
        [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728],
         [1, -0.0894841775, -1.2914855480]]
    )  # fmt: skip
    to_rgb = np.array(
        [[4.0767416621, -3.3077115913, 0.2309699292], [-1.2684380046, 2.6097574011, -0.3413193965],
         [-0.0041960863, -0.7034186147, 1.7076147010]]
    )  # fmt: skip
    cones = np.stack([lightness, a, b], axis=-1) @ cone_mix.T
    linear = np.clip(cones**3 @ to_rgb.T, 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(encoded, dtype=np.float32)


def _drawn(path: Sequence[Segment], clip: Clip, made: Clip) -> npt.NDArray[np.uint8]:
    """The picture, uint8 [height, WIDTH, 3]."""
    found = stretches(path, clip, made)
    colours = time_colours(WIDTH)
    loud, loud_made = _loudness(clip, clip), _loudness(made, clip)
    places: list[_Place] = []
    used = np.zeros(WIDTH, np.float32)
    below = np.tile(WITHOUT_SOURCE, (WIDTH, 1))
    ribbons = np.tile(GROUND, (RIBBONS_HEIGHT, WIDTH, 1))
    for one in found:
        place = _Place(one, clip.duration_s, made.duration_s)
        used[place.columns(place.source, place.source_width)] += 1.0
        columns = place.columns(place.at, place.width)
        below[columns] = colours[place.source_of(np.arange(WIDTH)[columns])]
        if columns.start > 0:
            below[columns.start : columns.start + GAP_COLUMNS] = GROUND
        places.append(place)
    # Moments that are played many times would drown in the light of their own ribbons.
    light = float(np.sqrt((used > 0).sum() / max(used.sum(), 1.0)))
    for place in places:
        _pour(ribbons, place, colours * np.float32(light), loud)
    above = colours * np.where(used > 0, 1.0, UNUSED).astype(np.float32)[:, None]
    picture = np.concatenate([_bar(loud, above)[::-1], ribbons, _bar(loud_made, below)])
    return np.round(picture * 255.0).astype(np.uint8)


class _Place:
    """Where a stretch lies in the picture, in columns."""

    def __init__(self, stretch: Stretch, clip_s: float, made_s: float) -> None:
        self.source = stretch.source_s / clip_s * WIDTH
        self.source_width = stretch.seconds / clip_s * WIDTH
        self.at = stretch.at_s / made_s * WIDTH
        self.width = stretch.seconds / made_s * WIDTH

    @staticmethod
    def columns(start: float, width: float) -> slice:
        return slice(round(start), max(round(start + width), round(start) + 1))

    def source_of(self, columns: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """The clip's column that each column of the continuation plays."""
        share = (columns + 0.5 - self.at) / self.width
        found = self.source + np.clip(share, 0.0, 1.0) * self.source_width
        return np.asarray(np.clip(found.astype(np.intp), 0, WIDTH - 1))


def _pour(ribbons: FloatArray, place: _Place, colours: FloatArray, loud: FloatArray) -> None:
    """Add one ribbon's light to [rows, WIDTH, 3]: light on light stays visible where they cross."""
    rows = ribbons.shape[0]
    down = (np.arange(rows, dtype=np.float32)[:, None] + 0.5) / rows
    bend = down * down * (3.0 - 2.0 * down)  # leaves and arrives upright
    left = place.source + (place.at - place.source) * bend
    width = place.source_width + (place.width - place.source_width) * bend
    low = max(int(left.min()) - 1, 0)
    high = min(int((left + width).max()) + 2, WIDTH)
    x = np.arange(low, high, dtype=np.float32)[None] + 0.5
    covered = np.clip(x - left + 0.5, 0.0, 1.0) * np.clip(left + width - x + 0.5, 0.0, 1.0)
    moment = place.source + np.clip((x - left) / width, 0.0, 1.0) * place.source_width
    moment = np.clip(moment.astype(np.intp), 0, WIDTH - 1)
    glow = 0.85 - 0.40 * np.sin(np.pi * down)
    light = covered * glow * (0.40 + 0.60 * loud[moment])
    part = ribbons[:, low:high]
    part[:] = 1.0 - (1.0 - part) * (1.0 - light[..., None] * colours[moment])


def _loudness(clip: Clip, reference: Clip) -> FloatArray:
    """How high the sound stands in each of WIDTH columns, 0 to 1; 1 is the reference's peak."""
    edges = np.linspace(0, clip.length, WIDTH // SHAPE_COLUMNS + 1).astype(np.intp)[:-1]
    peaks = np.maximum.reduceat(np.abs(clip.samples).max(axis=0), edges)
    shape = np.clip(peaks / max(reference.peak(), 1e-6), 0.0, 1.0) ** 0.7
    steps = (np.arange(len(shape)) + 0.5) * SHAPE_COLUMNS
    return np.asarray(np.interp(np.arange(WIDTH) + 0.5, steps, shape), np.float32)


def _bar(loud: FloatArray, colours: FloatArray) -> FloatArray:
    """A sound's shape hanging from the first row, [BAR_HEIGHT, WIDTH, 3], smooth at the edge."""
    reach = 3.0 + loud[None] * (BAR_HEIGHT - 9.0)
    inside = np.clip(reach - np.arange(BAR_HEIGHT)[:, None], 0.0, 1.0)[..., None]
    return np.asarray(GROUND * (1.0 - inside) + colours[None] * inside, np.float32)

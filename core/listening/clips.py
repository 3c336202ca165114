"""The sounds of the listening test before they are made alike: read, cut, mixed; any loudness."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core import gallery
from core.audio import Clip, loudness_lufs
from core.listening.material import (
    INPUT_S,
    LEAD_S,
    NOTES,
    RATES_HZ,
    Item,
    recorded_notes,
    slugs,
)
from core.listening.votes import NOISE, TRUTH

MAX_BAND_GAIN = 30.0


def clip(item: Item, maker: str) -> tuple[Clip | None, Clip]:
    """(the lead, where the item has one, and what follows), mono, at the job's rate; any loudness.

    NOISE gives white noise in the place of what the engines made. Raises KeyError for a maker
    that the item has not, UserInputError or OSError where a file cannot be read.
    """
    rate = RATES_HZ[item.job]
    made = _LOADERS[item.job](item, maker)
    lead, follows = made if isinstance(made, tuple) else (None, made)
    if lead is not None:
        lead = lead.with_channels(1).resampled(rate)
    return lead, follows.with_channels(1).resampled(rate)


def _noise(seconds: float, rate: int) -> Clip:
    rng = np.random.default_rng(0)
    sound = 0.1 * rng.standard_normal((1, round(seconds * rate)))
    return Clip(sound.astype(np.float32), rate)


def _continuation(item: Item, maker: str) -> tuple[Clip, Clip]:
    entry = gallery.item("extrapolate", item.slug)
    whole = gallery.read_flac(entry.source_bytes())
    join_s = float(entry.recipe.parameters["start_s"]) + INPUT_S
    lead = whole.between(join_s - LEAD_S, join_s)
    if maker == TRUTH:
        return lead, whole.between(join_s, join_s + item.seconds - LEAD_S)
    if maker == NOISE:
        return lead, _noise(item.seconds - LEAD_S, whole.sample_rate)
    return lead, entry.clip(maker)


def _remix(item: Item, maker: str) -> Clip:
    """The solo with the band. Every band is as loud as the true one, or else as the solo."""
    from core.decoding import decode
    from core.remixing.run import together

    entry = next(one for one in gallery.remixes() if one.slug == item.slug)
    rate = RATES_HZ["remix"]
    start_s = float(entry.recipe.parameters["start_s"])

    def band(files: Mapping[str, str]) -> Clip:
        whole = together(entry.stems(files)).with_channels(1)
        return whole.between(0.0, item.seconds).resampled(rate)

    solo = decode(entry.source_bytes(), start_s=start_s, seconds=item.seconds)
    solo = solo.with_channels(1).resampled(rate)
    true = band(entry.actual) if entry.actual else None
    if maker == TRUTH:
        if true is None:
            raise KeyError(f"the true band of {item.slug} is not known")
        made = true
    elif maker == NOISE:
        made = _noise(item.seconds, rate)
    else:
        made = band(next(one.files for one in entry.bands if one.engine == maker))
    wanted = loudness_lufs(true if true is not None else solo)
    gain = min(10 ** ((wanted - loudness_lufs(made)) / 20), MAX_BAND_GAIN)
    length = min(solo.length, made.length)
    mix = solo.samples[:, :length] + np.float32(gain) * made.samples[:, :length]
    return Clip(mix, rate)


def _piece(item: Item, maker: str) -> Clip:
    if maker == NOISE:
        return _noise(item.seconds, RATES_HZ["compose"])
    (slug,) = slugs(item, maker)
    sound = next(piece for piece in gallery.pieces() if piece.slug == slug).sound()
    return _from_onset(_tracks(sound.files, item.seconds))


def _note_or_sound(item: Item, maker: str) -> Clip:
    if maker == NOISE:
        return _noise(item.seconds, RATES_HZ["sample"])
    (slug,) = slugs(item, maker)
    if maker != TRUTH:
        return _from_onset(next(one for one in gallery.sounds() if one.slug == slug).clip())
    from core.decoding import decode

    return _from_onset(
        decode((gallery.GALLERY / NOTES / recorded_notes()[slug]["file"]).read_bytes())
    )


def _comparison(item: Item, maker: str) -> Clip:
    if maker == NOISE:
        return _noise(item.seconds, RATES_HZ["compare"])
    entry = next(one for one in gallery.comparisons() if one.slug == item.slug)
    side = next(one for one in entry.sides if one.model == maker)
    return _tracks(entry.sound(side).files, item.seconds)


def _tracks(files: tuple[bytes | None, ...], seconds: float) -> Clip:
    """A piece's tracks together, from its start, with a second to spare."""
    from core.decoding import decode

    parts = [decode(data, seconds=seconds + 1.0).with_channels(1) for data in files if data]
    length = min(part.length for part in parts)
    total = np.sum([part.samples[:, :length] for part in parts], axis=0)
    return Clip(np.asarray(total, np.float32), parts[0].sample_rate)


def _from_onset(sound: Clip) -> Clip:
    """Without the silence in front, whose length is an engine's own."""
    loud = np.flatnonzero(np.abs(sound.samples).max(axis=0) > 0.01 * max(sound.peak(), 1e-6))
    start = int(loud[0]) if len(loud) else 0
    return Clip(sound.samples[:, start:], sound.sample_rate)


_LOADERS = {
    "extrapolate": _continuation,
    "remix": _remix,
    "compose": _piece,
    "sample": _note_or_sound,
    "compare": _comparison,
}

"""A rung for the benchmark of remixers: a fixed pattern on what is heard in the solo.

Tempo, bars and chords are heard as the band hears them; then drums, bass and chords play one
pattern over and over, the style's by the piece's genre. The band adds to this what it draws.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.audio import Clip, fit_length
from core.errors import UserInputError
from core.remix_metrics import RATE, Stemwise
from core.remixing.arrangement import Arrangement, empty
from core.remixing.band import heard_in
from core.remixing.band_controls import BandControls
from core.remixing.band_form import finished
from core.remixing.band_frame import frame_of
from core.remixing.band_patterns import pattern
from core.remixing.band_playing import played
from core.remixing.stems import STEMS
from training.composer_corpus import WORDS
from training.remix_stems import StemPiece

PATTERN = "a fixed pattern"
_STYLES = {
    "latin": "bossa", "country": "country", "blues": "blues", "jazz": "swing", "soul": "funk",
    "electronic": "house", "pop": "pop", "rock": "rock", "folk band": "folk",
}  # fmt: skip


def style_of(genre: str) -> str:
    """The style of core.remixing.band_controls for the data's words; pop for those it lacks."""
    words = genre.lower()
    if "waltz" in words:
        return "waltz"
    for name, known in WORDS.items():
        if any(word in words for word in known.split()):
            return _STYLES[name]
    return "pop"


def fixed_pattern(index: int, pieces: Sequence[StemPiece]) -> Stemwise:
    """A band that reads the heard chords and plays its pattern; silence where nothing is heard."""
    solo = Clip(pieces[index].solo[None], RATE)
    try:
        made = patterned(solo, style_of(pieces[index].genre))
    except UserInputError:
        return dict.fromkeys(STEMS, 0 * pieces[index].solo)
    stems = played(made, solo, index)
    length = len(pieces[index].solo)
    return {
        name: fit_length(stems[name].with_channels(1).resampled(RATE).samples, length)[0]
        for name in STEMS
    }


def patterned(solo: Clip, style: str) -> Arrangement:
    """The pattern as an arrangement. Raises UserInputError where nothing is heard."""
    heard = heard_in(solo)
    frame = frame_of(heard, solo.duration_s)
    metre = (frame.score.beats, frame.score.beat_unit)
    parts = pattern(style, metre, frame.chart, range(frame.first, frame.last + 1))
    made = empty(heard, frame.score, BandControls(style=style)).with_notes(parts)
    return finished(made, frame)

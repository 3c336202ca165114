"""A piece's sound as players and the gallery hold it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sound:
    """What a piece sounds like, track by track.

    files: MP3 of each track, mono and equally long; None for a track without notes.
    gain: by which all are multiplied when played together. pans: of each track, -1 (left) to 1.
    seconds, sample_rate: of every file.
    """

    files: tuple[bytes | None, ...]
    gain: float
    pans: tuple[float, ...]
    seconds: float
    sample_rate: int

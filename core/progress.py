"""How long work reports how far it is, and how it is stopped."""

from collections.abc import Callable

Progress = Callable[[float], None]
"""Called with the fraction done, 0 to 1, non-decreasing. It may raise, which stops the work."""


def ignore(fraction: float) -> None:
    """Take no notice: the default when nobody watches."""


def part(progress: Progress, start: float, end: float) -> Progress:
    """The stretch of `progress` from `start` to `end` as a progress of its own, 0 to 1."""

    def report(fraction: float) -> None:
        progress(start + (end - start) * min(max(fraction, 0.0), 1.0))

    return report

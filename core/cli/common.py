"""What the commands share: numbers as arguments, a file that is written whole, a progress bar."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from core.errors import UserInputError
from core.limits import MAX_FILE_BYTES
from core.progress import Progress, ignore
from core.recipe import Recipe

BAR_WIDTH = 30
T = TypeVar("T")


def number(low: float, high: float, unit: str = "") -> Callable[[str], float]:
    """A parser of arguments from `low` to `high`."""

    def parse(text: str) -> float:
        with contextlib.suppress(ValueError):
            value = float(text)
            if math.isfinite(value) and low <= value <= high:
                return value
        most = f" to {high:g}" if math.isfinite(high) else " or more"
        named = f" {unit}" if unit else ""
        raise argparse.ArgumentTypeError(f"give {low:g}{most}{named}, not {text!r}")

    return parse


def seed(text: str) -> int:
    """A parser of seeds."""
    with contextlib.suppress(ValueError):
        value = int(text)
        if 0 <= value < 2**32:
            return value
    raise argparse.ArgumentTypeError(f"give a whole number from 0 to {2**32 - 1}, not {text!r}")


def by_suffix(path: Path, writers: Mapping[str, T]) -> T:
    """What writes such a file; looked at before the work, so that a slip costs nothing.

    Raises UserInputError for another suffix, and where no file can be written.
    """
    write = writers.get(path.suffix.lower())
    if write is None:
        names = list(writers)
        known = f"{', '.join(names[:-1])} or {names[-1]}"
        raise UserInputError(f"Give -o a name that ends in {known}, not {path.name!r}.")
    if path.is_dir() or not path.parent.is_dir():
        raise UserInputError(f"Nothing can be written to {path}; name a file in a folder there is.")
    return write


def recipe(path: Path, job: str, what: str) -> Recipe:
    """The recipe in a file. Raises UserInputError unless it is one of `job`, which makes `what`."""
    found = Recipe.from_json(read(path, MAX_FILE_BYTES).decode("utf-8", errors="replace"))
    if found.job != job:
        raise UserInputError(f"This recipe is of another job; choose one of {what}.")
    return found


def primer(path: Path | None) -> tuple[bytes | None, str | None]:
    """(content, sha256) of a file of notes that was given to go on from; None where none was."""
    data = None if path is None else read(path, MAX_FILE_BYTES)
    return data, None if data is None else hashlib.sha256(data).hexdigest()


def same_primer(wanted: str | None, given: str | None, verb: str) -> None:
    """Raise UserInputError unless a recipe's primer, by sha256, is the one that was given."""
    if wanted == given:
        return
    raise UserInputError(
        f"The recipe {verb} a file: give the one whose sha256 begins with {wanted[:12]}."
        if wanted
        else f"The recipe {verb} no file; leave the primer away."
    )


def read(path: Path, limit_bytes: int) -> bytes:
    """The file's bytes, one more than `limit_bytes` at most. Raises UserInputError."""
    try:
        with path.open("rb") as file:
            # One byte more than is taken tells the reader that there is too much.
            return file.read(limit_bytes + 1)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise UserInputError(f"{path} cannot be opened: {reason}.") from error


def write(path: Path, data: bytes) -> None:
    """The whole file or none of it: under a name of its own first, then renamed."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        reason = error.strerror or "the disk refused it"
        raise UserInputError(f"{path} cannot be written: {reason}.") from error
    finally:
        partial.unlink(missing_ok=True)


@contextlib.contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on stderr where that is a terminal; otherwise nothing."""
    if not sys.stderr.isatty():
        yield ignore
        return

    def show(fraction: float) -> None:
        done = round(fraction * BAR_WIDTH)
        bar = "#" * done + "." * (BAR_WIDTH - done)
        print(f"\r[{bar}] {fraction:4.0%}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        print(file=sys.stderr)

"""What visitors do in the load test: something on every page, with inputs and seeds of their own.

A job is prepared (the page opened, widgets set), asked for, and its result taken as a hash of all
sounds and notes that the page then offers. Pictures, and how long it took, are left out.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.load_client import VisitError, Visitor
from benchmarks.load_inputs import note, sound, tune

SECONDS = 10
BARS = 4
APPEARS_S = 60.0
NOT_HEARD = ("picture", "choices")
Step = Callable[[Visitor, int], None]


@dataclass(frozen=True)
class Job:
    """prepare, ask: what is done with a number that tells visitors apart. result: its hash.

    listed: the executor does it, so that it may have to wait for its turn.
    """

    name: str
    page: str
    prepare: Step
    ask: Step
    result: Callable[[Visitor], str]
    listed: bool = True


@dataclass(frozen=True)
class Outcome:
    """page_s: from the address to all of the page. seconds: from the press to the result's files.

    paint_s: from the address to the page's first element.
    """

    digest: str
    seconds: float
    page_s: float
    paint_s: float


def done(job: Job, visitor: Visitor, number: int) -> Outcome:
    """Do it. Raises VisitError where the app fails, or says that something went wrong."""
    start = time.monotonic()
    paint_s = visitor.open(job.page)
    page_s = time.monotonic() - start
    job.prepare(visitor, number)
    asked = time.monotonic()
    job.ask(visitor, number)
    visitor.settle()
    if problems := visitor.problems():
        raise VisitError(f"{job.name}: the page says {problems}")
    digest = _first(job, visitor)
    seconds = time.monotonic() - asked
    if visitor.calm():
        visitor.settle()
        digest = job.result(visitor)
    return Outcome(digest, seconds, page_s, paint_s)


def _first(job: Job, visitor: Visitor) -> str:
    """The result, once it is there.

    A part that watches the run, and was asked for just before all was drawn, is missing until it is
    drawn again, seconds later on a busy host; meanwhile the run looks as if it were over.
    """
    end = time.monotonic() + APPEARS_S
    while True:
        try:
            return job.result(visitor)
        except VisitError:
            if time.monotonic() > end:
                raise
            visitor.look(1.0)
            visitor.settle()


# ---- results ------------------------------------------------------------------------------------


def files(visitor: Visitor, *beginnings: str) -> str:
    """The hash of all files, and all notes, of the components whose keys begin so."""
    told: list[Any] = []
    for beginning in beginnings:
        found = [key for key in visitor.keys(beginning) if _is_component(visitor, key)]
        if not found:
            raise VisitError(f"no {beginning} on the page; it says {visitor.problems()}")
        told += [[key, list(_heard(visitor, visitor.data(key), ""))] for key in found]
    return _hash(told)


def players(visitor: Visitor) -> str:
    """The hash of what plain players play."""
    found = visitor.all("audio")
    if not found:
        raise VisitError(f"no player on the page; it says {visitor.problems()}")
    return _hash([hashlib.sha256(visitor.fetch(one.url)).hexdigest() for one in found])


def texts(visitor: Visitor) -> str:
    """The hash of the page's words."""
    return _hash([one.body for one in visitor.all("markdown")])


def tables(visitor: Visitor) -> str:
    """The hash of the page's tables of figures."""
    found = [one.body for one in visitor.all("html") if "<table" in one.body]
    found += [one.body for one in visitor.all("markdown") if one.body.startswith("|")]
    if not found:
        raise VisitError(f"no table on the page; it says {visitor.problems()}")
    return _hash(found)


def gallery(visitor: Visitor) -> str:
    """The hash of the players that were opened."""
    opened = visitor.keys("gallery_player_")
    return files(visitor, "gallery_player_") if opened else players(visitor)


def _is_component(visitor: Visitor, key: str) -> bool:
    return visitor.widget(key).kind == "bidi_component"


def _heard(visitor: Visitor, value: Any, name: str) -> Iterator[list[Any]]:
    if isinstance(value, dict):
        for key in sorted(value):
            if key not in NOT_HEARD:
                yield from _heard(visitor, value[key], key)
    elif isinstance(value, list):
        if name == "notes":
            yield [name, value]
        else:
            for one in value:
                yield from _heard(visitor, one, name)
    elif name in ("url", "sound") and isinstance(value, str) and "/media/" in value:
        yield [name, hashlib.sha256(visitor.fetch(value)).hexdigest()]
    elif name == "wav" and value:
        yield [name, hashlib.sha256(str(value).encode()).hexdigest()]


def _hash(told: Any) -> str:
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


# ---- jobs ---------------------------------------------------------------------------------------


def _nothing(visitor: Visitor, number: int) -> None:
    """There is nothing to prepare, or to ask."""


def _example(visitor: Visitor, page: str, number: int) -> None:
    options = visitor.widget(f"{page}_example").proto.options
    visitor.set(f"{page}_example", number % len(options))


def _extrapolate(engine: str, own: bool, visitor: Visitor, number: int) -> None:
    if own:
        visitor.set("extrapolate_source", ":material/upload:")
        visitor.upload("extrapolate_upload", f"clip-{number}.flac", sound(number))
    else:
        _example(visitor, "extrapolate", number)
    visitor.set("extrapolate_engines", [engine])
    visitor.set("extrapolate_seconds", SECONDS)
    visitor.set("extrapolate_seed", 1000 + number)


def _compose(engine: str, visitor: Visitor, number: int) -> None:
    visitor.set("compose_engine", engine)
    visitor.set("compose_bars", BARS)
    visitor.set("compose_seed", 1000 + number)


def _remix(engine: str, visitor: Visitor, number: int) -> None:
    visitor.set("remix_source", ":material/upload:")
    visitor.upload("remix_upload", f"tune-{number}.mid", tune(number))
    visitor.set("remix_engines", [engine])
    visitor.set("remix_seed", 1000 + number)


def _place(visitor: Visitor, number: int) -> None:
    rng = np.random.default_rng([number, 4])
    low_x, high_x, low_y, high_y = visitor.data("sample_plane")["plane"]
    place = [float(rng.uniform(low_x, high_x)), float(rng.uniform(low_y, high_y))]
    touch = {"pitch": int(rng.integers(48, 73)), "velocity": 0.8, "held_s": 1.0}
    asked = {"id": f"load-{number}", "kind": "place", "place": place, "touch": touch}
    visitor.tell("sample_plane", "asked", asked)


def _compare(visitor: Visitor, number: int) -> None:
    visitor.set("compare_kind", number % 2)  # of two bars, or of sixteen
    visitor.set("compare_seed", 1000 + number)


def _section(name: str, visitor: Visitor, number: int) -> None:
    visitor.set("compare_section", name)


def _between(visitor: Visitor, number: int) -> None:
    visitor.set("compare_stops", 5 + number % 13)
    visitor.settle()


def _gallery(visitor: Visitor, number: int) -> None:
    cards = visitor.keys("gallery_open_")
    visitor.set(cards[number % len(cards)], True)


def _vote(visitor: Visitor, number: int) -> None:
    visitor.press("listen_start")
    for place in range(2):
        visitor.press(f"listen_choice_{(number + place) % 2}")
        visitor.press("listen_next")


def _sort(visitor: Visitor, number: int) -> None:
    keys = visitor.keys("scoreboard_metric_")
    key = keys[number % len(keys)]
    visitor.set(key, number % len(visitor.widget(key).proto.options))


def _pressing(label: str) -> Step:
    return lambda visitor, number: visitor.press(label)


JOBS: tuple[Job, ...] = (
    *(
        Job(
            f"extrapolate, {engine}" + (", own clip" if own else ""),
            "extrapolate",
            partial(_extrapolate, engine, own),
            _pressing("Continue the music"),
            lambda visitor: files(visitor, "extrapolate_player"),
        )
        for engine, own in (
            ("Loop", False), ("Loop", True), ("Spectral", False), ("Structure", True),
            ("Published LSTM", False),
        )
    ),
    *(
        Job(
            f"compose, {engine}",
            "compose",
            partial(_compose, engine),
            _pressing("Compose"),
            lambda visitor: files(visitor, "compose_roll"),
        )
        for engine in ("Composer", "Chorale", "Published LSTM")
    ),
    *(
        Job(
            f"remix, {engine}",
            "remix",
            partial(_remix, engine),
            _pressing("Add a band"),
            lambda visitor: files(visitor, "remix_mixer", "remix_row"),
        )
        for engine in ("Band", "Published single LSTM")
    ),
    Job("sample, a place", "sample", _nothing, _place,
        lambda visitor: files(visitor, "sample_plane"), listed=False),
    Job("sample, a tune", "sample",
        lambda v, n: v.set("sample_tune", n % (len(v.widget("sample_tune").proto.options) - 1)),
        _pressing("sample_tune_play"), players),
    Job("sample, own note", "sample", _nothing,
        lambda v, n: v.upload("sample_note_upload", f"note-{n}.wav", note(n)),
        lambda visitor: files(visitor, "sample_note_row")),
    Job("compare, side by side", "compare", _compare, _pressing("Write"),
        lambda visitor: files(visitor, "compare_roll_")),
    Job("compare, in between", "compare", partial(_section, ":material/timeline:"), _between,
        lambda visitor: files(visitor, "compare_way_roll")),
    Job("compare, search", "compare", partial(_section, ":material/manage_search:"),
        lambda v, n: v.upload("compare_search_file", f"tune-{n}.mid", tune(n, 8)), texts),
    Job("home", "", _nothing, _nothing, lambda v: files(v, "home_player"), listed=False),
    Job("gallery, a card", "gallery", _nothing, _gallery, gallery, listed=False),
    Job("listening test, votes", "listen", _nothing, _vote, lambda v: "", listed=False),
    Job("scoreboard, sorted", "scoreboard", _nothing, _sort, tables, listed=False),
    Job("how it works", "engines", _nothing, _nothing, texts, listed=False),
)  # fmt: skip


def chosen(wanted: Sequence[str] | None) -> list[Job]:
    """The jobs in whose names one of these parts is; all without."""
    return [job for job in JOBS if wanted is None or any(part in job.name for part in wanted)]

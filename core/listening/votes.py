"""A vote, and how much it counts.

The rule, which `weighted` applies to all votes at once, so that it can be changed later and the
figures made again from the same file:

1. A vote is left out if it came faster than `least_s`: the sound was not heard.
2. Of one visit's votes on one question the first is taken.
3. A visit is asked once to tell music from plain noise. If it takes the noise, somebody did not
   listen: its votes count WRONG_CHECK. If it was not asked, or skipped it, they count NO_CHECK.
4. A visit that pressed one button ONE_BUTTON times or more, and never the other, counts nothing.
   The order of sounds is drawn, so a listener does that once in 2 ** (ONE_BUTTON - 1) visits.
5. A visit counts VISIT_CAP votes at most, however many it sent.

None of it needs to know who somebody is. It makes false votes dear, not impossible: whoever opens
many visits and waits in each can still vote often, which no test without accounts prevents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

TRUTH = "truth"
"""The maker of a sound that nobody generated."""
NOISE = "noise"
"""The maker of the sound by which a visit is checked."""
TRUE_OR_GENERATED, PAIR = "true", "pair"
KINDS = (TRUE_OR_GENERATED, PAIR)

MIN_LISTENING_S = 1.5
LISTENING_SHARE = 0.15
"""Of all the sound in a question that must have had time to play."""
WRONG_CHECK, NO_CHECK = 0.25, 0.5
ONE_BUTTON = 10
VISIT_CAP = 12.0

_LONGEST = 120


@dataclass(frozen=True)
class Vote:
    """One answer.

    visit: a pseudonym that changes every day (core.listening.keeping). day: YYYY-MM-DD, UTC.
    kind: of KINDS. job, item: of the gallery. shown: who made the sound, or the two sounds in the
    order of their buttons. choice: the button, 0 or 1; for TRUE_OR_GENERATED 0 says true.
    sound_s: of all sounds together. waited_s: from when they were shown, by the server's clock.

    Raises ValueError for what is no vote.
    """

    visit: str
    day: str
    kind: str
    job: str
    item: str
    shown: tuple[str, ...]
    choice: int
    sound_s: float
    waited_s: float

    def __post_init__(self) -> None:
        texts = (self.visit, self.job, self.item, *self.shown)
        if self.kind not in KINDS or len(self.shown) != 1 + (self.kind == PAIR):
            raise ValueError("a vote is on one sound or on a pair")
        if self.choice not in (0, 1) or not all(0 < len(text) <= _LONGEST for text in texts):
            raise ValueError("a vote needs a choice and names")
        if not (0 < self.sound_s < 1e4 and 0 <= self.waited_s < 1e6):
            raise ValueError("a vote needs times")
        date.fromisoformat(self.day)

    @property
    def question(self) -> str:
        """Equal for the same sounds, whichever came first."""
        return "/".join((self.kind, self.job, self.item, "+".join(sorted(self.shown))))

    @property
    def is_check(self) -> bool:
        return NOISE in self.shown

    @property
    def chosen(self) -> str:
        """Whose sound was taken for true, or liked better; empty where one was called generated."""
        if self.kind == PAIR:
            return self.shown[self.choice]
        return self.shown[0] if self.choice == 0 else ""

    def to_fields(self) -> dict[str, Any]:
        """JSON values by name; `from_fields` reads them back."""
        return asdict(self) | {"shown": list(self.shown)}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Vote:
        """Raises ValueError for what is no vote."""
        try:
            return cls(
                visit=str(fields["visit"]),
                day=str(fields["day"]),
                kind=str(fields["kind"]),
                job=str(fields["job"]),
                item=str(fields["item"]),
                shown=tuple(map(str, fields["shown"])),
                choice=int(fields["choice"]),
                sound_s=float(fields["sound_s"]),
                waited_s=float(fields["waited_s"]),
            )
        except (KeyError, TypeError, OverflowError) as error:
            raise ValueError("this is no vote") from error


def least_s(sound_s: float) -> float:
    """The shortest time in which so much sound can have been judged."""
    return min(sound_s, max(MIN_LISTENING_S, LISTENING_SHARE * sound_s))


def was_heard(vote: Vote) -> bool:
    """Whether there was time to listen before it."""
    return vote.waited_s >= least_s(vote.sound_s)


def weighted(votes: Iterable[Vote]) -> list[tuple[Vote, float]]:
    """The votes that count, each with its weight above 0, checks left out. The rule is above."""
    visits: dict[str, dict[str, Vote]] = defaultdict(dict)
    for vote in votes:
        if was_heard(vote):
            visits[vote.visit].setdefault(vote.question, vote)
    out = []
    for found in visits.values():
        own = list(found.values())
        counted = [vote for vote in own if not vote.is_check]
        weight = _trust(own) * min(1.0, VISIT_CAP / max(len(counted), 1))
        if weight > 0:
            out += [(vote, weight) for vote in counted]
    return out


def _trust(votes: Sequence[Vote]) -> float:
    """Of one visit, from 0 to 1."""
    if len(votes) >= ONE_BUTTON and len({vote.choice for vote in votes}) == 1:
        return 0.0
    checks = [vote.chosen != NOISE for vote in votes if vote.is_check]
    if not checks:
        return NO_CHECK
    return 1.0 if all(checks) else WRONG_CHECK

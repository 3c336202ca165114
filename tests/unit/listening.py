"""Votes for the tests of the listening test."""

from core.listening.votes import NOISE, PAIR, TRUE_OR_GENERATED, TRUTH, Vote


def vote(visit="a" * 16, *, kind=PAIR, shown=("x", "y"), choice=0, item="one", waited_s=10.0):
    """One that counts, unless something else is asked for."""
    return Vote(visit, "2026-11-26", kind, "extrapolate", item, shown, choice, 12.0, waited_s)


def single(visit="a" * 16, *, shown=TRUTH, choice=0, **rest):
    return vote(visit, kind=TRUE_OR_GENERATED, shown=(shown,), choice=choice, **rest)


def check(visit="a" * 16, *, right=True):
    return vote(visit, shown=(NOISE, TRUTH), choice=int(right), item="check")

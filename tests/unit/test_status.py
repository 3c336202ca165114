"""Counting runs, and what the owner of a host is told."""

import json
import logging
import re

import pytest

from core.errors import UserInputError
from core.jobs import ThreadExecutor
from core.logs import JsonFormatter
from core.status import as_text, status
from core.tally import Tally

WAIT_S = 20.0


def test_runs_are_counted_by_kind_and_outcome():
    executor = ThreadExecutor()

    def refuse(progress):
        raise UserInputError("no")

    done = executor.submit(lambda progress: 1, owner="ann", kind="remix")
    assert done.result(WAIT_S) == 1
    with pytest.raises(UserInputError):
        executor.submit(refuse, owner="ann", kind="remix").result(WAIT_S)
    # A job is counted just after its outcome is known: one more behind them settles that.
    executor.submit(lambda progress: None, owner="ann", kind="last").result(WAIT_S)
    now = status(executor)
    (remix,) = [row for row in now.runs if row.kind == "remix"]
    assert remix.outcomes == {"done": 1, "failed": 1}
    assert 0 <= remix.p50_s <= WAIT_S
    executor.close()


def test_quantiles_are_those_of_the_done():
    tally = Tally()
    for seconds in range(1, 102):
        tally.count("compose", "done", float(seconds))
    tally.count("compose", "cancelled")
    (row,) = tally.counted()
    assert (row.p50_s, row.p95_s) == (51.0, 96.0)
    assert row.outcomes == {"done": 101, "cancelled": 1}


def test_the_text_has_one_number_a_line():
    executor = ThreadExecutor()
    executor.tally.count("sample", "failed")
    text = as_text(status(executor))
    executor.close()
    assert 'encore_runs_total{kind="sample",outcome="failed"} 1' in text
    for line in text.splitlines():
        assert re.fullmatch(r"encore_[a-z_]+(\{[^}]*\})? (-?[\d.]+|nan)", line), line
    resident = float(re.search(r"^encore_resident_megabytes (.*)$", text, re.M).group(1))
    assert 10 < resident < 100_000


def test_a_log_line_is_one_object_whatever_is_in_it():
    record = logging.LogRecord("core.x", logging.WARNING, "f", 1, 'said "%s"\n', ("é",), None)
    record.job = "abc"
    line = JsonFormatter().format(record)
    assert "\n" not in line
    fields = json.loads(line)
    assert (fields["level"], fields["logger"], fields["job"]) == ("warning", "core.x", "abc")
    assert fields["message"] == 'said "é"\n'

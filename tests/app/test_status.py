"""The status page opens to its owner alone."""

import pytest

from tests.app.drive import page

TOKEN = "a-long-enough-token"


@pytest.mark.parametrize("given", [{}, {"token": "another-token-altogether"}])
def test_without_the_token_nothing_is_told(monkeypatch, given):
    monkeypatch.setenv("ENCORE_STATUS_TOKEN", TOKEN)
    at = page("status", **given)
    assert not at.exception
    assert "owner" in at.info[0].value
    assert not at.metric


def test_no_token_set_opens_it_to_nobody(monkeypatch):
    monkeypatch.delenv("ENCORE_STATUS_TOKEN", raising=False)
    at = page("status", token="")
    assert not at.metric


def test_the_owner_sees_memory_queue_and_runs(monkeypatch):
    monkeypatch.setenv("ENCORE_STATUS_TOKEN", TOKEN)
    at = page("status", token=TOKEN)
    assert not at.exception
    assert [metric.label for metric in at.metric][:3] == ["Up", "Memory", "Runs going"]
    assert "encore_resident_megabytes" in at.code[0].value

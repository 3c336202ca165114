"""What a host may set, and what it is told when that is of no use."""

from pathlib import Path

import pytest

from core.settings import VARIABLES, Settings, SettingsError, read, settings

README = Path(__file__).parents[2] / "README.md"


def test_nothing_set_is_the_default_and_empty_counts_as_unset():
    assert read({}) == Settings()
    assert read(dict.fromkeys(VARIABLES, " ")) == Settings()


def test_everything_that_can_be_set(tmp_path):
    font = tmp_path / "font.sf2"
    font.touch()
    found = read(
        {
            "ENCORE_WORKERS": "2",
            "ENCORE_WEIGHTS_DIR": str(tmp_path),
            "ENCORE_SOUNDFONT": str(font),
            "ENCORE_VOTES": str(tmp_path / "votes.sqlite"),
            "ENCORE_VOTES_REPO": "someone/votes",
            "ENCORE_LOG": "json",
            "ENCORE_STATUS_TOKEN": "0123456789abcdef",
        }
    )
    assert found == Settings(
        2, tmp_path, font, tmp_path / "votes.sqlite", "someone/votes", "json", "0123456789abcdef"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENCORE_WORKERS", "0"),
        ("ENCORE_WORKERS", "17"),
        ("ENCORE_WORKERS", "many"),
        ("ENCORE_WEIGHTS_DIR", "/no/such/folder"),
        ("ENCORE_SOUNDFONT", "/no/such/file"),
        ("ENCORE_LOG", "xml"),
        ("ENCORE_VOTES_REPO", "votes"),
        ("ENCORE_STATUS_TOKEN", "short"),
    ],
)
def test_what_is_of_no_use_is_named(name, value):
    with pytest.raises(SettingsError, match=name):
        read({name: value})


def test_a_change_of_the_environment_is_seen(monkeypatch):
    monkeypatch.setenv("ENCORE_WORKERS", "3")
    assert settings().workers == 3
    monkeypatch.setenv("ENCORE_WORKERS", "4")
    assert settings().workers == 4


def test_the_readme_lists_every_variable_as_it_is():
    text = README.read_text(encoding="utf-8")
    for name, told in VARIABLES.items():
        assert f"| `{name}` | {told} |" in text

"""Which votes count, where they are kept, and what is in the file."""

import re
import sqlite3
import threading
from pathlib import Path

import pytest

import core.__main__ as cli
from core.errors import UserInputError
from core.listening import dataset, keeping, store
from core.listening.dataset import Dataset
from core.listening.keeping import Pseudonyms, new_visit
from core.listening.store import Store, from_line, read, to_line
from core.listening.votes import (
    NO_CHECK,
    ONE_BUTTON,
    VISIT_CAP,
    WRONG_CHECK,
    Vote,
    least_s,
    weighted,
)
from tests.unit.listening import check, single, vote


def weights(*votes):
    return [weight for _, weight in weighted(votes)]


def test_a_vote_faster_than_the_sound_does_not_count():
    assert least_s(10.0) == 1.5
    assert least_s(24.0) == pytest.approx(3.6)
    assert least_s(1.2) == 1.2
    assert weights(check(), vote(waited_s=1.7)) == []  # of 12 s, 1.8 must have played
    assert weights(check(), vote(waited_s=1.9)) == [1.0]


def test_one_vote_a_question_and_visit_whichever_sound_came_first():
    again = vote(shown=("y", "x"), choice=0)
    ((kept, weight),) = weighted([check(), vote(choice=0), again])
    assert (kept.chosen, weight) == ("x", 1.0)
    assert len(weights(vote(), vote("b" * 16), vote(item="two"))) == 3


def test_who_takes_noise_for_music_counts_less():
    assert weights(check(right=True), vote()) == [1.0]
    assert weights(check(right=False), vote()) == [WRONG_CHECK]
    assert weights(vote()) == [NO_CHECK]
    assert weights(check()) == []


def test_who_only_ever_presses_one_button_does_not_count():
    same = [vote(item=f"{at}", choice=1) for at in range(ONE_BUTTON)]
    assert weights(*same) == []
    assert len(weights(*same[1:], single(choice=0))) == ONE_BUTTON


def test_a_visit_counts_no_more_than_its_cap():
    many = [vote(item=f"{at}", choice=at % 2) for at in range(200)]
    found = weights(check(), *many)
    assert len(found) == 200
    assert sum(found) == pytest.approx(VISIT_CAP)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "other"}, {"shown": ["x"]}, {"choice": 2}, {"choice": "x"}, {"day": "today"},
        {"sound_s": float("nan")}, {"waited_s": -1}, {"visit": ""}, {"item": "x" * 500},
    ],
)  # fmt: skip
def test_what_is_no_vote_is_refused(wrong):
    assert Vote.from_fields(vote().to_fields()) == vote()
    with pytest.raises(ValueError, match=r"."):
        Vote.from_fields(vote().to_fields() | wrong)


def test_a_store_keeps_the_first_vote_of_each_question(tmp_path):
    kept = Store(tmp_path / "new" / "votes.sqlite")
    assert kept.works()
    assert kept.add([vote(), single()])
    assert kept.add([vote(choice=1)])
    assert kept.votes() == [vote(), single()]
    assert kept.count() == 2
    assert read(kept.path) == kept.votes()


def test_threads_lose_no_vote(tmp_path):
    path = tmp_path / "votes.sqlite"
    stores = [Store(path), Store(path)]  # as two processes have one each
    wrong = []

    def work(number):
        own = [[vote(f"{number:016x}", item=f"{at}")] for at in range(15)]
        wrong.extend(one for one in own if not stores[number % 2].add(one))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(stores[0].votes()) == 60


@pytest.mark.parametrize("place", ["/proc/encore/votes.sqlite", "file/votes.sqlite"])
def test_where_nothing_can_be_written_nothing_is_kept_and_nothing_fails(tmp_path, place):
    (tmp_path / "file").touch()
    kept = Store(tmp_path / place)
    assert not kept.works()
    assert not kept.add([vote()])
    assert (kept.votes(), kept.count()) == ([], 0)


def test_a_folder_that_became_read_only_is_no_error(tmp_path, monkeypatch):
    kept = Store(tmp_path / "votes.sqlite")
    assert kept.add([vote()])
    real = kept._connected

    def read_only():
        base = real()
        base.execute("PRAGMA query_only = ON")
        return base

    monkeypatch.setattr(kept, "_connected", read_only)
    assert not kept.works()
    assert not kept.add([single()])
    assert kept.votes() == [vote()]


def test_a_full_disk_is_no_error_and_what_was_kept_stays(tmp_path):
    kept = Store(tmp_path / "votes.sqlite", max_bytes=24_576)
    answers = [kept.add([vote(item=f"{at:0100}")]) for at in range(60)]
    assert answers[0]
    assert not answers[-1]
    assert len(kept.votes()) == sum(answers) > 10


def test_the_file_holds_nothing_about_anybody(tmp_path):
    names, visit = Pseudonyms(), new_visit()
    kept = Store(tmp_path / "votes.sqlite")
    kept.add([vote(names.of(visit, "2026-11-26"))])
    with sqlite3.connect(kept.path) as base:
        columns = [row[1] for row in base.execute("PRAGMA table_info(votes)")]
    assert set(columns) == {
        "visit", "question", "day", "kind", "job", "item", "shown", "choice", "sound_s",
        "waited_s",
    }  # fmt: skip
    assert visit.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", kept.votes()[0].day)


def test_a_visits_name_changes_every_day_and_with_every_process():
    names, visit = Pseudonyms(), new_visit()
    first = names.of(visit, "2026-11-26")
    assert re.fullmatch(r"[0-9a-f]{16}", first)
    assert first == names.of(visit, "2026-11-26")
    assert first != names.of(new_visit(), "2026-11-26")
    assert first != Pseudonyms().of(visit, "2026-11-26")
    assert first != names.of(visit, "2026-11-27")
    assert first != names.of(visit, "2026-11-26")  # yesterday's salt is gone


class FakeHub:
    """What CommitScheduler and we ask of an HfApi."""

    def __init__(self, folder):
        self.folder, self.asked, self.commits = folder, [], []
        self.away = 1

    def create_repo(self, **asked):
        if self.away:
            self.away -= 1
            raise ConnectionError("the Hub is away")
        self.asked.append(asked)
        return type("Url", (), {"repo_id": asked["repo_id"]})

    def run_as_future(self, work):
        from concurrent.futures import Future

        done = Future()
        done.set_result(work())
        return done

    def create_commit(self, *, operations, **rest):
        self.commits.append({one.path_in_repo: one.path_or_fileobj.read() for one in operations})

    def list_repo_files(self, repo_id, *, repo_type):
        return [".gitattributes", "votes/votes-0.jsonl"]

    def hf_hub_download(self, repo_id, name, *, repo_type):
        return str(self.folder / name)


def test_votes_go_to_a_dataset_once_it_answers_and_come_back_from_it(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "RETRY_S", 0.0)
    earlier = vote("b" * 16)
    (tmp_path / "votes").mkdir()
    (tmp_path / "votes/votes-0.jsonl").write_text(to_line(earlier) + "no vote\n" + "[1]\n{}\n")
    hub, kept = FakeHub(tmp_path), Store(tmp_path / "votes.sqlite")
    sent = Dataset("owner/votes", "token", tmp_path / "dataset", api=hub)
    assert sent.add(vote())
    sent.start(kept).join(60)
    assert sent.add(single())
    sent.push()
    sent.stop()
    assert hub.asked == [
        {"repo_id": "owner/votes", "private": True, "repo_type": "dataset", "exist_ok": True}
    ]
    (name,) = hub.commits[-1]
    assert re.fullmatch(r"votes/votes-[0-9a-f]{16}\.jsonl", name)
    lines = hub.commits[-1][name].decode().splitlines()
    assert [from_line(line) for line in lines] == [vote(), single()]
    assert kept.votes() == [earlier]
    assert read(tmp_path / "dataset") == [vote(), single()]


def test_a_dataset_needs_a_token_and_a_name(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(Dataset, "start", lambda self, store: started.append(self.repo_id))
    monkeypatch.setenv("ENCORE_VOTES", str(tmp_path / "votes.sqlite"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("ENCORE_VOTES_REPO", "owner/votes")
    assert keeping.keeper().dataset is None
    monkeypatch.setenv("HF_TOKEN", "hf_not_a_real_one")
    keeper = keeping.keeper()
    assert started == ["owner/votes"]
    assert keeper.keep(vote())
    assert keeper.store.path == tmp_path / "votes.sqlite"
    assert read(tmp_path / "dataset") == read(keeper.store.path) == [vote()]


def test_the_command_line_prints_the_table(tmp_path, capsys):
    kept = Store(tmp_path / "votes.sqlite")
    kept.add([check(), vote(shown=("loop", "truth"), choice=1), single(shown="loop", choice=0)])
    assert cli.main(["votes", str(kept.path)]) == 0
    out = capsys.readouterr().out
    assert "3 votes, 2 of which count" in out
    assert re.search(r"The true recording +1500 +\[1500, 1500\] +1\n", out)
    assert re.search(r"Loop +100 +\[21, 100\] +1\n", out)
    (tmp_path / "other").write_text("hello")
    for wrong in ("other", "missing", "."):
        status = cli.main(["votes", str(tmp_path / wrong)])
        assert status == (0 if wrong == "." else 2)
    with pytest.raises(UserInputError, match="no votes"):
        store.read(Path(tmp_path / "other"))

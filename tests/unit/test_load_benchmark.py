"""The load test's client does what a browser does, and its tables tell right from wrong."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import load, load_inputs, load_server, soak
from benchmarks.load import Done, Load
from benchmarks.load_client import Visitor
from benchmarks.load_jobs import JOBS, Job, Outcome
from benchmarks.load_server import Taken, serving
from benchmarks.load_widgets import VisitError

PAGE = """
import time
import streamlit as st

state = st.session_state
st.title("Page " + st.query_params.get("name", "none"))

@st.fragment(run_every=0.1)
def watch():
    if time.monotonic() > state["until"]:
        del state["until"]
        state["done"] = state["asked"]
        st.rerun()
    st.progress(0.5, text="Waiting for a free place, number 3 in the queue")
    st.button("Cancel", key="work_cancel")

with st.form("form"):
    st.selectbox("Which", ["First", "Second"], key="which")
    st.pills("Many", ["One", "Two", "Three"], selection_mode="multi", key="many")
    st.slider("How much", 0, 10, key="much")
    if st.form_submit_button("Work"):
        state["asked"] = [state["which"], state["many"], state["much"]]
        state["until"] = time.monotonic() + 0.3
st.toggle("More", key="more")
if state["more"]:
    st.error("More is not there.")
if st.button("Break", key="break"):
    raise KeyError("broken")
file = st.file_uploader("A file", key="file")
if file is not None:
    st.markdown(f"{file.name} {len(file.getvalue())}")
if "until" in state:
    watch()
elif "done" in state:
    st.markdown(str(state["done"]))
    st.audio(("RIFF" + str(state["done"])).encode(), format="audio/wav")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    script = tmp_path_factory.mktemp("page") / "page.py"
    script.write_text(PAGE)
    with serving(script) as found:
        yield found


@pytest.fixture
def visitor(server):
    with Visitor(server.address, patience_s=30) as found:
        found.open()
        yield found


def said(visitor):
    return [one.body for one in visitor.all("markdown")]


def test_a_form_is_sent_its_work_watched_and_the_result_fetched(visitor):
    assert visitor.first_element_s > 0
    visitor.set("which", "Sec")
    visitor.set("many", ["One", "Three"])
    visitor.set("much", 7)
    visitor.press("Work")
    assert visitor.waits()
    visitor.settle()
    assert said(visitor) == ["['Second', ['One', 'Three'], 7]"]
    assert visitor.longest_place == 3
    assert visitor.all("progress") == []
    [player] = visitor.all("audio")
    assert visitor.fetch(player.url) == b"RIFF['Second', ['One', 'Three'], 7]"


def test_tabs_do_not_share_what_they_hold(server, visitor):
    with Visitor(server.address) as other:
        other.open(query="name=two")
        other.set("more", True)
        assert other.problems() == ["More is not there."]
        assert [one.body for one in other.all("heading")] == ["Page two"]
    visitor.open()
    assert visitor.problems() == []
    assert [one.body for one in visitor.all("heading")] == ["Page none"]


def test_a_file_arrives_whole_under_its_name(visitor):
    visitor.upload("file", 'odd "name".bin', bytes(70_000))
    [text] = said(visitor)
    assert text.startswith("odd ")
    assert text.endswith(".bin 70000")


def test_what_goes_wrong_is_an_error_of_the_visit(visitor):
    with pytest.raises(VisitError, match="no nothing on the page"):
        visitor.widget("nothing")
    with pytest.raises(VisitError, match="no button nothing"):
        visitor.press("nothing")
    with pytest.raises(VisitError, match="none of"):
        visitor.set("which", "Third")
    with pytest.raises(VisitError, match="gives 404"):
        visitor.fetch("/media/none.wav")
    with pytest.raises(VisitError, match="traceback on the page"):
        visitor.press("break")


def test_the_server_is_watched_and_its_log_read(server):
    held = server.taken()
    assert held.memory_mb > 50
    assert held.threads > 1
    assert held.handles > 5
    assert server.lives()
    assert server.defects() >= 0


def test_children_count_with_their_parent():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
    try:
        assert {os.getpid(), child.pid} <= set(load_server.family(os.getpid()))
        assert child.pid not in load_server.family(child.pid + 1_000_000)
    finally:
        child.kill()
        child.wait()


def test_a_server_that_does_not_start_is_told_with_its_log(tmp_path, monkeypatch):
    monkeypatch.setattr(load_server, "START_S", 20.0)
    with pytest.raises(RuntimeError, match="does not answer"), serving(tmp_path / "none.py"):
        pytest.fail("there is nothing to serve")


# ---- tables -------------------------------------------------------------------------------------


def outcome(digest, seconds=1.0):
    return Outcome(digest, seconds, 0.2, 0.1)


A = Job("a", "", lambda v, n: None, lambda v, n: None, lambda v: "")
EXPECTED = {("a", 0): outcome("x"), ("a", 1): outcome("y"), ("a", 2): outcome("z", 60.0)}


def seen(*done, **more):
    return Load([Done(A, number, *rest) for number, *rest in done], **more)


def kept(table):
    return {row[0]: row[3] for row in table.rows}


def test_right_swapped_wrong_and_failed_are_told_apart():
    found = seen((0, outcome("x")), (1, outcome("x")), (2, outcome("?")), (0, None, "broken"))
    told = [load.verdict(one, EXPECTED) for one in found.done]
    assert told == ["right", "swapped", "wrong", "error"]
    table = load.promises(found, EXPECTED, 25)
    assert [row[1] for row in table.rows[:3]] == [1, 1, 1]
    assert [row[3] for row in table.rows[:3]] == ["no", "no", "no"]
    assert len(load.failures(found, EXPECTED)[0].rows) == 3
    assert load.failures(seen((0, outcome("x"))), EXPECTED) == []


def test_what_is_asked_of_short_jobs_goes_with_visitors_and_cores(monkeypatch):
    monkeypatch.setattr(load, "cores", lambda: 2)
    name = "95 % of short jobs within, s"
    fast = load.promises(seen((0, outcome("x", 18.7)), (2, outcome("z", 900.0))), EXPECTED, 25)
    slow = load.promises(seen((0, outcome("x", 18.8))), EXPECTED, 25)
    assert [kept(fast)[name], kept(slow)[name]] == ["yes", "no"]
    large = load.promises(seen((0, outcome("x")), peak_mb=6001.0, defects=1), EXPECTED, 25)
    assert kept(large)["most memory, MB"] == "no"
    assert kept(large)["tracebacks in the log"] == "no"


def test_visitors_are_spread_over_all_jobs_and_do_none_twice():
    plans = load.plan(JOBS, 25)
    for mine in plans:
        assert len({job.name for job, _ in mine}) == len(mine) == load.EACH
    for turn in range(load.EACH):
        assert len({mine[turn][0].name for mine in plans}) == len(JOBS)
    numbers = [number for mine in plans for _, number in mine]
    assert len(set(numbers)) == len(numbers)


def test_every_page_has_a_job():
    folder = Path(load_server.ROOT) / "pages"
    pages = {path.stem for path in folder.glob("*.py")} - {"home", "status"}
    assert pages <= {job.page for job in JOBS}


def test_inputs_are_the_same_each_time_and_differ_between_numbers():
    for make in (load_inputs.sound, load_inputs.note, load_inputs.tune):
        assert make(1) == make(1)
        assert make(1) != make(2)


# ---- soak ---------------------------------------------------------------------------------------


def test_soaks_are_drawn_alike_and_hold_all_ways():
    runs = list(soak.drawn(JOBS, 300))
    assert runs == list(soak.drawn(JOBS, 300))
    assert {run.how for run in runs} == {"whole", "left", "bad"}
    assert len({run.job.name for run in runs}) == len(JOBS)


def test_a_phase_counts_what_ended_how_and_stops_when_it_is_late():
    def one(run):
        if run.number == 3:
            raise VisitError("no answer")
        return run.how

    found, runs = soak.Soak(), list(soak.drawn([A], 20))
    soak.phase(found, runs, time.monotonic() + 60, one, lambda: Taken(1.0, 2, 3))
    assert found.ended["error"] == 1
    assert found.ended.total() == len(found.way) == 20
    assert found.errors == [["a", 3, runs[3].how, "VisitError: no answer"]]
    soak.phase(found, runs, time.monotonic() - 1, one, lambda: Taken(1.0, 2, 3))
    assert found.ended.total() == 20


@pytest.mark.parametrize(
    ("end", "answers"),
    [
        (Taken(104.0, 9, 20), ["yes", "yes", "yes"]),
        (Taken(106.0, 9, 20), ["no", "yes", "yes"]),
        (Taken(100.0, 10, 21), ["yes", "no", "no"]),
    ],
)
def test_growth_is_that_of_a_warm_process_at_rest(end, answers):
    found = soak.Soak(warm=Taken(100.0, 9, 20), end=end, seconds=[1.0])
    told = kept(soak.promises(found, 0, 0))
    names = ["growth, %", "threads, warm and at the end", "handles, warm and at the end"]
    assert [told[name] for name in names] == answers

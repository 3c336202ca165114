"""A part that asks for itself waits until the run before it has said all."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from streamlit.runtime.app_session import AppSession, AppSessionState

from ui import order


def run(body):
    """In a thread of its own: a browser of other tests may keep this one's event loop."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(body())).result()


class Runner:
    def __init__(self, takes=False):
        self.takes, self.asked = takes, []

    def request_rerun(self, asked):
        self.asked.append(asked)
        return self.takes


def a_session(runner):
    class Session:
        def __init__(self):
            self._event_loop = asyncio.get_running_loop()
            self._scriptrunner, self._state = runner, AppSessionState.APP_NOT_RUNNING
            self.created = []

        def _create_scriptrunner(self, asked):
            self._scriptrunner = Runner(takes=True)
            self.created.append(asked)

    assert order.keep(Session)
    before = Session._create_scriptrunner
    assert order.keep(Session)
    assert Session._create_scriptrunner is before
    return Session()


def test_a_runner_is_started_at_once_where_there_is_none():
    async def body():
        session = a_session(None)
        session._create_scriptrunner("page")
        assert session.created == ["page"]

    run(body)


def test_a_request_waits_until_the_ended_runner_is_gone():
    async def body():
        session = a_session(ended := Runner())
        session._create_scriptrunner("part")
        await asyncio.sleep(4 * order.AGAIN_S)
        assert session._scriptrunner is ended
        assert session.created == []
        session._scriptrunner = None  # what Streamlit does when it has heard all of it
        await asyncio.sleep(4 * order.AGAIN_S)
        assert session.created == ["part"]

    run(body)


def test_a_runner_that_came_meanwhile_takes_the_request():
    async def body():
        session = a_session(Runner())
        session._create_scriptrunner("part")
        session._scriptrunner = page = Runner(takes=True)
        await asyncio.sleep(4 * order.AGAIN_S)
        assert page.asked == ["part"]
        assert session.created == []

    run(body)


def test_nothing_is_started_for_a_session_that_is_over():
    async def body():
        session = a_session(Runner())
        session._create_scriptrunner("part")
        session._scriptrunner, session._state = None, AppSessionState.SHUTDOWN_REQUESTED
        await asyncio.sleep(4 * order.AGAIN_S)
        assert session.created == []

    run(body)


def test_the_streamlit_that_is_installed_has_what_is_relied_on():
    order.keep()
    assert hasattr(AppSession._create_scriptrunner, "waits")
    assert {"_scriptrunner", "_state", "_event_loop"} <= set(AppSession.__init__.__code__.co_names)


def test_another_streamlit_is_left_alone():
    class Other:
        pass

    assert not order.keep(Other)
    assert not hasattr(Other, "_create_scriptrunner")

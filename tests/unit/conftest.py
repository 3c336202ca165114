import pytest

from core.jobs import ThreadExecutor


@pytest.fixture
def make_executor():
    made = []

    def make(**limits):
        made.append(ThreadExecutor(**limits))
        return made[-1]

    yield make
    for executor in made:
        executor.close()

"""In pytest: keeps the place of our coverage data out of what the tests see."""

import os

import pytest

from ci_toolkit.suite.running_coverage import running_coverage
from ci_toolkit.suite.task_variable import COVERAGE_FILE

_MEASURED_FROM_THE_START = "COVERAGE_PROCESS_START"
_MULTIPROCESSING = "multiprocessing"


class CoverageFileGuard:
    """Gives the tests their own COVERAGE_FILE back once coverage has read ours.

    A test that runs ``coverage run`` or ``pytest --cov`` then finds its data in its own folder. What coverage itself
    starts in other processes (``patch = subprocess``) is told the place in other ways, with two exceptions, for
    which the variable stays: ``concurrency = multiprocessing``, and COVERAGE_PROCESS_START, which the user has set.
    """

    def __init__(self, of_the_user: str) -> None:
        """Take the variable as the user has it; ``""`` where it is not set."""
        self._of_the_user = of_the_user

    def give_back_early(self) -> None:
        """Give it back now if coverage has begun to measure, as ``--cov`` does before any conftest file is imported."""
        if running_coverage() is not None:
            self.pytest_sessionstart()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Give it back: in xdist's workers, pytest-cov begins to measure here."""
        if _measures_by_the_variable():
            return
        if self._of_the_user:
            os.environ[COVERAGE_FILE] = self._of_the_user
        else:
            os.environ.pop(COVERAGE_FILE, None)


def _measures_by_the_variable() -> bool:
    if os.environ.get(_MEASURED_FROM_THE_START):
        return True
    measuring = running_coverage()
    concurrency = measuring.get_option("run:concurrency") if measuring is not None else None
    return isinstance(concurrency, list) and _MULTIPROCESSING in concurrency

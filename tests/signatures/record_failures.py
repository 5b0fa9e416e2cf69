"""A pytest plugin for the campaign: writes each failure, as the journal records it, to the file $FAILURES."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from ci_toolkit.suite.reports import failure_of

SECONDS = 3


class HungError(BaseException):
    """A mutant that does not end."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise HungError(item.nodeid)

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("REVERSED"):
        items.reverse()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed and not hasattr(report, "context") and "PYTEST_XDIST_WORKER" not in os.environ:
        line = msgspec.json.encode((report.nodeid, failure_of(report, str(Path.cwd()))))
        with Path(os.environ["FAILURES"]).open("ab") as file:
            file.write(line + b"\n")

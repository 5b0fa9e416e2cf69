"""In pytest: what a process needs around the tests: to end with its supervisor, and to note xdist's dead workers."""

import ctypes
import os
import signal
import sys
import threading
import traceback
from types import TracebackType
from typing import Any

import pytest

from ci_toolkit.model.journal import Crashed
from ci_toolkit.model.journal_end import Closed, Stop
from ci_toolkit.model.task import ShardTask
from ci_toolkit.suite.clock import Clock
from ci_toolkit.suite.journal import journal_of
from ci_toolkit.suite.opening import opened

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when ``parent`` dies, so that a killed shard leaves nothing running."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


class ControllerPlugin:
    """Keeps the journal of xdist's controller: its workers' deaths. Each worker keeps the journal of its tests."""

    def __init__(self, task: ShardTask, config: pytest.Config) -> None:
        self.task = task
        self.clock = Clock(task)
        self.journal = journal_of(task, "main")
        self.journal.write(opened(task, "main", config, self.clock))
        self.interruption = NOT_INTERRUPTED

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport, sched: Any) -> None:  # noqa: ARG002
        """Note the test that took an xdist worker with it."""
        self.journal.write(
            Crashed(node_id=crashitem, path=crashitem.partition("::")[0], reason="its xdist worker died")
        )

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note why the session is interrupted."""
        self.interruption = interruption(excinfo)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Close the journal."""
        self.journal.write(closed(session, exitstatus, self.interruption, self.clock))


Interruption = tuple[Stop, str]
"""Who stopped the session by an exception, and why."""
NOT_INTERRUPTED: Interruption = (Stop.NOBODY, "")


def closed(session: pytest.Session, exitstatus: int, interruption: Interruption, clock: Clock) -> Closed:
    """Return the record that ends a journal."""
    stop, reason = interruption
    if session.shouldfail:
        stop, reason = Stop.FAILURES, str(session.shouldfail)
    elif session.shouldstop:
        stop, reason = Stop.PLUGIN, str(session.shouldstop)
    return Closed(at=clock.epoch_seconds(), exit_status=int(exitstatus), reason=reason, stop=stop)


def stacks_of(interrupt: BaseException) -> str:
    """Return where the test was interrupted, and where the other threads are."""
    here = threading.get_ident()
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    others = [
        f"thread {names.get(ident, ident)}:\n" + "".join(traceback.format_stack(frame))
        for ident, frame in sys._current_frames().items()  # noqa: SLF001 (documented, in spite of its name)
        if ident != here
    ]
    own = traceback.format_exception(type(interrupt), interrupt, _of_the_test(interrupt.__traceback__))
    return "\n".join(["".join(own), *others])


_ABOVE_TESTS = {"_pytest", "pluggy", "ci_toolkit"}


def _of_the_test(stack: TracebackType | None) -> TracebackType | None:
    # What runs the test stands above it, and tells nobody anything. Without a test below, the whole is told.
    frames = stack
    while frames is not None and str(frames.tb_frame.f_globals.get("__name__")).partition(".")[0] in _ABOVE_TESTS:
        frames = frames.tb_next
    return frames or stack


def interruption(excinfo: pytest.ExceptionInfo[BaseException]) -> Interruption:
    """Return who interrupted: ``pytest.exit``, or else Ctrl-C and its like."""
    if isinstance(excinfo.value, pytest.exit.Exception):
        return Stop.EXIT, f"pytest.exit: {excinfo.value.msg}"
    return Stop.INTERRUPT, excinfo.typename

"""Ends a test that runs over its time limit, after it has shown where it hangs."""

import os
import signal
import time
from collections.abc import Callable, Collection

from ci_toolkit.model.folded_test import FoldedTest
from ci_toolkit.suite.output import Output
from ci_toolkit.suite.progress import InFlight

DUMP_SECONDS = 2.0
"""What a test over its limit gets to dump its stack."""


class TimeLimits:
    """Which tests of an attempt went over theirs."""

    def __init__(self, limit_of: Callable[[str], float], output: Output) -> None:
        """Take what gives the limit of a category in seconds, 0 for none."""
        self._limit_of = limit_of
        self._output = output
        self._hit_at: dict[FoldedTest, float] = {}
        self._dumps_at: dict[FoldedTest, int] = {}
        """Where in the output their stacks begin."""

    def enforce(self, running: Collection[InFlight]) -> None:
        """Ask those over their limit for every thread's stack, and kill their process a moment later."""
        for flight in running:
            limit = self._limit_of(flight.test.category)
            if flight.test in self._hit_at:
                if time.monotonic() - self._hit_at[flight.test] > DUMP_SECONDS:
                    _kill(flight.pid, signal.SIGKILL)
            elif limit and time.monotonic() - flight.since > limit:
                self._hit_at[flight.test] = time.monotonic()
                self.dump([flight])

    def dump(self, running: Collection[InFlight]) -> None:
        """Ask each process of ``running`` once for every thread's stack; that ends it."""
        for flight in running:
            if flight.test not in self._dumps_at:
                self._dumps_at[flight.test] = self._output.size()
                _kill(flight.pid, signal.SIGABRT)  # faulthandler, which pytest turns on, dumps every stack

    def excess(self, test: FoldedTest) -> str:
        """Return that the test went over its limit, or ``""``."""
        return f"ran over its time limit of {self._limit_of(test.category):g} s" if test in self._hit_at else ""

    def stacks(self, test: FoldedTest) -> str:
        """Return what every thread did when the test was asked for its stacks, or ``""``."""
        return self._output.text_from(self._dumps_at[test]) if test in self._dumps_at else ""


def _kill(pid: int, signum: signal.Signals) -> None:
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        return

"""In pytest: the time, whatever the tests do to theirs."""

from ci_toolkit.model.task import ShardTask
from ci_toolkit.suite.originals import Originals


class Clock:
    """Tells the time of day by the supervisor's clock.

    The supervisor reads both its wall clock and ``time.perf_counter`` when it makes the task; here only
    ``perf_counter`` is read. That clock is the same one in every process of a machine: CPython reads CLOCK_MONOTONIC on
    Linux and mach_absolute_time on macOS (``_PyTime_GetPerfCounter`` in Python/pytime.c is the monotonic clock
    everywhere but on Windows), and the documentation of ``time.perf_counter`` calls it system-wide since Python 3.10.
    """

    def __init__(self, task: ShardTask) -> None:
        self._offset = task.wall_seconds - task.clock_seconds

    def epoch_seconds(self) -> float:
        """Return the time in seconds since the epoch, to the microsecond."""
        return round(self._offset + Originals.perf_counter(), 6)

"""Ends processes of which this one is not the parent: first by a signal that they may handle, then by SIGKILL."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

_GRACE_SECONDS: Final = 0.3
"""What a process gets to end by itself: PostgreSQL takes its shared memory with it."""
_PATIENCE_SECONDS: Final = 5.0
"""After this much even killed processes are no longer waited for: they hang in the kernel, or are another user's."""
_PAUSE: Final = 0.01
_ASK: Final = signal.SIGINT
"""PostgreSQL's fast shutdown, and what ends nearly everything else."""


def terminate_all(find: Callable[[], Sequence[int]]) -> None:
    """End the processes that ``find`` finds, and look again until it finds none."""
    since = time.monotonic()
    is_asked = False
    while (found := find()) and time.monotonic() - since < _PATIENCE_SECONDS:
        is_late = time.monotonic() - since > _GRACE_SECONDS
        if is_late or not is_asked:
            _signal_all(found, signal.SIGKILL if is_late else _ASK)
            is_asked = True
        time.sleep(_PAUSE)  # between two looks at what still runs


def _signal_all(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)

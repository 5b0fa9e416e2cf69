"""Identifies a process beyond its id, which the system gives out again, and waits until it ends.

``/proc`` is read here by hand because the keeper's start counts: psutil takes 45 ms of processor time to import,
and all that the keeper imports takes 75 ms.
"""

import os
import select
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ci_toolkit.model.record import Record

_AFTER_NAME: Final = ")"
_STATE: Final = 0
_PARENT: Final = 1
_STARTED: Final = 19
"""Where each fact stands in ``/proc/PID/stat``, counted after the name; see proc(5)."""
_POLL_SECONDS: Final = 0.1
"""How often an end is looked for on systems without pidfd."""


class ProcessIdentity(Record, frozen=True, kw_only=True):
    """A process, distinguished by its start from a later one with the same id."""

    pid: int
    started: int = 0
    """In the kernel's ticks; 0 where the system does not say."""

    @property
    def is_alive(self) -> bool:
        """Whether this very process still runs; one that only waits to be reaped does not."""
        return identity_of(self.pid) == self if sys.platform == "linux" else _answers(self.pid)


def identity_of(pid: int) -> ProcessIdentity | None:
    """Return the process ``pid`` as it is now, or None where it has ended."""
    if sys.platform != "linux":
        return ProcessIdentity(pid=pid) if _answers(pid) else None
    facts = _facts(Path(f"/proc/{pid}"))
    return ProcessIdentity(pid=pid, started=int(facts[_STARTED])) if facts and facts[_STATE] not in {"Z", "X"} else None


def parents() -> dict[int, int]:
    """Return the parent of every process of this machine; empty where the system does not say."""
    everything = ((int(entry.name), _facts(entry)) for entry in Path("/proc").glob("[0-9]*"))
    return {pid: int(facts[_PARENT]) for pid, facts in everything if facts}


def _facts(process: Path) -> list[str]:
    """Return what ``/proc/PID/stat`` says after the name, empty where the process has ended."""
    try:
        text = (process / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(_AFTER_NAME)[2].split()


def wait_for_an_end(
    owners: Sequence[ProcessIdentity], *, wakes: Sequence[int] = (), seconds: float | None = None
) -> bool:
    """Wait until one of ``owners`` ends (True), or one of ``wakes`` is readable or ``seconds`` have passed (False)."""
    watched = [descriptor for owner in owners if (descriptor := _pidfd(owner)) is not None]
    try:
        if not all(owner.is_alive for owner in owners):
            return True
        if len(watched) < len(owners):
            return _poll(owners, wakes, seconds)
        readable = _readable([*watched, *wakes], seconds)
        return any(descriptor in readable for descriptor in watched)
    finally:
        for descriptor in watched:
            os.close(descriptor)


def _readable(descriptors: Sequence[int], seconds: float | None) -> set[int]:
    """Wait until one of ``descriptors`` is readable or closed; unlike ``select``, whatever their numbers are."""
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return {descriptor for descriptor, _ in poll.poll(None if seconds is None else seconds * 1000)}


def _pidfd(owner: ProcessIdentity) -> int | None:
    if sys.platform != "linux":
        return None
    try:
        return os.pidfd_open(owner.pid)
    except OSError:  # it has ended, or a kernel before 5.3
        return None


def _poll(owners: Sequence[ProcessIdentity], wakes: Sequence[int], seconds: float | None) -> bool:
    limit = None if seconds is None else time.monotonic() + seconds
    while limit is None or time.monotonic() < limit:
        if _readable(wakes, _POLL_SECONDS):
            return False
        if not all(owner.is_alive for owner in owners):
            return True
    return False


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

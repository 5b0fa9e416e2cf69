"""Port leases: one file lock for each port, which the kernel releases when its owner ends."""

import fcntl
import os
import random
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import msgspec

from ci_toolkit.model.record import Record
from ci_toolkit.services.closing import Closing
from ci_toolkit.services.errors import PortTakenError
from ci_toolkit.services.ports.listeners import is_free, taken
from ci_toolkit.services.storage.folders import own_folder

DYNAMIC_PORTS: Final = range(20000, 30000)
"""Below the kernel's ephemeral ports, so that no outgoing connection is handed one of them."""
_ATTEMPTS: Final = 5


class Holder(Record, frozen=True, kw_only=True):
    """Who holds a lease, as its lock file says."""

    pid: int
    session: str
    directory: str

    def describe(self) -> str:
        """Return it for a message."""
        return f"ci-toolkit session {self.session} (pid {self.pid}, {self.directory})"


class PortLease(Closing):
    """The right to one port, until it is closed or its process ends."""

    def __init__(self, port: int, path: Path, descriptor: int) -> None:
        self.port = port
        self._path = path
        self._descriptor = descriptor

    def close(self) -> None:
        """Give the port back; safe to call twice."""
        if self._descriptor >= 0:
            self._path.unlink(missing_ok=True)  # before the lock goes: see _lock
            os.close(self._descriptor)
            self._descriptor = -1


def claim(registry: Path, port: int, holder: Holder) -> PortLease:
    """Lease ``port``, whoever listens on it. Raises PortTakenError naming the session that has it."""
    for _ in range(_ATTEMPTS):
        held = _lock(registry, port, holder)
        if held is not None:
            return held
        other = leased_by(registry, port)
        if other is not None:
            break  # else its lock was held for a moment by somebody who only looked
    raise taken(port, by=_describe(other), is_ours=other is not None and other.directory == holder.directory)


def lease_any(registry: Path, holder: Holder) -> PortLease:
    """Lease a port that nobody has. Raises PortTakenError if there is none."""
    first = random.randrange(len(DYNAMIC_PORTS))  # noqa: S311 (spreads sessions; the lock decides)
    for step in range(len(DYNAMIC_PORTS)):
        port = DYNAMIC_PORTS[(first + step) % len(DYNAMIC_PORTS)]
        held = _lock(registry, port, holder)
        if held is not None and is_free(port):
            return held
        if held is not None:
            held.close()
    raise PortTakenError(
        f"no port from {DYNAMIC_PORTS.start} to {DYNAMIC_PORTS.stop - 1} is free",
        advice="`ci-toolkit services status` shows who has services here; end some, or run fewer tests side by side.",
    )


def leased_by(registry: Path, port: int) -> Holder | None:
    """Return the living session that holds ``port``, or None."""
    path = _lock_path(registry, port)
    try:
        with closing(_Descriptor(path, os.O_RDONLY)) as file:
            return None if _try_lock(file.number) else _holder_in(file.number)
    except FileNotFoundError:
        return None


def forget_leases(registry: Path, *, of: Callable[[str], bool]) -> None:
    """Remove the files of leases that nobody holds any more and whose session is one ``of`` those given."""
    for path in (registry / "ports").glob("*"):
        with suppress(OSError), closing(_Descriptor(path, os.O_RDONLY)) as file:
            holder = _holder_in(file.number)
            # One without a holder was left by a session that was killed before it wrote its name.
            if (holder is None or of(holder.session)) and _try_lock(file.number) and _is_at(path, file.number):
                path.unlink(missing_ok=True)


def _holder_in(descriptor: int) -> Holder | None:
    try:
        return msgspec.json.decode(os.pread(descriptor, 4096, 0), type=Holder)
    except msgspec.DecodeError:
        return None


class _Descriptor:
    """A file descriptor that closes."""

    def __init__(self, path: Path, flags: int) -> None:
        self.number = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def close(self) -> None:
        os.close(self.number)


def _lock_path(registry: Path, port: int) -> Path:
    return own_folder(registry / "ports") / str(port)


def _lock(registry: Path, port: int, holder: Holder) -> PortLease | None:
    path = _lock_path(registry, port)
    file = _Descriptor(path, os.O_RDWR | os.O_CREAT)
    if not _try_lock(file.number) or not _is_at(path, file.number):
        file.close()
        return None
    text = msgspec.json.encode(holder)
    os.pwrite(file.number, text, 0)
    os.ftruncate(file.number, len(text))
    return PortLease(port, path, file.number)


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether the file that was opened is still the one at ``path``: who gives a lease back removes its file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _describe(holder: Holder | None) -> str:
    return holder.describe() if holder else "another ci-toolkit session"

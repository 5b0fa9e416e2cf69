"""Whether a port is free, and who listens on one that is taken.

``/proc`` is read by hand: this runs only where a port is taken, and psutil would be a further dependency of everybody.
"""

import errno
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from ci_toolkit.services.catalog.endpoint import LOOPBACK
from ci_toolkit.services.errors import PortTakenError

_TCP: Final = Path("/proc/net/tcp")
_LISTENING: Final = "0A"
_ENGINES: Final = ("docker-proxy", "rootlessport", "dockerd", "com.docker.")
"""Programs that listen for a container: a proxy or, without one, the engine itself."""


def taken(port: int, *, by: str, is_ours: bool = False) -> PortTakenError:
    """Return the error that says who holds ``port`` and what to do; ``is_ours`` if it is of the same project."""
    stop = (
        "Another run of this project uses it, or `services up` started it with another table or other migrations: "
        "stop that run, or run `ci-toolkit services down`,"
        if is_ours
        else "Stop it,"
    )
    return PortTakenError(
        f"port {port} is taken by {by}",
        advice=f"{stop} or run with --dynamic-ports: every fixture and variable then follows.",
    )


def is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` of the loopback now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
    return True


def listener(port: int, *, container_on: Callable[[int], str] = lambda _: "") -> str:
    """Return who listens on ``port``, as far as this user may see: a container, or a process id and its command.

    ``container_on`` returns which container publishes a port, or ``""``.
    """
    for pid in _listening_processes(port):
        command = _command(pid)
        if not any(name in command for name in _ENGINES):
            return f"pid {pid} ({command})"
        unnamed = f"a container (`docker ps --filter publish={port}` names it; pid {pid}: {command})"
        return container_on(port) or unnamed
    if named := container_on(port):
        return named
    if _TCP.exists() and not any(_listening_inodes(port)):
        return f"a program that listens no more or only holds it (`sudo ss -tanp 'sport = :{port}'`)"
    return f"another user's program (`sudo ss -ltnp 'sport = :{port}'` names it)"


def _listening_processes(port: int) -> Iterator[int]:
    """Yield the ids of the processes that listen on ``port``; Linux only, else nothing."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    if not sockets:
        return
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _has_open(entry, sockets):
            yield int(entry.name)


def _has_open(process: Path, sockets: set[str]) -> bool:
    try:
        return any(str(descriptor.readlink()) in sockets for descriptor in (process / "fd").iterdir())
    except OSError:  # it ended meanwhile, or is another user's
        return False


def _listening_inodes(port: int) -> Iterator[str]:
    for table in (_TCP, Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _command(pid: int) -> str:
    """Return the start of a process's command line, or its name where it hides that."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return "it ended meanwhile"
    text = " ".join(b" ".join(words).decode(errors="replace").split())
    return text[:80] or "its command is hidden"

"""The guard: waits for the keeper's end, then ends what it left running and removes what it left on disk."""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from ci_toolkit.model.record import Record, encode
from ci_toolkit.services.errors import EngineError
from ci_toolkit.services.ports.leases import forget_leases
from ci_toolkit.services.processes.identity import parents
from ci_toolkit.services.processes.termination import terminate_all
from ci_toolkit.services.providers.provider import CONTAINER_MARK
from ci_toolkit.services.storage.folders import remove_folder
from ci_toolkit.services.storage.snapshots import partial_folder
from ci_toolkit.services.supervision.session import SessionRequest, remove_info, session_folder

_PR_SET_CHILD_SUBREAPER: Final = 36


class SessionFiles(Record, frozen=True, kw_only=True):
    """What a session leaves on disk; holds no secret."""

    session: str
    registry: str
    data_folder: str
    cache: str


def files_of(request: SessionRequest) -> SessionFiles:
    """Return what the session of ``request`` leaves on disk."""
    return SessionFiles(
        session=request.session, registry=request.registry, data_folder=str(request.data_folder), cache=request.cache
    )


def clean_up_after(keeper: int, files: SessionFiles) -> None:
    """Wait for ``keeper`` to end, then end what it left and remove its files."""
    _reap(keeper)
    clean_up(files)


def become_guard(files: SessionFiles) -> NoReturn:
    """Clean up in place of a guard that was killed: as a new program, for then no thread of this one goes on."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the new program inherits it: who tells the keeper to end tells this
    command = [sys.executable, "-P", "-m", __spec__.name, encode(files).decode()]
    os.execv(sys.executable, command)  # noqa: S606 (this very Python)


def clean_up(files: SessionFiles) -> None:
    """End every process below this one and remove the session's files."""
    remove_info(Path(files.registry), files.session)
    terminate_all(_descendants)
    _remove_files(files)


def adopt_orphans() -> None:
    """Become the parent of every process whose own parent below this one ends; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _remove_files(files: SessionFiles) -> None:
    """Remove the session's containers and data and, last, the folder that shows that it lives."""
    registry, data = Path(files.registry), Path(files.data_folder)
    if any(data.glob(f"*/{CONTAINER_MARK}")):
        _remove_containers(files.session)
    remove_folder(data)
    remove_folder(partial_folder(Path(files.cache), files.session))
    forget_leases(registry, of=lambda session: session == files.session)
    remove_folder(session_folder(registry, files.session))


def _remove_containers(session: str) -> None:
    from ci_toolkit.services.providers.docker.provider import DockerProvider

    with suppress(EngineError):  # without an engine nothing runs in it; `services clean` finds what comes back with it
        DockerProvider().remove(session)


def _descendants() -> list[int]:
    """Return the processes below this one; none where the system does not say."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):  # until then one that has ended is still found
            continue
    above = parents()
    found = {os.getpid()}
    while more := {pid for pid, parent in above.items() if parent in found} - found:
        found |= more
    return sorted(found - {os.getpid()})


def _reap(pid: int) -> None:
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)


if __name__ == "__main__":
    clean_up(msgspec.json.decode(sys.argv[1], type=SessionFiles))

"""The guard: outlives the keeper by a moment, kills what it left running and removes what it left on disk."""

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from ci_toolkit.services.errors import EngineError
from ci_toolkit.services.owner import parents
from ci_toolkit.services.ports import forget_leases
from ci_toolkit.services.session import Wish, remove_card, remove_folder, session_folder
from ci_toolkit.services.snapshot import partial_folder

CONTAINER_MARK: Final = "container"
"""The file in a service's folder that is there as long as there may be a container of it."""
_PR_SET_CHILD_SUBREAPER: Final = 36
_GRACE_SECONDS: Final = 0.3
"""What the keeper's orphans get to end by themselves: PostgreSQL takes its shared memory with it."""
_PAUSE: Final = 0.01
_ASK: Final = signal.SIGINT
"""PostgreSQL's fast shutdown, and what ends nearly everything else."""


def clean_up_after(keeper: int, wish: Wish) -> None:
    """Wait for ``keeper`` to end, then end what it left and remove its files."""
    adopt_orphans()
    _reap(keeper)
    remove_card(Path(wish.registry), wish.session)
    end_descendants()
    remove_files(wish)


def adopt_orphans() -> None:
    """Become the parent of every process whose own parent below this one ends; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_descendants() -> None:
    """End every process below this one: asked first, killed after a grace."""
    since = time.monotonic()
    is_asked = False
    while below := _descendants(os.getpid()):
        is_late = time.monotonic() - since > _GRACE_SECONDS
        if is_late or not is_asked:
            _signal_all(below, signal.SIGKILL if is_late else _ASK)
            is_asked = True
        _reap_ended()
        time.sleep(_PAUSE)  # between two looks at what still runs


def remove_files(wish: Wish) -> None:
    """Remove the session's containers and data and, last, the folder that shows that it lives."""
    if any(wish.data_folder.glob(f"*/{CONTAINER_MARK}")):
        _remove_containers(wish.session)
    remove_folder(wish.data_folder)
    remove_folder(partial_folder(Path(wish.cache), wish.session))
    forget_leases(Path(wish.registry), of=lambda session: session == wish.session)
    remove_folder(session_folder(Path(wish.registry), wish.session))


def _remove_containers(session: str) -> None:
    from ci_toolkit.services.providers.docker import PROVIDER  # noqa: PLC0415 (most sessions have no container)

    with suppress(EngineError):  # without an engine nothing runs in it; `services clean` finds what comes back with it
        PROVIDER.remove(session)


def _descendants(root: int) -> list[int]:
    """Return the processes below ``root``; none where the system does not say."""
    above = parents()
    found = {root}
    while more := {pid for pid, parent in above.items() if parent in found} - found:
        found |= more
    return sorted(found - {root})


def _signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _reap(pid: int) -> None:
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)


def _reap_ended() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            continue

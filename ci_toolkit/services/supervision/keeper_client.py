"""Starts a keeper and waits for its answer, or ends one."""

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

import msgspec

from ci_toolkit.model.record import encode
from ci_toolkit.services.errors import KeeperError, OutOfTimeError
from ci_toolkit.services.processes.identity import ProcessIdentity, identity_of, wait_for_an_end
from ci_toolkit.services.supervision import messages
from ci_toolkit.services.supervision.session import SessionInfo, SessionRequest

_END_SECONDS: Final = 10.0
"""What a session gets to end by itself before its keeper is killed."""
_NOISE: Final = 20
_KEEPER: Final = """
import sys
sys.modules["typing_extensions"] = None  # msgspec takes from it what typing has as well
import msgspec
del sys.modules["typing_extensions"]
from ci_toolkit.services.supervision.keeper import main
sys.exit(main())
"""
"""The keeper's program. Every server waits for its imports: without that module they take a seventh less time."""


def start_keeper(
    request: SessionRequest, report: Callable[[str], None], *, seconds: float | None = None
) -> SessionInfo:
    """Start the keeper of ``request`` and return its info once everything answers.

    Raises OutOfTimeError where that takes more than ``seconds``, and the InfrastructureError that the keeper met;
    then, and when this is interrupted, nothing of the session is left.
    """
    request_read, request_write = os.pipe()
    answer_read, answer_write = os.pipe()
    try:
        guard = _spawn(request_read, answer_write)
    finally:
        os.close(request_read)
        os.close(answer_write)
    is_kept = False
    try:
        with suppress(BrokenPipeError), open(request_write, "wb", closefd=False) as line:
            line.write(encode(request) + b"\n")
        info = _await_answer(answer_read, report, None if seconds is None else time.monotonic() + seconds)
        is_kept = True
    finally:
        os.close(request_write)  # the keeper of a session that is not ready takes this as its end
        os.close(answer_read)
        if not is_kept:
            _have_ended(identity_of(guard) or ProcessIdentity(pid=guard))
    return info


def end_session(info: SessionInfo) -> None:
    """End a session and wait until nothing of it is left. Raises KeeperError if it cannot be ended."""
    _send(info.keeper, signal.SIGTERM)
    if _have_ended(info.guard, info.keeper):
        return
    _send(info.keeper, signal.SIGKILL)
    if not _have_ended(info.guard, info.keeper):
        raise KeeperError(f"session {info.session} cannot be ended", advice=f"Look at process {info.guard.pid}.")


def _spawn(stdin: int, stdout: int) -> int:
    """Start the guard. It outlives this process on purpose, so nobody here waits for it as for a child."""
    streams = [(os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, stdout, 1), (os.POSIX_SPAWN_DUP2, stdout, 2)]
    command = [sys.executable, "-P", "-c", _KEEPER]
    # In a process group of its own: whoever ends all that a pytest started would end it with the services of others.
    return os.posix_spawn(sys.executable, command, os.environ, file_actions=streams, setpgroup=0)


def _await_answer(answer_read: int, report: Callable[[str], None], until: float | None) -> SessionInfo:
    noise: list[str] = []
    for line in _lines(answer_read, until):
        try:
            message = messages.decoded(line)
        except msgspec.DecodeError:
            noise.append(line.decode(errors="replace"))
            continue
        match message:
            case messages.Progress():
                report(message.text)
            case messages.Ready():
                return message.info
            case messages.Failed():
                raise messages.error_of(message)
    text = "\n".join(f"    {line}" for line in noise[-_NOISE:])
    raise KeeperError(f"the keeper process of the services ended without an answer\n{text}", advice="Try again.")


def _lines(descriptor: int, until: float | None) -> Iterator[bytes]:
    buffer = b""
    while piece := _piece(descriptor, until):
        *whole, buffer = (buffer + piece).split(b"\n")
        yield from whole


def _piece(descriptor: int, until: float | None) -> bytes:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if not poll.poll(None if until is None else max(0.0, until - time.monotonic()) * 1000):
        raise OutOfTimeError(
            "the run's budget ended before its services answered, so no test has run",
            advice="Raise --budget, or start the services first: `ci-toolkit services up`.",
        )
    return os.read(descriptor, 65536)


def _send(keeper: ProcessIdentity, number: signal.Signals) -> None:
    if keeper.is_alive:
        with suppress(ProcessLookupError):
            os.kill(keeper.pid, number)


def _have_ended(*processes: ProcessIdentity) -> bool:
    """Wait for a session's guard and keeper: whichever ends last has cleaned up."""
    have_ended = all(wait_for_an_end([process], seconds=_END_SECONDS) for process in processes)
    for process in processes:
        with suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)  # where this process started it
    return have_ended

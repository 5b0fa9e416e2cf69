"""Orders to a keeper about one service of its session: end it, start it again. Files in the session's folder.

Who gives one writes ``orders/NUMBER.json`` and sends SIGUSR1; the keeper answers in ``orders/NUMBER.answer``.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from ci_toolkit.files import replace_file
from ci_toolkit.model.record import Record, encode
from ci_toolkit.services.errors import KeeperError
from ci_toolkit.services.supervision import messages
from ci_toolkit.services.supervision.session import SessionInfo, session_folder

SIGNAL: Final = signal.SIGUSR1
_FOLDER: Final = "orders"
_PAUSE: Final = 0.005
_PATIENCE_SECONDS: Final = 30.0
"""Beside what the service may take to be ready."""


class Action(StrEnum):
    """What is to happen to a service."""

    STOP = "stop"
    """As at the end of the session; it may finish what it does."""
    KILL = "kill"
    """By SIGKILL, as a crash."""
    START = "start"
    """Again, on the same port; what it has on disk is there."""


class Order(Record, frozen=True, kw_only=True):
    """One order."""

    number: str
    service: str
    action: Action


class _Answer(Record, frozen=True, kw_only=True):
    """How an order ended."""

    failure: messages.Failed | None = None


def give(registry: Path, info: SessionInfo, service: str, action: Action, *, seconds: float) -> None:
    """Give an order to the keeper of ``info`` and wait until it is done, ``seconds`` and a while at most.

    Raises what the keeper met, and KeeperError where it gives no answer.
    """
    order = Order(number=os.urandom(8).hex(), service=service, action=action)
    folder = session_folder(registry, info.session) / _FOLDER
    answer = folder / f"{order.number}.answer"
    until = time.monotonic() + seconds + _PATIENCE_SECONDS
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        replace_file(folder / f"{order.number}.json", encode(order), mode=0o600)
        os.kill(info.keeper.pid, SIGNAL)
        while not answer.exists():
            if not info.keeper.is_alive or time.monotonic() > until:
                raise _no_answer(info, order, seconds + _PATIENCE_SECONDS)
            time.sleep(_PAUSE)  # between two looks
        failure = msgspec.json.decode(answer.read_bytes(), type=_Answer).failure
    except OSError as error:
        raise KeeperError(
            f"the session {info.session} with {service} has ended: {error}",
            advice="Run the tests again. If it ends again, look for a test or a program that ends processes or files.",
        ) from error
    with suppress(OSError):
        answer.unlink()
    if failure is not None:
        raise messages.error_of(failure)


def _no_answer(info: SessionInfo, order: Order, seconds: float) -> KeeperError:
    """Return the error for an order that is not answered: the keeper has ended, or took longer than ``seconds``."""
    if not info.keeper.is_alive:
        return KeeperError(
            f"the keeper of session {info.session} ended before it could {order.action} {order.service}",
            advice="Run the tests again. If it ends again, look for a test or a program that ends processes.",
        )
    return KeeperError(
        f"the keeper of session {info.session} did not {order.action} {order.service} within {seconds:g} s",
        advice=f"Look into the log of {order.service}; ready-seconds of its row gives it more time.",
    )


def taken(registry: Path, session: str) -> Iterator[Order]:
    """Yield the orders that were given to this session, each once."""
    for path in sorted((session_folder(registry, session) / _FOLDER).glob("*.json")):
        with suppress(OSError, msgspec.DecodeError):
            order = msgspec.json.decode(path.read_bytes(), type=Order)
            path.unlink()
            yield order


def answer(registry: Path, session: str, order: Order, failure: messages.Failed | None) -> None:
    """Say that ``order`` is done, or why not."""
    with suppress(OSError):  # the session is just ending
        path = session_folder(registry, session) / _FOLDER / f"{order.number}.answer"
        replace_file(path, encode(_Answer(failure=failure)), mode=0o600)

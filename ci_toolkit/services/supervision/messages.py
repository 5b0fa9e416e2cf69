"""The messages of a keeper to the process that started it: lines of JSON on the keeper's standard output.

The request comes in as a line on standard input, which stays open as long as somebody waits for the session.
"""

import os
import sys
from contextlib import suppress

import msgspec

from ci_toolkit.errors import ToolkitError
from ci_toolkit.model.record import Record, encode
from ci_toolkit.services.errors import KeeperError
from ci_toolkit.services.supervision.session import SessionInfo


class Progress(Record, frozen=True, kw_only=True, tag="progress"):
    """A line for the user to read."""

    text: str


class Ready(Record, frozen=True, kw_only=True, tag="ready"):
    """Every server answers."""

    info: SessionInfo


class Failed(Record, frozen=True, kw_only=True, tag="failed"):
    """The session could not be started; the error, field by field."""

    slug: str
    message: str
    advice: str


Message = Progress | Ready | Failed


def send(message: Message) -> None:
    """Send ``message`` to the process that waits, if it still does."""
    with suppress(OSError):
        os.write(sys.stdout.fileno(), encode(message) + b"\n")


def close() -> None:
    """Close standard output and standard error, so that the other side reads the end."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def decoded(line: bytes) -> Message:
    """Return the message in ``line``. Raises msgspec.DecodeError."""
    return msgspec.json.decode(line, type=Progress | Ready | Failed)


def failure_of(error: ToolkitError) -> Failed:
    """Return ``error`` as a message."""
    return Failed(slug=error.slug, message=error.message, advice=error.advice)


def error_of(message: Failed) -> ToolkitError:
    """Return the error that ``message`` describes, of the class that was raised."""
    kinds = {kind.slug: kind for kind in _kinds(ToolkitError)}
    return kinds.get(message.slug, KeeperError)(message.message, advice=message.advice)


def _kinds(kind: type[ToolkitError]) -> list[type[ToolkitError]]:
    return [kind, *(found for below in kind.__subclasses__() for found in _kinds(below))]

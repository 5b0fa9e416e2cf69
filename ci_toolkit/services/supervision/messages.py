"""What a keeper says to whoever waits for its session: lines of JSON on a pipe that is its standard output.

The wish comes in as a line on standard input, which stays open as long as somebody waits for the session.
"""

import os
import sys
from contextlib import suppress

import msgspec

from ci_toolkit.errors import ToolkitError
from ci_toolkit.model.record import Record, encode
from ci_toolkit.services.errors import KeeperError
from ci_toolkit.services.supervision.session import Card


class Told(Record, frozen=True, kw_only=True, tag="told"):
    """Something for the user to read."""

    text: str


class Ready(Record, frozen=True, kw_only=True, tag="ready"):
    """Everything answers."""

    card: Card


class Failed(Record, frozen=True, kw_only=True, tag="failed"):
    """The session cannot be had."""

    slug: str
    message: str
    advice: str


Message = Told | Ready | Failed


def say(message: Message) -> None:
    """Tell whoever waits, if anybody still does."""
    with suppress(OSError):
        os.write(sys.stdout.fileno(), encode(message) + b"\n")


def hang_up() -> None:
    """Say nothing more, so that the other side sees the end."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def read(line: bytes) -> Message:
    """Read one message."""
    return msgspec.json.decode(line, type=Told | Ready | Failed)


def failed(error: ToolkitError) -> Failed:
    """Return ``error`` as a message."""
    return Failed(slug=error.slug, message=error.message, advice=error.advice)


def error_of(message: Failed) -> ToolkitError:
    """Return the error that ``message`` tells of, of the class that was raised."""
    kinds = {kind.slug: kind for kind in _kinds(ToolkitError)}
    return kinds.get(message.slug, KeeperError)(message.message, advice=message.advice)


def _kinds(kind: type[ToolkitError]) -> list[type[ToolkitError]]:
    return [kind, *(found for below in kind.__subclasses__() for found in _kinds(below))]

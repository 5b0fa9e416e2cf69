"""The signature of a failure: a short digest that is the same when the same fault fails the same test again.

It is made of the type of the exception, its message and the frames that it passed, without what differs from run to
run (``volatile_text``) and without line numbers. It is evidence, never proof: two faults can look alike.
"""

import functools
import hashlib
import re
from collections.abc import Sequence

from ci_toolkit.model.journal import Failure
from ci_toolkit.model.node_id import split_node_id
from ci_toolkit.model.record import Record
from ci_toolkit.model.traceback_frames import Frame, read_traceback
from ci_toolkit.model.volatile_text import stable_message, without_escapes

RULES = 1
"""Part of every digest: signatures that were made by other rules are never equal to these."""
_DIGITS = 16
_TYPE = re.compile(r"^(?:[A-Za-z_]\w*\.)*([A-Z]\w*)(?::\s*|$)")


class Signature(Record, frozen=True, kw_only=True):
    """What a failure is recognized by."""

    digest: str
    """Equal for the same fault in the same test; 16 hexadecimal digits."""
    cause: str
    """Equal for one fault in many tests: without values, and without frames of the test's file if there are others."""
    exception: str
    """The type of the exception, without its module; ``""`` if there is none, as for a process that died."""
    text: str
    """The message as it was compared, for people."""


@functools.lru_cache(maxsize=512)  # the verdict and the history both ask, a shard's failures at a time
def signature_of(failure: Failure, node_id: str) -> Signature:
    """Return the signature of ``failure`` of the test ``node_id``."""
    path, suffix = split_node_id(node_id)
    frames, raised = read_traceback(failure.detail)
    said = without_escapes(failure.message).strip()
    exception = raised or _type_in(said)
    message = _TYPE.sub("", said, count=1)  # the module of a type moves between Pythons
    text = stable_message(message, any_value="[" in suffix)
    test_file = path.rpartition("/")[2]
    below = tuple(frame for frame in frames if frame.file != test_file) or frames
    return Signature(
        digest=_digest(exception, text, frames),
        cause=_digest(exception, stable_message(message, any_value=True), below),
        exception=exception,
        text=text,
    )


def joined(digests: Sequence[str]) -> str:
    """Return the one digest of a test in which several phases or subtests failed, in whatever order."""
    different = sorted(set(digests))
    if len(different) == 1:
        return different[0]
    return hashlib.sha256("\n".join(different).encode()).hexdigest()[:_DIGITS]


def _type_in(message: str) -> str:
    found = _TYPE.match(message)
    return found[1] if found else "AssertionError" if message.startswith("assert ") else ""


def _digest(exception: str, text: str, frames: tuple[Frame, ...]) -> str:
    parts = (str(RULES), exception, text, *(f"{frame.file}\0{frame.source}" for frame in frames))
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]

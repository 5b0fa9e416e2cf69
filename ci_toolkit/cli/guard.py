"""What stands between our output and the system that shows it: strangers' text never becomes a command of it.

GitHub's runner cuts blanks off the front of a line and takes ``::name`` there for a command; it takes ``##[name]``
anywhere in a line, and Azure's agent ``##vso[name]``. A terminal obeys control characters.
"""

import codecs
import contextlib
import io
import os
import re
import sys
from collections.abc import Iterator
from typing import TextIO

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Everything but tab and newline that moves a cursor, ends a line or has no form in UTF-8."""
_HASHES = re.compile(r"##(?=\w*\[)")
_COLONS = re.compile(r"^([^\S\n]*)::", re.MULTILINE)
_COMMAND = re.compile(rf"{_HASHES.pattern}|{_COLONS.pattern}")
_LONGEST_COMMAND = 200
"""Characters before the bracket or the colons."""


def harmless(text: str, *, is_line_begun: bool = False) -> str:
    r"""Return ``text`` with control characters as ``\xHH`` and without anything that a CI system takes for a command.

    ``is_line_begun`` says that more than blanks stand before it on its first line. Other text stays as it is.
    """
    text = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
    text = _HASHES.sub("# #", text)
    if not is_line_begun:
        return _COLONS.sub(r"\1: :", text)
    first, newline, rest = text.partition("\n")
    return first + newline + _COLONS.sub(r"\1: :", rest)


def harmless_json(data: bytes) -> bytes:
    """Return the JSON ``data`` spelled so that no line of it holds a command; its value is the same."""
    return re.sub(rb"##(?=\w*\[)", rb"#\\u0023", data)


class GuardedOutput(io.TextIOWrapper):
    """A text stream that writes what `harmless` returns, however a line is put together."""

    _line = ""
    """The end of what was written of the current line."""

    def write(self, text: str) -> int:
        """Write ``text`` made harmless, and return its length."""
        safe = harmless(text, is_line_begun=bool(self._line.strip()))
        if _COMMAND.search(self._line + safe.partition("\n")[0]):  # each part alone is none
            safe = f" {safe}"
        super().write(safe)
        _, newline, last = safe.rpartition("\n")
        self._line = (last if newline else self._line + safe)[-_LONGEST_COMMAND:]
        return len(text)


@contextlib.contextmanager
def guarded_output() -> Iterator[None]:
    """Guard standard output and standard error while the context lasts."""
    before = sys.stdout, sys.stderr
    guards = sys.stdout, sys.stderr = _guarded(sys.stdout), _guarded(sys.stderr)
    try:
        yield
    finally:
        for guard in guards:
            if isinstance(guard, GuardedOutput):
                _let_go(guard)
        sys.stdout, sys.stderr = before


def _guarded(stream: TextIO) -> TextIO:
    binary = getattr(stream, "buffer", None)
    if binary is None:  # a test's own stream
        return stream
    stream.flush()
    # click would go around a stream that says ASCII.
    encoding = "utf-8" if codecs.lookup(stream.encoding).name == "ascii" else stream.encoding
    return GuardedOutput(binary, encoding=encoding, errors="backslashreplace", line_buffering=True)


def _let_go(stream: GuardedOutput) -> None:
    with contextlib.suppress(OSError, ValueError):
        try:
            stream.flush()
        except OSError:  # the reader left, or its disk is full, which was said: the interpreter need not try again
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        stream.detach()

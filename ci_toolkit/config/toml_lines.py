"""Says on which line of a TOML document each of its statements stands, which Python's own reader does not tell."""

import tomllib
from collections.abc import Iterator
from typing import Any

from ci_toolkit.model.record import Record


class Statement(Record, frozen=True, kw_only=True):
    """A header, or a key with its value."""

    first: int
    """Its first line, from 1."""
    last: int
    is_header: bool
    content: dict[str, Any]
    """What it would be as a document of its own."""


LONGEST = 500
"""Lines of one statement."""


class LongStatementError(ValueError):
    """A statement is too long to be looked at."""

    def __init__(self, line: int) -> None:
        """``line`` is where it begins."""
        super().__init__(f"the statement on line {line} is longer than {LONGEST} lines")
        self.line = line


def statements_of(document: str) -> Iterator[Statement]:
    """Yield the statements of ``document``, which is valid TOML, in their order. Raises LongStatementError.

    Lines are a whole statement as soon as they are a document of their own: a value that goes over several lines is
    none before its last.
    """
    first, held = 1, ""
    for number, line in enumerate(document.split("\n"), start=1):
        if number - first >= LONGEST:  # each line is tried with those before it
            raise LongStatementError(first)
        held += f"{line}\n"
        try:
            content = tomllib.loads(held)
        except tomllib.TOMLDecodeError:
            continue
        if content:
            is_header = held.lstrip().startswith("[")
            yield Statement(first=first, last=number, is_header=is_header, content=content)
        first, held = number + 1, ""

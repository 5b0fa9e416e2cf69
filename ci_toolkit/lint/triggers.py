"""Where in a file's text each rule could possibly apply, found by plain search before any tree is walked.

Most functions of a suite hold nothing that a rule looks for; walking only the others is what keeps linting fast.
A trigger is a necessary condition, never a finding.
"""

import ast
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cached_property


class Trigger(Enum):
    """The words without which a rule has nothing to find."""

    MOCK = (
        *(b"ock", b"patch", b"autospec", b"setattr", b"delattr"),
        *(b"responses", b"respx", b"httpretty", b"moto", b"fakeredis"),
    )
    ENVIRON = (b"environ", b"tenv")
    SLEEP = (b"sleep",)
    SKIP = (b"skip", b"xfail")
    FLAKY = (b"flaky",)
    PORT = (
        *(b"localhost", b"127.0.0.1", b"0.0.0.0", b"::1", b"docker.internal:"),
        *(b"port=", b"port =", b"port: int", b"PORT", b'("",', b"('',"),
    )
    AGENT = (b"agent", b"Agent")


_RENAMED = re.compile(
    rb"\b(?:environb?|getenvb?|putenv|unsetenv|sleep|patch|\w*[Mm]ock|create_autospec|responses|respx|fakeredis|moto)$"
)
_NEW_NAME = re.compile(rb"\w+")
_LONGEST_NAME = 40
_NUMBER = re.compile(rb"\d{4}")
_NEARBY = 120
"""Where a port stands after the word that announces it."""
_MAKES_A_MOCK = re.compile(rb"=\s*(?:\w+\.)*\w*(?:Mock|create_autospec|mock_open)\(")


class TriggerLines:
    """The lines of one source that hold each trigger."""

    def __init__(self, source: bytes) -> None:
        if b"\r" in source:
            source = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        self.source = source
        self._lines: dict[Trigger, list[int]] = {}

    @cached_property
    def _aliases(self) -> tuple[bytes, ...]:
        """What the file calls the things the rules look for: ``from time import sleep as nap`` makes ``nap``."""
        found: set[bytes] = set()
        for at in _occurrences(b" as ", self.source):
            new = _NEW_NAME.match(self.source, at + len(b" as "))
            if new and _RENAMED.search(self.source[max(0, at - _LONGEST_NAME) : at]):
                found.add(new[0])
        return tuple(sorted(found))

    def of(self, trigger: Trigger) -> list[int]:
        """Return the line numbers with ``trigger``, sorted."""
        if trigger not in self._lines:
            self._lines[trigger] = self._line_numbers(trigger)
        return self._lines[trigger]

    def _line_numbers(self, trigger: Trigger) -> list[int]:
        lines: list[int] = []
        line, counted = 1, 0
        for position in sorted(self._positions(trigger)):
            line += self.source.count(b"\n", counted, position)
            counted = position
            if not lines or lines[-1] != line:
                lines.append(line)
        return lines

    def _positions(self, trigger: Trigger) -> Iterator[int]:
        words = [word for word in trigger.value if word in self.source]
        for word in (*words, *self._aliases) if words else ():
            for at in _occurrences(word, self.source):
                if trigger is not Trigger.PORT or _NUMBER.search(self.source, at, at + _NEARBY):
                    yield at

    def marks_a_category(self, names: Iterable[str]) -> bool:
        """Whether a marker of one of these categories can stand in the source."""
        if b"mark" not in self.source:
            return False
        return any(b"." + name.encode() in self.source for name in names)

    @cached_property
    def assigns_a_mock(self) -> bool:
        """Whether a mock is made and given a name somewhere."""
        if b"ock" not in self.source and b"autospec" not in self.source:
            return False
        return bool(self._aliases) or _MAKES_A_MOCK.search(self.source) is not None

    def holds(self, *words: bytes) -> bool:
        """Whether one of the words stands in the source."""
        return any(word in self.source for word in words)

    def touch(self, trigger: Trigger, node: ast.stmt) -> bool:
        """Whether a line of ``node``, its decorators included, holds ``trigger``."""
        lines = self.of(trigger)
        if not lines:
            return False
        decorators = getattr(node, "decorator_list", None)
        at = bisect_left(lines, decorators[0].lineno if decorators else node.lineno)
        return at < len(lines) and lines[at] <= (node.end_lineno or node.lineno)


def _occurrences(word: bytes, source: bytes) -> Iterator[int]:
    at = source.find(word)
    while at >= 0:
        yield at
        at = source.find(word, at + 1)

"""Reads the names of a file's tests, and their xdist groups, from its text: fast, and no promise."""

import fnmatch
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

_ARGUMENT = rb"""(?:\(\s*(?:name\s*=\s*)?["'](?P<group>[^"'\n]*)["'])?"""
_GROUP = re.compile(rb"\bxdist_group\b" + _ARGUMENT)
# Each begins with fixed text, which the regular expression engine finds several times as fast as a line's start.
_DEFINITIONS = (re.compile(rb"def[ \t]+(?P<name>\w+)"), re.compile(rb"class[ \t]+(?P<name>\w+)(?P<bases>[^\n:]*)"))
_MARKS = (
    re.compile(rb"@[\w.]*\bxdist_group\b" + _ARGUMENT),
    re.compile(rb"pytestmark\b[^=\n]*=[ \t]*(?:\[[^\]]*\]|[^\n]*)"),
)
_BEFORE = {b"", b"async"}
"""What may stand on the line before a statement that counts."""
_UNNAMED_GROUP = "default"
"""What pytest-xdist calls a group without a name."""


class Anchors(NamedTuple):
    """What was read in one file."""

    names: tuple[str, ...] = ()
    """Node-id suffixes such as ``test_a`` and ``TestB::test_c``, in order."""
    groups: tuple[tuple[str, str], ...] = ()
    """(name, ``xdist_group``) of those that belong to a group."""


class _Scope(NamedTuple):
    indent: int
    name: str
    groups: set[str]


class AnchorReader:
    """Finds test functions, and the methods of test classes, by indentation."""

    def __init__(self, function_patterns: Sequence[str], class_patterns: Sequence[str]) -> None:
        self._functions = _Matcher(function_patterns)
        self._classes = _Matcher(class_patterns)

    def read(self, path: Path) -> Anchors:
        """Return the tests named in ``path``; none for what is unreadable."""
        try:
            text = path.read_bytes()
        except OSError:
            return Anchors()
        return self.read_text(text)

    def read_text(self, text: bytes) -> Anchors:
        """Return the tests named in ``text``, the source of a module."""
        scopes = [_Scope(-1, "", set())]
        found: dict[str, tuple[_Scope, ...]] = {}
        marked: set[str] = set()
        for indent, match in _statements(text):
            while len(scopes) > 1 and scopes[-1].indent >= indent:
                scopes.pop()
            word = match[0][:5]
            if word.startswith(b"@"):
                marked |= _group_names(match[0])
                continue
            if word == b"pytes":
                scopes[-1].groups.update(_group_names(match[0]))
                continue
            scope = _Scope(indent, match["name"].decode("utf-8", "replace"), marked)
            marked = set()
            if word == b"class":
                if self._classes(scope.name) or b"TestCase" in match["bases"]:
                    scopes.append(scope)
            elif self._functions(scope.name) and (indent == 0 or len(scopes) > 1):
                found["::".join([*(outer.name for outer in scopes[1:]), scope.name])] = (*scopes, scope)
        # A group is known only now: pytestmark may stand below the tests that it marks.
        groups = {name: set[str]().union(*(scope.groups for scope in within)) for name, within in found.items()}
        return Anchors(tuple(found), tuple((name, "_".join(sorted(own))) for name, own in groups.items() if own))


def _statements(text: bytes) -> Iterator[tuple[int, re.Match[bytes]]]:
    """Yield the definitions and marks that begin a line, in order, each with its indentation."""
    patterns = _DEFINITIONS + _MARKS if b"xdist_group" in text else _DEFINITIONS
    matches = sorted((match for pattern in patterns for match in pattern.finditer(text)), key=re.Match.start)
    for match in matches:
        before = text[text.rfind(b"\n", 0, match.start()) + 1 : match.start()]
        if before.strip() in _BEFORE:
            indent = before[: len(before) - len(before.lstrip())]
            yield len(indent.expandtabs()), match


def _group_names(text: bytes) -> set[str]:
    return {name.decode("utf-8", "replace") or _UNNAMED_GROUP for name in _GROUP.findall(text)}


class _Matcher:
    """Matches names as pytest does: a pattern is a prefix, or a glob where it has a wildcard."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = patterns

    def __call__(self, name: str) -> bool:
        return any(
            name.startswith(pattern) or (any(mark in pattern for mark in "*?[") and fnmatch.fnmatchcase(name, pattern))
            for pattern in self._patterns
        )

"""Reads the names of a file's tests from its text, for estimates: fast, and no promise."""

import fnmatch
import re
from collections.abc import Sequence
from pathlib import Path

_DEFINITION = re.compile(
    rb"^(?P<indent>[ \t]*)(?:async[ \t]+)?(?P<kind>def|class)[ \t]+(?P<name>\w+)(?P<bases>[^\n:]*)", re.MULTILINE
)


class AnchorReader:
    """Finds test functions, and the methods of test classes, by indentation."""

    def __init__(self, function_patterns: Sequence[str], class_patterns: Sequence[str]) -> None:
        self._functions = _Matcher(function_patterns)
        self._classes = _Matcher(class_patterns)

    def read(self, path: Path) -> tuple[str, ...]:
        """Return node-id suffixes such as ``test_a`` and ``TestB::test_c``, in order; none for what is unreadable."""
        try:
            text = path.read_bytes()
        except OSError:
            return ()
        anchors: dict[str, None] = {}
        classes: list[tuple[int, str]] = []
        for match in _DEFINITION.finditer(text):
            indent = len(match["indent"].expandtabs())
            while classes and classes[-1][0] >= indent:
                classes.pop()
            name = match["name"].decode("utf-8", "replace")
            if match["kind"] == b"class":
                if self._classes(name) or b"TestCase" in match["bases"]:
                    classes.append((indent, name))
            elif self._functions(name) and (indent == 0 or classes):
                anchors["::".join([*(outer for _, outer in classes), name])] = None
        return tuple(anchors)


class _Matcher:
    """Matches names as pytest does: a pattern is a prefix, or a glob where it has a wildcard."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = patterns

    def __call__(self, name: str) -> bool:
        return any(
            name.startswith(pattern) or (any(mark in pattern for mark in "*?[") and fnmatch.fnmatchcase(name, pattern))
            for pattern in self._patterns
        )

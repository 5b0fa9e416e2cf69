"""Reads what links the tests of a file to one another, and to those of other files: marks, and state that they pass on.

A linked file is never cut, and files that are linked with one another run in one shard, in pytest's order. What a mark
says is read where it stands in the source. Where it can't be read there, every file with such a mark is linked.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ci_toolkit.model.node_id import function_of
from ci_toolkit.model.syntax_tree import UNREADABLE_SOURCE, syntax_tree
from ci_toolkit.model.task import Linking
from ci_toolkit.suite.passed_state import may_pass_state, passes_state

_STEPS = rb"\bincremental\b|\btest_steps\b"
"""The recipe of pytest's documentation, and pytest-steps."""
_RESULTS = (
    rb"\b(?:module|session)_results_(?:dct|df)\b|\bget_(?:session|module)_(?:synthesis|results)_\w+|\bfixture_store\b"
)
"""Of pytest-harvest: what the tests before this one came to."""
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "last")
_ORDER = rb"\bmark\.(?:order|run|(?:" + "|".join(_ORDINALS).encode() + rb")(?:_to_last)?)\b"
_WORDS = {
    Linking.DEPENDENCY: rb"\bdependency\b|\bpytest_dependency\b",
    Linking.DEPENDS: rb"\bdepends\b",
    Linking.ORDER: _ORDER,
    Linking.ORDER_IN_FILE: _ORDER,
    Linking.SNAPSHOTS: rb"\bsnapshot|_regression\b",
}
_WIDE_SCOPES = ("session", "package")


class FileLinks(NamedTuple):
    """How the tests of one file are linked."""

    functions: frozenset[str] = frozenset()
    """What is defined in it."""
    names: frozenset[str] = frozenset()
    """Names that its marks give to its tests."""
    labels: frozenset[str] = frozenset()
    """What its marks name as the tests that others depend on, or come before or after, where these can be elsewhere."""
    is_open: bool = False
    """Whether a mark that can be about other files does not say in plain text about which."""
    is_ordinal: bool = False
    """Whether its tests have a place among those of all files."""


class LinkReader:
    """Reads the links of test files, as far as they are of the kinds that this suite uses."""

    def __init__(self, kinds: Iterable[Linking], step_marks: Iterable[str] = ()) -> None:
        """Take the marks, besides the known ones, by which the tests of a file depend on those before them."""
        self._kinds = frozenset(kinds)
        marks = (rb"\b" + mark.encode() + rb"\b" for mark in step_marks)
        self._word = re.compile(b"|".join([_STEPS, _RESULTS, *marks, *(_WORDS[kind] for kind in sorted(self._kinds))]))

    def read(self, path: Path) -> FileLinks | None:
        """Return how the tests in ``path`` are linked, or None if nothing of a known kind links them."""
        try:
            text = path.read_bytes()
        except OSError:
            return None
        return self.read_text(text)

    def read_text(self, text: bytes) -> FileLinks | None:
        """Return the same of ``text``, the source of a module."""
        is_marked = self._word.search(text) is not None
        if not is_marked and not may_pass_state(text):
            return None
        try:
            tree = syntax_tree(text)
        except UNREADABLE_SOURCE:  # it cannot be imported either
            return FileLinks()
        if not is_marked:
            return FileLinks() if passes_state(tree) else None
        nodes = list(ast.walk(tree))
        calls = [_Call(node) for node in nodes if isinstance(node, ast.Call)]
        found = [labels for call in calls for labels in self._labels(call)]
        return FileLinks(
            functions=frozenset(
                node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            ),
            names=frozenset(name for call in calls if (name := call.text("name")) is not None),
            labels=frozenset(label for labels in found if labels is not None for label in labels),
            is_open=None in found,
            is_ordinal=Linking.ORDER in self._kinds and any(map(_is_ordinal, nodes)),
        )

    def _labels(self, call: "_Call") -> Iterator[frozenset[str] | None]:
        """Yield what ``call`` names of other tests that may be in other files; None is what cannot be read."""
        if Linking.DEPENDENCY in self._kinds and call.is_wide:
            yield from call.labels("depends", "other", position=1 if call.name == "depends" else None)
        if Linking.DEPENDS in self._kinds and call.name == "depends":
            yield from call.labels("on")
        if Linking.ORDER in self._kinds and call.name in {"order", "run"}:
            yield from call.labels("before", "after")


class _Call:
    """A call in the source: a mark, or what a plugin offers as a function."""

    def __init__(self, node: ast.Call) -> None:
        self._keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        self._positional = node.args
        self.name = _last_name(node.func)

    @property
    def is_wide(self) -> bool:
        """Whether pytest-dependency looks for the named tests beyond the file."""
        if None in self._keywords:  # `**options`
            return self.name in {"dependency", "depends"}
        scope = self._keywords.get("scope")
        is_dependent = "depends" in self._keywords or self.name == "depends"
        return scope is not None and is_dependent and self.text("scope") not in {"module", "class"}

    def text(self, keyword: str) -> str | None:
        """Return the argument ``keyword`` where it is plain text."""
        value = self._keywords.get(keyword)
        return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None

    def labels(self, *keywords: str, position: int | None = None) -> Iterator[frozenset[str] | None]:
        """Yield the texts of each of these arguments, or None for one that is not plain text."""
        values = [self._keywords[keyword] for keyword in keywords if keyword in self._keywords]
        if position is not None:
            values += self._positional[position : position + 1]
        if None in self._keywords:
            yield None
        yield from map(_texts, values)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _texts(value: ast.expr) -> frozenset[str] | None:
    parts = value.elts if isinstance(value, ast.List | ast.Tuple | ast.Set) else [value]
    texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return frozenset(texts) if len(texts) == len(parts) else None


def _is_ordinal(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and _last_name(node.func) in {"order", "run"}:
        return bool(node.args) or any(keyword.arg in {"index", "order", None} for keyword in node.keywords)
    if isinstance(node, ast.Attribute) and _last_name(node.value) == "mark":
        return node.attr.removesuffix("_to_last") in _ORDINALS
    return False


def groups_of(
    links: Mapping[str, FileLinks], paths: Collection[str], pairs: Iterable[tuple[str, str]] = ()
) -> dict[str, str]:
    """Return for each linked file, by path, the first path of those that it runs with; ``paths`` are all files.

    ``pairs`` are linked as well, whatever their marks say.
    """
    first = {path: path for path in links}

    def root(path: str) -> str:
        while first.setdefault(path, path) != path:
            path = first[path]
        return path

    marked = ((path, other) for path, others in _targets(links, paths).items() for other in others)
    for pair in (*marked, *pairs):
        one, two = sorted(map(root, pair))
        first[two] = one
    return {path: root(path) for path in first}


def _targets(links: Mapping[str, FileLinks], paths: Collection[str]) -> dict[str, set[str]]:
    by_place: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        by_place[path.rpartition("/")[2]].append(path)
    by_name: dict[str, list[str]] = defaultdict(list)
    for path, file in links.items():
        for name in file.names:
            by_name[name].append(path)
    ordinal = {path for path, file in links.items() if file.is_ordinal}
    targets = {path: set(ordinal) if file.is_ordinal else set() for path, file in links.items()}
    for path, file in links.items():
        is_open = file.is_open
        for label in file.labels:
            place = label.partition("::")[0]
            named = [other for other in by_place[place.rpartition("/")[2]] if _is_at(other, place)] or by_name.get(
                label
            )
            targets[path].update(named or ())
            is_open |= not named and function_of(label).rpartition("::")[2].rpartition(".")[2] not in file.functions
        if is_open:
            targets[path] |= links.keys()
    return targets


def _is_at(path: str, place: str) -> bool:
    place = place.removeprefix("./").removeprefix("../")
    return path == place or path.endswith("/" + place)

"""Reads which test files pass something on in a fixture that a conftest file lends to all of them.

What a test puts into such a container, or into an attribute of what the fixture gives, is there for the tests after
it, in the same process alone. A test that only puts something in asks for nothing: a list of what is to be removed in
the end links nobody.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ci_toolkit.model.syntax_tree import UNREADABLE_SOURCE, syntax_tree
from ci_toolkit.suite.passed_state import ADDING, Function, below, is_container, values_given

_FILLS = (
    rb"\b(%s)\s*(?:\[|\.(?:" + "|".join(sorted(ADDING)).encode() + rb")\b|\.\w+\s*(?::[^=\n]+)?[^\w\s=(]{0,2}=[^=])"
)
_Place = tuple[str, str]
"""(fixture, attribute) or, of a container, (fixture, "")."""


class _Fixture(NamedTuple):
    """A fixture of a conftest file that outlives a test."""

    folder: Path
    is_for_all: bool
    """Whether tests of all files have the same one."""
    is_container: bool
    begins_empty: bool


class _Uses(NamedTuple):
    """What one test does with fixtures."""

    fills: frozenset[_Place]
    reads: frozenset[_Place]


def passed_on(files: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """Yield (path, path) of a file whose tests pass something on, and (path, other) of one that others fill for.

    ``files`` maps each path of the suite to where it lies. A file is filled for by others if it reads what it never
    fills, and what is empty at first: one that reads and fills, as a cache is used, is whole in itself.
    """

    @cache
    def lent_in(folder: Path) -> dict[str, _Fixture | None]:
        above = lent_in(folder.parent) if folder.parent != folder else {}
        return above | _lent_by(folder)

    fillers: dict[tuple[Path, _Place], list[str]] = defaultdict(list)
    readers: dict[tuple[Path, _Place], list[str]] = defaultdict(list)
    lent = {path: {name: each for name, each in lent_in(file.parent).items() if each} for path, file in files.items()}
    texts = {path: _text_of(files[path]) for path, fixtures in lent.items() if fixtures}
    filled_names = {name for path, text in texts.items() for name in _seem_filled(text, lent[path])}
    for path, text in texts.items():
        fixtures = {name: each for name, each in lent[path].items() if name in filled_names}
        tests = _uses_in(text, fixtures)
        if any(one.fills & two.reads for one in tests for two in tests if one is not two):
            yield path, path
        filled = {place for test in tests for place in test.fills}
        read = {place for test in tests for place in test.reads} - filled
        for places, found in ((filled, fillers), (read, readers)):
            for place in places:
                fixture = fixtures[place[0]]
                if fixture.is_for_all and (place[1] or fixture.begins_empty):
                    found[fixture.folder, place].append(path)
    yield from ((reader, filler) for key, paths in readers.items() for reader in paths for filler in fillers[key])


def _lent_by(folder: Path) -> dict[str, _Fixture | None]:
    """Return the fixtures of the conftest file in ``folder``; None is one that ends with its test."""
    try:
        text = (folder / "conftest.py").read_bytes()
        tree = syntax_tree(text if b"fixture" in text else b"")
    except (OSError, *UNREADABLE_SOURCE):  # there is none, or pytest says so
        return {}
    found: dict[str, _Fixture | None] = {}
    for node in tree.body:
        for decorator in node.decorator_list if isinstance(node, Function) else ():
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(node, Function) and "fixture" in ast.unparse(called):
                said = _keywords(decorator)
                found[said.get("name") or node.name] = _read_fixture(node, said.get("scope", "function"), tree, folder)
    return found


def _keywords(decorator: ast.expr) -> dict[str | None, str]:
    """Return what the keywords of ``decorator`` say in plain text, ``""`` for what they say otherwise."""
    keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
    return {each.arg: str(each.value.value) if isinstance(each.value, ast.Constant) else "" for each in keywords}


def _read_fixture(node: Function, scope: str, tree: ast.Module, folder: Path) -> _Fixture | None:
    is_its_own = any(map(is_container, values_given(node)))
    containers = [value for value in values_given(node, tree.body) if is_container(value)]
    if containers and not is_its_own:  # it stands in the module: every test has the same
        scope = "session"
    if scope == "function":
        return None
    return _Fixture(
        folder=folder,
        is_for_all=scope == "session",
        is_container=bool(containers),
        begins_empty=bool(containers) and all(map(_is_empty, containers)),
    )


def _is_empty(value: ast.expr | None) -> bool:
    match value:
        case ast.List(elts=parts):
            return not parts
        case ast.Dict(values=parts):
            return all(isinstance(part, ast.Constant) and part.value is None for part in parts)
        case ast.Call(func=ast.Name(id="defaultdict") | ast.Attribute(attr="defaultdict")):
            return True
        case ast.Call(args=parts, keywords=keywords):
            return not parts and not keywords
    return False


def _text_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _seem_filled(text: bytes, names: Collection[str]) -> set[str]:
    """Return those of ``names`` that something in ``text`` may fill: most suites have none, and are not parsed."""
    known = [name for name in names if name.encode() in text]
    return (
        {found.decode() for found in re.findall(_FILLS % b"|".join(re.escape(name).encode() for name in known), text)}
        if known
        else set()
    )


def _uses_in(text: bytes, fixtures: Mapping[str, _Fixture]) -> list[_Uses]:
    """Return what the tests in ``text`` do with ``fixtures``."""
    try:
        is_concerned = any(name.encode() in text for name in fixtures)
        nodes = ast.walk(syntax_tree(text)) if is_concerned else ()
    except UNREADABLE_SOURCE:  # pytest says so
        return []
    tests = (node for node in nodes if isinstance(node, Function) and node.name.startswith("test"))
    return [_uses_of(test, fixtures) for test in tests]


def _filled(node: ast.AST) -> ast.Name | None:
    """Return the name of the container that ``node`` puts something into, if it does so."""
    match node:
        case ast.Subscript(value=ast.Name() as holder, ctx=ast.Store()):
            return holder
        case ast.Call(func=ast.Attribute(value=ast.Name() as holder, attr=method)) if method in ADDING:
            return holder
    return None


def _uses_of(test: Function, fixtures: Mapping[str, _Fixture]) -> _Uses:
    asked = test.args
    taken = {each.arg for each in (*asked.posonlyargs, *asked.args, *asked.kwonlyargs)} & fixtures.keys()
    containers = {name for name in taken if fixtures[name].is_container}
    fills: set[_Place] = set()
    reads: set[_Place] = set()
    holders: list[ast.expr] = []
    for node in below(test) if taken else ():  # what holds a name comes before the name
        match node:
            case _ if (holder := _filled(node)) is not None and holder.id in containers:
                fills.add((holder.id, ""))
                holders.append(holder)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute, ctx=ctx) if name in taken:
                (fills if isinstance(ctx, ast.Store) else reads).add((name, attribute))
            case ast.Name(id=name) if name in taken and node not in holders:
                reads.add((name, ""))
    return _Uses(fills=frozenset(fills), reads=frozenset(reads))

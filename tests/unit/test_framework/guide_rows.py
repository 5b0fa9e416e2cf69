"""The rows of docs/guide.md: what each says that a reader types, and the tests that show it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
_PROOF = re.compile(r"`([^`]+\.py)::(\w+)`")
_OF_THE_LANGUAGE = frozenset({"python", "pytest", "mark", "tests", "test", "py", "from", "true", "i", "db"})
"""What stands in many rows and says of none what it is about."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Row:
    """A line of a table: its first cell, and its proofs as path and function."""

    cell: str
    proofs: tuple[tuple[str, str], ...]

    @property
    def names(self) -> frozenset[str]:
        """What a reader types of the row: options, functions, classes, keyword arguments, as identifiers."""
        return frozenset(name for code in re.findall(r"`([^`]+)`", self.cell) for name in _names_in(code))


def _names_in(code: str) -> Iterator[str]:
    code = re.sub(r"\"[^\"]*\"|\S*\*\S*|\S*\.\.\.\S*|\S+/\S*\.py|tests\.[\w.]+", " ", code)  # values, patterns, modules
    called, _, arguments = code.partition("(")
    keywords = re.findall(r"(\w+)=", arguments)
    for word in [*re.findall(r"--[\w-]+|[A-Za-z_]\w*", called), *keywords]:
        name = word.lstrip("-").replace("-", "_")
        if name not in _OF_THE_LANGUAGE and len(name) > 1:
            yield name


def rows(page: str = PAGE) -> list[Row]:
    lines = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| in the guide")]
    return [Row(line.split(" | ")[0].removeprefix("| "), tuple(_PROOF.findall(line))) for line in lines]


def file_of(path: str) -> Path:
    return ROOT / "examples/netra" / path[2:] if path.startswith("E:") else ROOT / "tests" / path


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(text_of(path))


def functions_in(path: Path) -> dict[str, Function]:
    return {node.name: node for node in ast.walk(tree_of(path)) if isinstance(node, Function)}


def is_empty(function: Function) -> bool:
    """Whether nothing happens in it: a docstring, `pass`, `...`, or an assertion of a constant."""
    return all(
        isinstance(item, ast.Pass)
        or isinstance(getattr(item, "value", None), ast.Constant)
        or (isinstance(item, ast.Assert) and isinstance(item.test, ast.Constant))
        for item in function.body
    )


def names_used(path: Path, function: str) -> frozenset[str]:
    """Return the words of a test's code, and of what it uses of its file: helpers, fixtures, constants, its class."""
    tree = tree_of(path)
    known = {name: node for node in tree.body for name in _defined(node)}
    home = [node for node in tree.body if isinstance(node, ast.ClassDef) and function in _defined_inside(node)]
    waiting: list[ast.AST] = [functions_in(path)[function], *(base for node in home for base in node.bases)]
    done: set[int] = set()
    words: set[str] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in done:
            continue
        done.add(id(node))
        for part in ast.walk(node):
            words |= set(_words(part))
        waiting += [known[name] for name in words & known.keys()]
    return frozenset(words)


def _words(node: ast.AST) -> Iterator[str]:
    text = next(
        (text for name in ("id", "attr", "arg", "name") if isinstance(text := getattr(node, name, None), str)), ""
    )
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value  # the text of a suite, or the words of a command
    for word in re.findall(r"(?:--)?[A-Za-z_][\w-]*", text):
        yield word.lstrip("-").replace("-", "_")


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, Function | ast.ClassDef):
        yield node.name
    for target in [*getattr(node, "targets", ()), getattr(node, "target", None)]:
        if isinstance(target, ast.Name):
            yield target.id


def _defined_inside(node: ast.ClassDef) -> set[str]:
    return {name for item in node.body for name in _defined(item)}

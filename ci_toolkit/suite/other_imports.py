"""In pytest: imports what the test files of other shards import, as far as this process has to do with it.

pytest imports every file before it runs a test. What one of them imports is then there for the tests of all: a module
of the standard library, a submodule as an attribute of its package, what a module registers. Some suites pass by that
alone. The test files of other shards are not imported, nor packages that nothing here has imported: these cost time,
and may need what their own tests set up.
"""

import ast
import importlib
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from ci_toolkit.model.coverage_context import OF_OTHER_SHARDS
from ci_toolkit.model.syntax_tree import UNREADABLE_SOURCE, syntax_tree
from ci_toolkit.suite.coverage_context import CoverageContext

_BEGIN = re.compile(rb"(?:\s|#[^\n]*\n)*(?:[rRuU]?(\"\"\"|''')[\s\S]*?\1[^\n]*\n)?")
_NEXT = re.compile(
    rb"\s*\n|[ \t]*#[^\n]*\n|[ \t]*((?:import|from)[ \t][^\n(\\;]*(?:\([^)]*\))?[^\n]*\n)"
    rb"|try:\s*\n|with (?:warnings\.)?catch_warnings\([^)\n]*\):\s*\n|[ \t]*warnings\.\w+\([^)\n]*\)[ \t]*\n"
)
"""An import, or what it may stand in: a trial, a block without warnings. Of others, what is in them is not read."""
_ENDS_BY_ITSELF = (Exception, SystemExit, pytest.skip.Exception, pytest.fail.Exception)
"""What plain pytest reports of the file that imports the module: that file's shard does so."""


def import_as_others_do(modules: Sequence[Path], coverage: CoverageContext) -> None:
    """Do the imports that the test ``modules`` of other shards begin with.

    Without a warning: their own shards have these.
    """
    if modules:
        coverage.enter(OF_OTHER_SHARDS)
        import_heads(modules)


def import_heads(files: Iterable[Path]) -> None:
    """Do the imports that ``files`` begin with, as far as they are known here."""
    statements = dict.fromkeys(statement for file in files for statement in _head_of(file))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for statement in statements:
            with suppress(*UNREADABLE_SOURCE):
                for node in syntax_tree(statement).body:
                    _import(node)


def _head_of(file: Path) -> Iterator[bytes]:
    """Yield the imports before anything else is done: what comes later may need that.

    To parse whole files would take many times as long.
    """
    try:
        text = file.read_bytes()
    except OSError:
        return
    begin = _BEGIN.match(text)
    at = begin.end() if begin else 0
    while (found := _NEXT.match(text, at)) is not None:
        if found[1]:
            yield found[1]
        at = found.end()


def _import(node: ast.stmt) -> None:
    if isinstance(node, ast.Import):
        for alias in node.names:
            _import_module(alias.name)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        module = _import_module(node.module)
        for alias in node.names if module is not None else ():
            with suppress(*_ENDS_BY_ITSELF):
                if alias.name != "*" and not hasattr(module, alias.name):
                    _import_module(f"{node.module}.{alias.name}")


def _import_module(name: str) -> object | None:
    """Return the module, imported if its package is known here; None if it is not, or cannot be."""
    package = name.partition(".")[0]
    if package in sys.modules or package in sys.stdlib_module_names:
        with suppress(*_ENDS_BY_ITSELF):
            return importlib.import_module(name)
    return None

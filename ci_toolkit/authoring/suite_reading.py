"""The suite read from its source: every test with its category, rank and needs, without importing anything."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path

from ci_toolkit.lint.checks.categories import ON_TOP, category_of
from ci_toolkit.lint.files import find_files, relative
from ci_toolkit.lint.module import Function, Mark, Module
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.lint.source import parse
from ci_toolkit.lint.triggers import TriggerLines
from ci_toolkit.lint.violation import Violation
from ci_toolkit.model.record import Record

WRITTEN_BY = (
    "Written by `ci-toolkit index` from the suite itself; `ci-toolkit index --check` fails when it is out of date."
)
"""The line under the title of every page that is made from a reading."""
_RANK = re.compile(r"(?:p|priority_?)([1-6])", re.IGNORECASE)
_LAST_RANK = 6
_REAL = re.compile(r"real_\w+")


class ReadTest(Record, frozen=True, kw_only=True):
    """A test as its source shows it. A parametrized test stands once."""

    path: str
    name: str
    """The rest of its node id."""
    category: str
    is_critical: bool
    rank: int
    """1 to 6, or 0 where it has none."""
    service: str
    """The folder above ``tests``, or ``""``."""
    needs: tuple[str, ...]
    """Real things that it asks for by marker or fixture, sorted."""
    promise: str
    """The first line of its docstring."""


class SuiteReading(Record, frozen=True, kw_only=True):
    """Every test in order of path and line, and the files that could not be read."""

    tests: tuple[ReadTest, ...]
    unread: tuple[str, ...] = ()


def read_suite(paths: Iterable[Path], *, root: Path, settings: LintSettings) -> SuiteReading:
    """Read every file of tests at and beneath ``paths``. Raises PathError for a path that does not exist."""
    files, skipped = find_files(paths, root=root, settings=settings)
    tests: list[ReadTest] = []
    unread = [skip.path for skip in skipped]
    for file in sorted(files, key=lambda file: relative(file, root)):
        within = relative(file, root)
        try:
            source = file.read_bytes()
        except OSError:
            unread.append(within)
            continue
        tree = parse(source) if b"def test" in source else None
        if isinstance(tree, Violation):
            unread.append(within)
        elif tree is not None:
            directory = within.rpartition("/")[0]
            module = Module(path=within, directory=directory, source=source, tree=tree, triggers=TriggerLines(source))
            tests.extend(_read(test, module, settings) for test in module.tests if _is_collected(module, settings))
    return SuiteReading(tests=tuple(tests), unread=tuple(sorted(unread)))


def _is_collected(module: Module, settings: LintSettings) -> bool:
    return any(Path(module.name).match(pattern) for pattern in settings.file_names)


def _read(test: Function, module: Module, settings: LintSettings) -> ReadTest:
    marks = {mark.name for mark in test.marks}
    is_critical = ON_TOP in marks or ON_TOP in module.directory.split("/")
    ranks = [rank for mark in test.marks if (rank := rank_of(mark))]
    wanted = {name for name in (*marks, *test.parameters) if _REAL.fullmatch(name)}
    return ReadTest(
        path=module.path,
        name=test.qualname.replace(".", "::"),
        category=category_of(test, module, settings),
        is_critical=is_critical,
        rank=min(ranks, default=1 if is_critical else 0),
        service=_service(module.directory),
        needs=tuple(sorted(wanted)),
        promise=(ast.get_docstring(test.node) or "").partition("\n")[0].strip(),
    )


def rank_of(mark: Mark) -> int:
    """Return the rank that ``p1``, ``priority_1``, ``priority(1)`` or ``priority("P1")`` gives, or 0."""
    if found := _RANK.fullmatch(mark.name):
        return int(found[1])
    if mark.name.lower() != "priority" or mark.call is None or not mark.call.args:
        return 0
    match mark.call.args[0]:
        case ast.Constant(value=int(number)) if 1 <= number <= _LAST_RANK:
            return number
        case ast.Constant(value=str(text)) if found := _RANK.fullmatch(text):
            return int(found[1])
    return 0


def _service(directory: str) -> str:
    parts = directory.split("/")
    return "/".join(parts[: parts.index("tests")]) if "tests" in parts else ""

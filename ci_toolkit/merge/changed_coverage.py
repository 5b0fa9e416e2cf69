"""Coverage of the lines that a change wrote: whole statements, each counted once."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from ci_toolkit.model.changed_lines import ChangedFile, ChangedLines
from ci_toolkit.model.record import Record
from ci_toolkit.model.syntax_tree import UNREADABLE_SOURCE, syntax_tree
from ci_toolkit.model.verdict import ChangedCoverage, MissedLines


class FileCoverage(Record, frozen=True, kw_only=True):
    """What coverage says of one file: numbers of lines at which statements begin."""

    executed: frozenset[int]
    missing: frozenset[int]
    begins: Mapping[int, int] = {}
    """Each line of each statement that takes several, to the line at which it begins, as coverage counts it.

    Of a statement with a body these are the lines of its head.
    """
    in_functions: frozenset[int] = frozenset()
    """Lines in the bodies of functions: all others run when the file is imported."""


def file_coverage(executed: Iterable[int], missing: Iterable[int], source: str = "") -> FileCoverage:
    """Return what coverage says of one file, with what its ``source`` says of the statements."""
    tree = _parsed(source)
    return FileCoverage(
        executed=frozenset(executed),
        missing=frozenset(missing),
        begins=_statement_begins(tree),
        in_functions=_lines_in_functions(tree),
    )


def changed_coverage(changes: ChangedLines, measured: Mapping[str, FileCoverage]) -> ChangedCoverage:
    """Return what the tests reached of ``changes``; paths of both are relative to one folder.

    A statement counts if the change wrote any of its lines. Comments, blank lines and what coverage excludes do not
    count. Files that coverage does not know, though it knows others of their kind, are named.
    """
    if changes.unknown:
        return ChangedCoverage(unknown=changes.unknown)
    covered = statements = 0
    missed: list[MissedLines] = []
    for path, file in sorted(measured.items()):
        written = statements_of(changes.files.get(path, ChangedFile()), file)
        not_run = sorted(written & file.missing)
        statements += len(written)
        covered += len(written) - len(not_run)
        missed += (MissedLines(path=path, first=first, last=last) for first, last in runs_of(not_run, file))
    kinds = {_ending(path) for path in measured}
    unmeasured = (path for path, file in changes.files.items() if file.written and path not in measured)
    return ChangedCoverage(
        base=changes.base,
        percent=100 * covered / statements if statements else None,
        covered=covered,
        statements=statements,
        missed=tuple(missed),
        unmeasured=tuple(sorted(path for path in unmeasured if _ending(path) in kinds)),
    )


def _lines_in_functions(tree: ast.Module) -> frozenset[int]:
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(
        line for node in functions for line in range(_last_line(node) + 1, (node.end_lineno or node.lineno) + 1)
    )


def _statement_begins(tree: ast.Module) -> dict[int, int]:
    begins: dict[int, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            begins |= dict.fromkeys(range(node.lineno + 1, _last_line(node) + 1), node.lineno)
        for decorator in getattr(node, "decorator_list", ()):  # to coverage each is a statement
            begins |= dict.fromkeys(range(decorator.lineno + 1, decorator.end_lineno + 1), decorator.lineno)
    return begins


def _parsed(source: str) -> ast.Module:
    try:
        return syntax_tree(source)
    except UNREADABLE_SOURCE:  # it is no Python, and tells nothing
        return ast.Module(body=[], type_ignores=[])


def _last_line(statement: ast.stmt) -> int:
    if not hasattr(statement, "body") and not hasattr(statement, "cases"):
        return statement.end_lineno or statement.lineno
    head = (
        part
        for child in ast.iter_child_nodes(statement)
        if not isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case)
        and child not in getattr(statement, "decorator_list", ())
        for part in ast.walk(child)
    )
    return max([statement.lineno, *(getattr(part, "end_lineno", 0) or 0 for part in head)])


def statements_of(change: ChangedFile, file: FileCoverage) -> set[int]:
    """Return where the statements begin of which the change wrote a line."""
    counted = file.executed | file.missing
    written = {line for line in counted if change.has_written(line)}
    return written | {begin for line, begin in file.begins.items() if begin in counted and change.has_written(line)}


def runs_of(lines: list[int], file: FileCoverage) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of ``lines`` that follow each other, with no other statement between them."""
    place = {line: number for number, line in enumerate(sorted(file.executed | file.missing))}
    for _, run in groupby(enumerate(lines), key=lambda numbered: place[numbered[1]] - numbered[0]):
        found = [line for _, line in run]
        yield found[0], found[-1]


def _ending(path: str) -> str:
    _, dot, ending = path.rpartition(".")
    return dot + ending

"""CIT006 and CIT010: a test has one category, and its directory agrees with its marker."""

import ast
from collections.abc import Iterator

from ci_toolkit.lint.module import Function, Mark, Module
from ci_toolkit.lint.rules import MIXED_CATEGORIES, WRONG_DIRECTORY
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.lint.violation import Violation, violation_at

ON_TOP = "mission_critical"
"""The one category that may stand on top of another."""


def category_of(test: Function, module: Module, settings: LintSettings) -> str:
    """Return the category of ``test``: its marker's, else its directory's, else ``""``."""
    by_marker = _category_marks(test.marks, settings)
    plain = [mark.name for mark in by_marker if mark.name != ON_TOP]
    directory = settings.category_of_directory(module.directory)
    if plain:
        return plain[0]
    if directory and directory != ON_TOP:
        return directory
    return ON_TOP if by_marker or directory else ""


def mixed(module: Module, settings: LintSettings) -> Iterator[Violation]:
    """Find the tests with markers of two categories; what a whole class shares is said once."""
    if not module.triggers.marks_a_category(settings.categories):
        return
    said: set[tuple[int, ...]] = set()
    for test in module.tests:
        marks = [mark for mark in _category_marks(test.marks, settings) if mark.name != ON_TOP]
        names = sorted({mark.name for mark in marks})
        place = tuple(sorted(mark.node.lineno for mark in marks))
        if len(names) > 1 and place not in said:
            said.add(place)
            what = f"{test.qualname} is in {len(names)} categories: {', '.join(names)}"
            yield violation_at(_own_or_def(test, marks), MIXED_CATEGORIES, what)


def in_wrong_directory(module: Module, settings: LintSettings) -> Iterator[Violation]:
    """Find the tests whose category marker disagrees with every category directory above them."""
    folders = {part for part in module.directory.split("/") if part in settings.categories}
    if not folders or not module.triggers.marks_a_category(settings.categories):
        return
    said: set[int] = set()
    for test in module.tests:
        marks = _category_marks(test.marks, settings)
        names = {mark.name for mark in marks if mark.name != ON_TOP}
        if not names or names & folders or folders == {ON_TOP} or len(names) > 1:
            continue
        mark = next(mark for mark in marks if mark.name in names)
        if mark.node.lineno not in said:
            said.add(mark.node.lineno)
            category = settings.category_of_directory(module.directory)
            what = f"{test.qualname} is marked {mark.name} but stands in a directory of {category} tests"
            yield violation_at(mark.node, WRONG_DIRECTORY, what)


def _category_marks(marks: tuple[Mark, ...], settings: LintSettings) -> list[Mark]:
    return [mark for mark in marks if mark.name in settings.categories]


def _own_or_def(test: Function, marks: list[Mark]) -> ast.expr | ast.stmt:
    return marks[0].node if marks[0] in test.own_marks else test.node

"""In pytest: which category each collected test is of, and which tests a choice of categories keeps."""

from collections.abc import Collection
from typing import Any

import pytest

from ci_toolkit.model.category import Categories, Placement
from ci_toolkit.suite.selection import path_of

_NO_MARKS: frozenset[str] = frozenset()


class Placer:
    """Places tests by marker and directory; most cost a look at two dictionaries."""

    def __init__(self, categories: Categories) -> None:
        self._categories = categories
        self._markers = categories.markers
        self._inherited: dict[Any, frozenset[str]] = {None: _NO_MARKS}
        self._directories: dict[str, str] = {}
        self._placements: dict[tuple[str, frozenset[str]], Placement] = {}

    def of_file(self, path: str) -> str:
        """Return the category of the directory of ``path``, or ``""``."""
        category = self._directories.get(path)
        if category is None:
            category = self._directories[path] = self._categories.of_path(path)
        return category

    def place(self, item: pytest.Item, path: str) -> Placement:
        """Return where ``item``, collected from the file ``path``, stands."""
        marks = self._marks_of(item.parent)
        if item.own_markers:
            marks |= self._own(item)
        key = (self.of_file(path), marks)
        placement = self._placements.get(key)
        if placement is None:
            placement = self._placements[key] = self._categories.place(*key)
        return placement

    def _marks_of(self, node: Any) -> frozenset[str]:
        # The parent of an item: a collector, whose class pytest does not export.
        marks = self._inherited.get(node)
        if marks is None:
            marks = self._inherited[node] = self._marks_of(node.parent) | self._own(node)
        return marks

    def _own(self, node: pytest.Item | pytest.Collector) -> frozenset[str]:
        return frozenset(mark.name for mark in node.own_markers) & self._markers


class CategoryFilter:
    """Keeps the tests of the selected categories, and every mission-critical one."""

    def __init__(self, placer: Placer, selected: Collection[str], *, critical_first: bool) -> None:
        self._placer = placer
        self._selected = frozenset(selected)
        self._critical_first = critical_first

    def left_out(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """Take what is not selected out of ``items`` and return it; put mission-critical tests first if asked."""
        if not self._selected and not self._critical_first:
            return []
        critical, others, dropped = list[pytest.Item](), list[pytest.Item](), list[pytest.Item]()
        for item in items:
            placement = self._placer.place(item, path_of(item))
            if placement.is_critical:
                (critical if self._critical_first else others).append(item)
            elif not self._selected or placement.category in self._selected:
                others.append(item)
            else:
                dropped.append(item)
        items[:] = critical + others
        return dropped

    def critical_among(self, before: list[pytest.Item], after: list[pytest.Item]) -> list[pytest.Item]:
        """Return the mission-critical tests of ``before`` that ``after`` lacks, whoever took them out."""
        kept = {id(item) for item in after}
        gone = (item for item in before if id(item) not in kept)
        return [item for item in gone if self._placer.place(item, path_of(item)).is_critical]

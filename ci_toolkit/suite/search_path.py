"""In pytest: leads imports to the folders of other shards' test files, as pytest does when it imports these.

In the modes ``prepend`` and ``append``, pytest puts the folder of each test file on ``sys.path``. A later file may
import a helper that lies there, and so may every test: a shard that has one of two files needs the folders of both.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import groupby
from pathlib import Path

import pytest

from ci_toolkit.model.record import restore_surrogates
from ci_toolkit.model.task import ShardTask
from ci_toolkit.suite.arguments import ranks_of_arguments
from ci_toolkit.suite.ini_values import ini_value


class SearchPath:
    """Adds each folder to ``sys.path`` when plain pytest would have done so."""

    def __init__(self, task: ShardTask, config: pytest.Config) -> None:
        self._mode = config.getoption("importmode", "prepend")
        self._root = Path(restore_surrogates(task.root))
        self._places = dict(task.places)
        is_led = self._mode in {"prepend", "append"} and not ini_value(config, "consider_namespace_packages", None)
        self._ranks = {os.path.relpath(place, self._root): rank for place, rank in ranks_of_arguments(config).items()}
        own = {self._places.get(path, path) for path in task.pieces}
        others = in_collection_order(set(task.planned) - own, self._ranks)
        self.modules_of_others = [self._root / restore_surrogates(place) for place in others]
        """The test modules of other shards, in the order in which plain pytest imports them."""
        self._left = firsts_of_folders(others)[::-1] if is_led else []
        """What plain pytest would not have imported yet of other shards' files, the next one at the end."""
        self._is_package = cache(lambda folder: (folder / "__init__.py").is_file())

    def lead_before(self, path: str) -> None:
        """Add the folders of what pytest imports before the planned file ``path``."""
        own = _in_order(self._places.get(path, path), self._ranks)
        while self._left and _in_order(self._left[-1], self._ranks) < own:
            self._add_next()

    def lead_to_all(self) -> None:
        """Add the folders of what pytest imports before it runs a test."""
        while self._left:
            self._add_next()

    def _add_next(self) -> None:
        folder = Path(os.path.normpath(self._root / restore_surrogates(self._left.pop()))).parent
        while self._is_package(folder) and folder.name.isidentifier():
            folder = folder.parent
        name = str(folder)
        if self._mode == "append" and name not in sys.path:
            sys.path.append(name)
        if self._mode == "prepend" and sys.path[:1] != [name]:
            sys.path.insert(0, name)


def in_collection_order(places: Iterable[str], ranks: Mapping[str, int]) -> list[str]:
    """Return the modules among ``places`` as pytest comes to them.

    ``ranks`` says at which place of pytest's arguments a path stands.
    """
    return sorted((place for place in places if place.endswith(".py")), key=lambda place: _in_order(place, ranks))


def firsts_of_folders(modules: Iterable[str]) -> list[str]:
    """Return the first of several ``modules`` of one folder in a row, which stands for all."""
    return [next(row) for _, row in groupby(modules, key=lambda place: place.rpartition("/")[0])]


def _in_order(place: str, ranks: Mapping[str, int]) -> tuple[int, str]:
    file = Path(restore_surrogates(place))
    found = (ranks[str(path)] for path in (file, *file.parents) if str(path) in ranks)
    return min(found, default=len(ranks)), _in_walk(place)


def _in_walk(place: str) -> str:
    return place.replace("/", "\0")  # a folder's name ends before any other letter

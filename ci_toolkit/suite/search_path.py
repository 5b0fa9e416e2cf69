"""In pytest: leads imports to the folders of other shards' test files, as pytest does when it imports these.

In the modes ``prepend`` and ``append``, pytest puts the folder of each test file on ``sys.path``. A later file may
import a helper that lies there, and so may every test: a shard that has one of two files needs the folders of both.
"""

import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from ci_toolkit.model.record import restore_surrogates
from ci_toolkit.model.task import ShardTask
from ci_toolkit.suite.ini_values import ini_value


class SearchPath:
    """Adds each folder to ``sys.path`` when plain pytest would have done so."""

    def __init__(self, task: ShardTask, config: pytest.Config) -> None:
        self._mode = config.getoption("importmode", "prepend")
        self._root = Path(restore_surrogates(task.root))
        self._places = dict(task.places)
        is_led = self._mode in {"prepend", "append"} and not ini_value(config, "consider_namespace_packages", None)
        others = set(task.planned) - {self._places.get(path, path) for path in task.pieces}
        self._left = in_collection_order(others if is_led else ())
        """Other shards' files that plain pytest would not have imported yet, the next one at the end."""
        self._is_package = cache(lambda folder: (folder / "__init__.py").is_file())

    def lead_before(self, path: str) -> None:
        """Add the folders of what pytest imports before the planned file ``path``."""
        place = _parts(self._places.get(path, path))
        while self._left and self._left[-1] < place:
            self._add_next()

    def lead_to_all(self) -> None:
        """Add the folders of what pytest imports before it runs a test."""
        while self._left:
            self._add_next()

    def _add_next(self) -> None:
        folder = self._root.joinpath(*map(restore_surrogates, self._left.pop()[:-1]))
        while self._is_package(folder) and folder.name.isidentifier():
            folder = folder.parent
        name = str(folder)
        if self._mode == "append" and name not in sys.path:
            sys.path.append(name)
        if self._mode == "prepend" and sys.path[:1] != [name]:
            sys.path.insert(0, name)


def in_collection_order(places: Iterable[str]) -> list[list[str]]:
    """Return the parts of those of ``places`` that are modules, the one that pytest comes to first at the end."""
    return sorted((_parts(place) for place in places if place.endswith(".py")), reverse=True)


def _parts(place: str) -> list[str]:
    return place.split("/")

"""In pytest: test files that came after the plan was made, and that no shard has."""

import os
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

import pytest

from ci_toolkit.model.record import escape_surrogates, restore_surrogates
from ci_toolkit.model.task import ShardTask
from ci_toolkit.suite.ini_values import ini_value


class UnplannedFiles:
    """Looks at what the shard passes over in its own folders. Whole folders that are not its own it does not enter."""

    def __init__(self, task: ShardTask, config: pytest.Config, plugin: object) -> None:
        """``plugin`` is the one that passes over; what every other plugin ignores is no test file."""
        root = restore_surrogates(task.root)
        self._root = root
        self._config = config
        self._plugin = plugin
        self._planned = {os.path.normpath(Path(root) / restore_surrogates(place)) for place in task.planned}
        self._asked: list[str] = []
        """What pytest was told to collect: a neighbour of a file that it was told of is no part of the suite."""
        self._patterns = [str(pattern) for pattern in ini_value(config, "python_files", ())]
        self._found: dict[str, None] = {}

    def ask_for(self, arguments: Iterable[str]) -> None:
        """Note what pytest is told to collect, before it begins."""
        here = self._config.invocation_params.dir
        self._asked = [os.path.normpath(here / argument.partition("::")[0]) for argument in arguments]

    def meet(self, path: Path) -> None:
        """Look at a path that is not the shard's."""
        name = os.path.normpath(path)
        if name in self._planned or not self._planned or not self._is_asked_for(name) or not self._is_test_file(path):
            return
        self._found[escape_surrogates(os.path.relpath(name, self._root))] = None

    def found(self) -> tuple[str, ...]:
        """Return the test files that the plan does not know, relative to the root."""
        return tuple(sorted(self._found))

    def _is_asked_for(self, name: str) -> bool:
        return any(name == asked or name.startswith(f"{asked.rstrip(os.sep)}{os.sep}") for asked in self._asked)

    def _is_test_file(self, path: Path) -> bool:
        if path.suffix != ".py" or not any(fnmatch(path.name, pattern) for pattern in self._patterns):
            return False
        hook = self._config.pluginmanager.subset_hook_caller("pytest_ignore_collect", [self._plugin])
        return path.is_file() and not hook(collection_path=path, config=self._config)

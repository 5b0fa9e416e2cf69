"""In pytest: lists the files that hold tests, by pytest's own collection, which stops short of importing them."""

from pathlib import Path
from typing import Any

import pytest

from ci_toolkit.model.record import encode, restore_surrogates
from ci_toolkit.model.task import FindTask, FoundFiles
from ci_toolkit.suite.folder_watch import FolderWatch


class FindPlugin:
    """Answers a FindTask. Directories are collected as ever (conftest, ignore patterns, custom collectors)."""

    def __init__(self, task: FindTask, config: pytest.Config) -> None:
        self.task = task
        self.config = config
        self.watch = FolderWatch(config, task.critical_folders)
        config.pluginmanager.register(self.watch, "ci-toolkit-folder-watch")
        self.paths: dict[str, None] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> pytest.CollectReport | None:
        """Note a file and pretend that it is empty; leave directories to pytest."""
        if not isinstance(collector, pytest.File):
            return None
        self.paths[collector.nodeid] = None
        return pytest.CollectReport(collector.nodeid, "passed", None, [])

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Write the listing."""
        found = FoundFiles(
            root=str(self.config.rootpath),
            broken_folders=self.watch.broken,
            ignored_critical=self.watch.ignored,
            paths=tuple(self.paths),
            function_patterns=_patterns(self.config.getini("python_functions")),
            class_patterns=_patterns(self.config.getini("python_classes")),
        )
        Path(restore_surrogates(self.task.out)).write_bytes(encode(found))


def _patterns(value: Any) -> tuple[str, ...]:
    return tuple(str(pattern) for pattern in value)

"""In pytest: lists the files that hold tests, by pytest's own collection, which stops short of importing them."""

import gc
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from ci_toolkit.model.record import encode, restore_surrogates
from ci_toolkit.model.task import FindTask, FoundFiles
from ci_toolkit.suite.about_suite import about_suite
from ci_toolkit.suite.folder_watch import FolderWatch
from ci_toolkit.suite.ini_values import ini_value
from ci_toolkit.suite.owners import Node, Places, name_of, owner_of


class _AllFoundError(Exception):
    """Every file is listed."""


class FindPlugin:
    """Answers a FindTask. Directories are collected as ever (conftest, ignore patterns, custom collectors)."""

    def __init__(self, task: FindTask, config: pytest.Config) -> None:
        self.task = task
        self._answer = Path(restore_surrogates(task.out))
        self._answer.touch()  # an empty answer: the plugin was here, and pytest ended before the tests were listed
        self.config = config
        self.watch = FolderWatch(config, task.critical_folders)
        config.pluginmanager.register(self.watch, "ci-toolkit-folder-watch")
        self.places = Places(config.rootpath)
        config.pluginmanager.register(self.places, "ci-toolkit-places")
        self.found: dict[str, str] = {}
        """Path to where it lies."""
        self._looks_into_files = False
        self._all_are_read = True

    def _note(self, owner: Node) -> None:
        self.found.setdefault(name_of(owner), self.places.of(owner))

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> pytest.CollectReport | None:
        """Note a file, or what stands for one, and pretend that it is empty; leave directories to pytest."""
        if owner_of(collector) is None or self._looks_into_files:
            return None
        self._note(collector)
        return pytest.CollectReport(collector.nodeid, "passed", None, [])

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note the tests directly below a directory, and end the collection: no plugin can do anything with so few."""
        if not self._looks_into_files:
            for item in items:
                self._note(item)
            self._try_expressions()
        raise _AllFoundError

    def _try_expressions(self) -> None:
        # pytest refuses `-k` and `-m` that it cannot read when it selects: here, once, and not in each shard.
        mark: Any = self.config.pluginmanager.get_plugin("mark")
        if mark is not None:
            mark.pytest_collection_modifyitems([], self.config)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> Generator[None, object, object]:
        """Ask for files, not tests in them, take the end of the collection for what it is, and write the listing.

        Not at the end of the session: what another plugin or a conftest raises there would keep it from us.
        """
        named = [argument for argument in self.config.args if "::" in argument]
        self.config.args = [argument.partition("::")[0] for argument in self.config.args]
        try:
            result = yield
        except _AllFoundError:
            result = None
        if named:
            self._refuse_unknown(named, session)
        self._write()
        return result

    def _refuse_unknown(self, named: list[str], session: pytest.Session) -> None:
        # These files alone are imported, so that a mistyped test is pytest's usage error here, and not a shard's.
        # What cannot be imported, or skips itself, is a result: the shard's.
        self._looks_into_files = True
        try:
            session.perform_collect(named, genitems=False)
        except _AllFoundError:
            return
        except pytest.UsageError:
            if self._all_are_read:
                raise

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note that the tests in a file are unknown."""
        self._all_are_read &= report.passed

    def _write(self) -> None:
        found = FoundFiles(
            about=about_suite(self.config, self.watch),
            paths=tuple(self.found),
            places=tuple((path, place) for path, place in self.found.items() if place),
            function_patterns=_patterns(ini_value(self.config, "python_functions", ())),
            class_patterns=_patterns(ini_value(self.config, "python_classes", ())),
        )
        self._answer.write_bytes(encode(found))
        gc.freeze()  # pytest looks for garbage five times at its end: of a listing nobody wants to know


def _patterns(value: Any) -> tuple[str, ...]:
    return tuple(str(pattern) for pattern in value)

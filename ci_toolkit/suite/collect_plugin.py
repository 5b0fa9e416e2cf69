"""In pytest: lists every test, by pytest's own full collection."""

import gc
from collections.abc import Generator
from pathlib import Path

import pytest

from ci_toolkit.model.category import Categories
from ci_toolkit.model.record import encode, restore_surrogates
from ci_toolkit.model.task import CollectedSuite, CollectedSuiteFile, CollectTask
from ci_toolkit.suite.about_suite import about_suite
from ci_toolkit.suite.folder_watch import FolderWatch
from ci_toolkit.suite.owners import Node, Places, name_of, owner_of
from ci_toolkit.suite.placing import Placer
from ci_toolkit.suite.selection import address


class CollectPlugin:
    """Answers a CollectTask. A file that cannot be imported stands in the list without tests."""

    def __init__(self, task: CollectTask, config: pytest.Config) -> None:
        self.task = task
        self._answer = Path(restore_surrogates(task.out))
        self._answer.touch()  # an empty answer: the plugin was here, and pytest ended before the tests were listed
        self.watch = FolderWatch(config, task.critical_folders)
        config.pluginmanager.register(self.watch, "ci-toolkit-folder-watch")
        self.places = Places(config.rootpath)
        config.pluginmanager.register(self.places, "ci-toolkit-places")
        self.tests: dict[str, dict[str, None]] = {}
        self.found: dict[str, str] = {}
        """Path to where it lies."""
        self.groups: dict[str, list[tuple[str, str]]] = {}
        self.critical: dict[str, list[str]] = {}
        self._placer = Placer(Categories(task.categories))

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Note a file, or what stands for one."""
        if owner_of(collector) is collector:
            self._note(collector)
        return (yield)

    def _note(self, owner: Node) -> None:
        self.tests.setdefault(name_of(owner), {})
        self.found.setdefault(name_of(owner), self.places.of(owner))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Write the list of what is left when every plugin has deselected."""
        for item in session.items:
            path, suffix = address(item)
            if path not in self.tests:
                self._note(owner_of(item) or item)
            self.tests[path][suffix] = None
            if self._placer.place(item, path).is_critical:
                self.critical.setdefault(path, []).append(suffix)
            group = item.get_closest_marker("xdist_group")
            if group is not None:
                name = str(group.args[0] if group.args else group.kwargs.get("name", "default"))
                self.groups.setdefault(path, []).append((suffix, name))
        files = tuple(
            CollectedSuiteFile(
                path=path,
                place=self.found[path],
                suffixes=tuple(tests),
                groups=tuple(self.groups.get(path, ())),
                critical=tuple(self.critical.get(path, ())),
            )
            for path, tests in self.tests.items()
        )
        collected = CollectedSuite(
            about=about_suite(session.config, self.watch),
            files=files,
        )
        self._answer.write_bytes(encode(collected))
        gc.freeze()  # as where files alone are listed

"""In pytest: notes what keeps a whole folder or file out of a collection, which would otherwise go unseen."""

from collections.abc import Generator
from pathlib import Path

import pytest

from ci_toolkit.model.record import escape_surrogates


class FolderWatch:
    """Notes folders that fail to collect or skip themselves, and mission-critical paths that pytest never looks at."""

    def __init__(self, config: pytest.Config, critical_folders: tuple[str, ...]) -> None:
        self._root = config.rootpath
        self._critical = frozenset(critical_folders)
        self._folders: dict[str, Path] = {}
        self._broken: dict[str, None] = {}
        self._skipped: dict[str, str] = {}
        self._ignored: dict[str, None] = {}

    @property
    def broken(self) -> tuple[str, ...]:
        """The folders whose conftest or package cannot be imported."""
        return tuple(self._broken)

    @property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        """(folder, reason) of those whose conftest skips them as a whole."""
        return tuple(self._skipped.items())

    @property
    def ignored(self) -> tuple[str, ...]:
        """The mission-critical files and folders that are ignored, and the folders that skip themselves with such."""
        return tuple(self._ignored)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectstart(self, collector: pytest.Collector) -> None:
        """Note that a collector is a folder: reports know its name alone."""
        if isinstance(collector, pytest.Directory):
            self._folders[collector.nodeid] = collector.path

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a folder that failed or skipped itself."""
        folder = self._folders.get(report.nodeid)
        if folder is None:
            return
        if report.failed:
            self._broken[report.nodeid] = None
        if report.skipped:
            self._skipped[report.nodeid] = _reason_of(report)
            if self._is_critical(folder) or any(map(self._is_critical, folder.rglob("*/"))):
                self._ignored[report.nodeid] = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> Generator[None, bool | None, bool | None]:
        """Note a mission-critical path that is ignored."""
        is_ignored = yield
        if is_ignored and self._is_critical(collection_path):
            self._ignored[str(collection_path.relative_to(self._root))] = None
        return is_ignored

    def _is_critical(self, path: Path) -> bool:
        if not path.is_relative_to(self._root) or path.name.startswith((".", "__")):
            return False
        parts = path.relative_to(self._root).parts
        return bool(self._critical.intersection(parts)) and (path.suffix == ".py" or path.is_dir())


def _reason_of(report: pytest.CollectReport) -> str:
    reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return escape_surrogates(reason.removeprefix("Skipped: "))

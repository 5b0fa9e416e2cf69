"""Which categories a command runs, from ``--category`` and ``--execution-mode``, and under which mode."""

from collections.abc import Iterable
from pathlib import Path

from ci_toolkit.config.categories import read_categories
from ci_toolkit.config.modes import mode_named, read_modes
from ci_toolkit.config.project import nearest
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.model.category import MISSION_CRITICAL, Categories
from ci_toolkit.model.mode import Mode
from ci_toolkit.model.record import Record
from ci_toolkit.model.suite import Suite, SuiteFile


class CategorySelection(Record, frozen=True, kw_only=True):
    """The categories of the project and those of them that run; the mode, or one without a name."""

    categories: Categories
    mode: Mode
    asked: tuple[str, ...] = ()
    """The categories that the command line names."""

    @property
    def names(self) -> tuple[str, ...]:
        """The categories that run, empty for all: those that were asked for, else the mode's."""
        return with_mission_critical(self.asked or self.mode.categories)

    @property
    def is_narrowed(self) -> bool:
        """Whether there is a mode or a choice of categories; else the suite runs as plain pytest would run it."""
        return bool(self.mode.name or self.asked)

    def files_of(self, suite: Suite) -> tuple[SuiteFile, ...]:
        """Return the files of ``suite`` that can hold a selected test."""
        return tuple(file for file in suite.files if not self.names or file.may_hold(self.names))

    def services_of(self, files: Iterable[SuiteFile]) -> tuple[str, ...]:
        """Return the services that the categories of ``files`` need, in the order of the categories."""
        present = {name for file in files for name in (file.category, *file.mentions)}
        needed = (
            service for category in self.categories.every if category.name in present for service in category.services
        )
        return tuple(dict.fromkeys(needed))

    @property
    def coverage_thresholds(self) -> dict[str, float]:
        """What the settings ask of the coverage of the selected categories."""
        names = self.names or self.categories.names
        every = {name: self.categories.by_name[name].coverage_threshold for name in names}
        return {name: threshold for name, threshold in every.items() if threshold is not None}


def with_mission_critical(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return ``names`` with the mission-critical category first, which no selection leaves out; empty stays empty."""
    return tuple(dict.fromkeys((MISSION_CRITICAL, *names))) if names else ()


def select_categories(root: Path, *, mode: str = "", categories: tuple[str, ...] = ()) -> CategorySelection:
    """Return the selection in the project at ``root``. Raises ConfigurationError for a name that it does not know."""
    known = read_categories(root)
    for name in categories:
        if name not in known.by_name:
            raise ConfigurationError(f"there is no category '{name}'", advice=nearest(name, known.names, "categories"))
    modes = read_modes(root, known)
    return CategorySelection(
        categories=known, mode=mode_named(mode, modes) if mode else Mode(name=""), asked=categories
    )

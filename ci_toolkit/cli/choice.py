"""What a command runs: the categories, from ``--category`` and ``--execution-mode``, and how strictly."""

from collections.abc import Iterable
from pathlib import Path

from ci_toolkit.config.categories import read_categories
from ci_toolkit.config.modes import mode_named, read_modes
from ci_toolkit.config.project import nearest
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.model.category import MISSION_CRITICAL, Categories
from ci_toolkit.model.mode import Mode
from ci_toolkit.model.suite import SuiteFile


class Choice:
    """The categories in force and those that run; the mode, or one without a name that asks for nothing."""

    def __init__(self, categories: Categories, mode: Mode, asked: tuple[str, ...]) -> None:
        self.categories = categories
        self.mode = mode
        self.selected = selected(mode, asked)
        self.is_made = bool(mode.name or asked)
        """Whether anybody chose; else the whole suite runs as plain pytest would run it."""

    def services(self, files: Iterable[SuiteFile]) -> tuple[str, ...]:
        """Return the services that the categories of ``files`` need, in the order of the categories."""
        present = {name for file in files for name in (file.category, *file.mentions)}
        needed = (
            service for category in self.categories.every if category.name in present for service in category.services
        )
        return tuple(dict.fromkeys(needed))

    @property
    def category_thresholds(self) -> dict[str, float]:
        """What the settings ask of the coverage of the selected categories."""
        names = self.selected or self.categories.names
        every = {name: self.categories.by_name[name].coverage_threshold for name in names}
        return {name: threshold for name, threshold in every.items() if threshold is not None}


def selected(mode: Mode, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return the categories to run, empty for all: those that were asked for, else the mode's.

    Mission-critical tests are never left out.
    """
    names = asked or mode.categories
    return tuple(dict.fromkeys((MISSION_CRITICAL, *names))) if names else ()


def read_choice(root: Path, *, mode: str = "", categories: tuple[str, ...] = ()) -> Choice:
    """Return what was chosen in the project at ``root``. Raises ConfigurationError for a name that it does not know."""
    known = read_categories(root)
    for name in categories:
        if name not in known.by_name:
            raise ConfigurationError(f"'{name}' is no category", advice=nearest(name, known.names, "categories"))
    modes = read_modes(root, known)
    return Choice(known, mode_named(mode, modes) if mode else Mode(name=""), categories)

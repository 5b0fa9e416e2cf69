"""How linting is set: ``[tool.ci-toolkit.lint]`` of ``pyproject.toml``, an error for each word it does not know."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from ci_toolkit.config.categories import read_categories
from ci_toolkit.config.project import nearest, read_pyproject, read_section, read_settings, tool_table
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.lint.rules import ALL_RULES, RULES
from ci_toolkit.model.category import CATEGORIES, MockPolicy, category_of_path
from ci_toolkit.model.record import Record

GUIDE_PORTS = (3000, 5432, 5434, 6379, 6381, 6382, 8000, 8002, 8081, 8123)
"""The ports of the guide's tables: test, Alpine and development."""


class LintSettings(Record, frozen=True, kw_only=True, rename="kebab"):
    """What to look for, and in which files."""

    select: tuple[str, ...] = tuple(rule.code for rule in ALL_RULES)
    """Codes that are looked for; a prefix such as ``CIT00`` stands for all that begin with it."""
    ignore: tuple[str, ...] = ()
    per_file_ignores: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Glob of paths below the project's root to the codes that are not looked for there."""
    exclude: tuple[str, ...] = ()
    """Globs of paths below the project's root that are not read."""
    file_names: tuple[str, ...] = ("test_*.py",)
    """What a file of tests is named; pytest's own ``python_files`` in the same pyproject.toml where it is not set."""
    categories: tuple[str, ...] = CATEGORIES
    mock_free: tuple[str, ...] = ("e2e", "mission_critical")
    """Categories in which everything is real."""
    ports: tuple[int, ...] = ()
    """Ports of the team's own services, beside those of the guide."""
    agent_names: tuple[str, ...] = ("agent", "*_agent")
    """What a variable that holds an agent is named."""
    agent_calls: tuple[str, ...] = ("execute",)
    """Methods that make an agent work."""
    event_checks: tuple[str, ...] = ("*event*", "assert_agent_execution")
    """Names that show that a test looks at events."""
    bvj: str = "complete"
    """``complete``: files with a docstring or a test class are asked for a BVJ; ``all``: every file of a category."""

    def narrowed(self, *, select: tuple[str, ...], ignore: tuple[str, ...]) -> "LintSettings":
        """Return the settings with the command line's codes on top. Raises ConfigurationError for an unknown one."""
        expand((*select, *ignore))
        return msgspec.structs.replace(self, select=select or self.select, ignore=(*self.ignore, *ignore))

    @property
    def known_ports(self) -> frozenset[int]:
        """The guide's ports and the team's."""
        return frozenset((*GUIDE_PORTS, *self.ports))

    def category_of_directory(self, directory: str) -> str:
        """Return the category that ``directory`` stands for, or ``""``."""
        return category_of_path(f"{directory}/", self.categories)

    def codes_for(self, path: str) -> frozenset[str]:
        """Return the codes that are looked for in the file at ``path``, relative to the project's root."""
        ignored = [code for glob, codes in self.per_file_ignores.items() if matches(path, glob) for code in codes]
        return _difference(self.select, (*self.ignore, *ignored))


@cache
def _difference(selected: tuple[str, ...], ignored: tuple[str, ...]) -> frozenset[str]:
    return frozenset(expand(selected)) - frozenset(expand(ignored))


def matches(path: str, pattern: str) -> bool:
    """Whether ``pattern`` names ``path``, one of its folders, or its name."""
    pattern = pattern.rstrip("/")
    folders = (str(parent) for parent in PurePosixPath(path).parents)
    return any(fnmatchcase(candidate, pattern) for candidate in (path, path.rsplit("/", 1)[-1], *folders))


def expand(codes: Iterable[str]) -> list[str]:
    """Return every code that ``codes`` and prefixes among them stand for. Raises ConfigurationError for no rule's."""
    found: list[str] = []
    for code in codes:
        meant = [known for known in RULES if known.startswith(code.upper())] if code else []
        if not meant:
            raise ConfigurationError(f"No rule has the code '{code}'", advice=nearest(code.upper(), RULES, "codes"))
        found.extend(meant)
    return found


def settings_from_toml(table: Mapping[str, Any], *, origin: str) -> LintSettings:
    """Read the table. Raises ConfigurationError that names ``origin``, the key and the nearest known one."""
    settings = read_settings(table, LintSettings, where=origin)
    if settings.bvj not in {"complete", "all"}:
        raise ConfigurationError(f"{origin} bvj is '{settings.bvj}'", advice="Write 'complete' or 'all'.")
    for codes in (settings.select, settings.ignore, *settings.per_file_ignores.values()):
        expand(codes)
    return settings


def load_settings(root: Path, *, service_ports: Iterable[int] = ()) -> LintSettings:
    """Read the settings of the project at ``root``; defaults where it has none. Raises ConfigurationError.

    ``service_ports`` are those of the project's table of services: hard-coding one of them is a finding too.
    """
    table, origin = read_section(root, "lint")
    every = read_categories(root).every
    mock_free = [category.name for category in every if category.mocks is MockPolicy.NONE]
    table = {"categories": [category.name for category in every], "mock-free": mock_free, **table}
    named = tool_table(read_pyproject(root), "pytest").get("ini_options", {}).get("python_files", ())
    table = {"file-names": named.split() if isinstance(named, str) else list(named), **table} if named else table
    settings = settings_from_toml(table, origin=origin)
    return msgspec.structs.replace(settings, ports=tuple(sorted({*settings.ports, *service_ports})))

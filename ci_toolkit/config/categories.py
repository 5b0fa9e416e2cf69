"""Reads ``[tool.ci-toolkit.categories]``: the guide's categories, and what a team changes or adds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ci_toolkit.config.project import nearest, read_section, read_settings
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.model.category import BUILT_IN, MISSION_CRITICAL, Categories, Category, MockPolicy
from ci_toolkit.model.record import Record


class _Row(Record, frozen=True, kw_only=True, rename="kebab"):
    """One category as a team writes it; what is left out stays as it was."""

    directories: tuple[str, ...] | None = None
    marker: str | None = None
    services: tuple[str, ...] | None = None
    mocks: MockPolicy | None = None
    test_seconds: float | None = None
    coverage_threshold: float | None = None
    after: tuple[str, ...] | None = None


def read_categories(root: Path) -> Categories:
    """Return the categories of the project at ``root``. Raises ConfigurationError naming what cannot be used."""
    table, origin = read_section(root, "categories")
    return categories_from(table, origin=origin)


def categories_from(table: Mapping[str, Any], *, origin: str) -> Categories:
    """Return the built-in categories changed by ``table``; ``false`` drops one. Raises ConfigurationError."""
    every = {category.name: category for category in BUILT_IN}
    for name, value in table.items():
        where = f"{origin} '{name}'"
        if value is False and name != MISSION_CRITICAL:
            every.pop(name, None)
            continue
        row = read_settings(value, _Row, where=where)
        if not name.isidentifier():
            raise ConfigurationError(f"{where} cannot name a category", advice="Use letters, digits and underscores.")
        before = every.get(name) or Category(name=name, directories=(name,), marker=name)
        changes = {field: given for field in _Row.__struct_fields__ if (given := getattr(row, field)) is not None}
        every[name] = msgspec.structs.replace(before, **changes)
    _check(every, origin, dropped={name for name, value in table.items() if value is False})
    return Categories(
        msgspec.structs.replace(category, after=tuple(name for name in category.after if name in every))
        for category in every.values()
    )


def _check(every: Mapping[str, Category], origin: str, dropped: set[str]) -> None:
    owners: dict[tuple[str, str], str] = {}
    for category in every.values():
        for what in (*(("directory", name) for name in category.directories), ("marker", category.marker)):
            other = owners.setdefault(what, category.name)
            if other != category.name:
                raise ConfigurationError(
                    f"{origin}: '{other}' and '{category.name}' share the {what[0]} '{what[1]}'",
                    advice="Give each category its own.",
                )
        for name in category.after:
            if name not in every and name not in dropped:
                raise ConfigurationError(
                    f"{origin} '{category.name}' runs after '{name}', which is not a category",
                    advice=nearest(name, tuple(every), "categories"),
                )
    _refuse_circles(every, origin)


def _refuse_circles(every: Mapping[str, Category], origin: str) -> None:
    done: set[str] = set()
    while len(done) < len(every):
        ready = {
            name for name, category in every.items() if name not in done and not {*category.after} & {*every} - done
        }
        if not ready:
            circle = ", ".join(sorted(set(every) - done))
            raise ConfigurationError(f"{origin}: these categories wait for each other in a circle: {circle}")
        done |= ready

"""Reads ``[tool.ci-toolkit.modes]``: the guide's modes, and what a team changes or adds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ci_toolkit.config.project import nearest, read_section, read_settings
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.model.category import MISSION_CRITICAL, Categories
from ci_toolkit.model.mode import BUILT_IN_MODES, FailFast, Mode, Strictness, read_fail_fast
from ci_toolkit.model.record import Record


class _Row(Record, frozen=True, kw_only=True, rename="kebab"):
    """One mode as a team writes it; what is left out stays as it was."""

    categories: tuple[str, ...] | None = None
    budget_seconds: float | None = None
    fail_fast: str | None = None
    strictness: Strictness | None = None


def read_modes(root: Path, categories: Categories) -> Mapping[str, Mode]:
    """Return the modes of the project at ``root`` by name. Raises ConfigurationError naming what cannot be used."""
    table, origin = read_section(root, "modes")
    return modes_from(table, categories, origin=origin)


def modes_from(table: Mapping[str, Any], categories: Categories, *, origin: str) -> Mapping[str, Mode]:
    """Return the built-in modes changed by ``table``. Raises ConfigurationError."""
    modes = {mode.name: _within(mode, categories) for mode in BUILT_IN_MODES}
    for name, value in table.items():
        where = f"{origin} '{name}'"
        row = read_settings(value, _Row, where=where)
        _check(row, categories, where)
        changes = {field: given for field in _Row.__struct_fields__ if (given := getattr(row, field)) is not None}
        if row.fail_fast is not None:
            changes["fail_fast"] = _fail_fast(row.fail_fast, where)
        modes[name] = msgspec.structs.replace(modes.get(name) or Mode(name=name), **changes)
    return modes


def mode_named(name: str, modes: Mapping[str, Mode]) -> Mode:
    """Return the mode ``name``. Raises ConfigurationError with the nearest known one."""
    if name not in modes:
        raise ConfigurationError(f"there is no mode '{name}'", advice=nearest(name, tuple(modes), "modes"))
    return modes[name]


def _within(mode: Mode, categories: Categories) -> Mode:
    # A team that drops a built-in category has not asked for an error in a mode that it did not write.
    left = tuple(name for name in mode.categories if name in categories.by_name)
    return msgspec.structs.replace(mode, categories=left or (MISSION_CRITICAL,)) if mode.categories else mode


def _check(row: _Row, categories: Categories, where: str) -> None:
    for name in row.categories or ():
        if name not in categories.by_name:
            raise ConfigurationError(
                f"{where} runs '{name}', which is not a category", advice=nearest(name, categories.names, "categories")
            )
    if row.budget_seconds is not None and row.budget_seconds < 0:
        raise ConfigurationError(f"{where} has a negative budget", advice="Give seconds, or 0 for no budget.")


def _fail_fast(text: str, where: str) -> FailFast:
    try:
        return read_fail_fast(text)
    except ValueError as error:
        raise ConfigurationError(f"{where} fail-fast: {error}") from error

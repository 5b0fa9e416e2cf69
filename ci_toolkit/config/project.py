"""A project: its root, and what its ``pyproject.toml`` says."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from ci_toolkit.config.time_spans import read_seconds
from ci_toolkit.errors import ConfigurationError

R = TypeVar("R")


def project_root(start: Path) -> Path:
    """Return the nearest folder at or above ``start`` with a ``pyproject.toml`` or a ``.git``, else ``start``."""
    here = start if start.is_dir() else start.parent
    marks = ("pyproject.toml", ".git")
    return next((folder for folder in (here, *here.parents) if any((folder / mark).exists() for mark in marks)), here)


def read_pyproject(root: Path) -> Mapping[str, Any]:
    """Return the ``pyproject.toml`` in ``root``, empty where there is none. Raises ConfigurationError."""
    import tomllib

    path = root / "pyproject.toml"
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}", advice="Repair the file.") from error


def read_section(root: Path, name: str) -> tuple[Mapping[str, Any], str]:
    """Return ``[tool.ci-toolkit.NAME]`` of the project in ``root``, and where it stands, for messages."""
    origin = f"{root / 'pyproject.toml'} [tool.ci-toolkit.{name}]"
    table = tool_table(read_pyproject(root), "ci-toolkit").get(name, {})
    if not isinstance(table, dict):
        raise ConfigurationError(f"{origin} is not a table", advice="Write it as a table of settings.")
    return table, origin


def tool_table(document: Mapping[str, Any], tool: str) -> Mapping[str, Any]:
    """Return ``[tool.TOOL]``, empty where there is none."""
    tools = document.get("tool")
    table = tools.get(tool) if isinstance(tools, dict) else None
    return table if isinstance(table, dict) else {}


def read_settings(table: object, kind: type[R], *, where: str) -> R:
    """Return ``table`` as a ``kind``. Raises ConfigurationError that names the key, and the nearest known one."""
    if not isinstance(table, Mapping):
        raise ConfigurationError(f"{where} is not a table", advice="Write it as a table of settings.")
    known = [field.encode_name for field in msgspec.structs.fields(kind)]  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            raise ConfigurationError(f"{where} has no setting '{key}'", advice=nearest(str(key), known, "settings"))
    try:
        return msgspec.convert({key: _read(key, value) for key, value in table.items()}, kind)
    except ValueError as error:  # msgspec's are too
        raise ConfigurationError(f"{where} cannot be used: {error}", advice="Correct this setting.") from error


def _read(key: str, value: object) -> object:
    return read_seconds(value) if key.endswith("-seconds") and isinstance(value, str) else value


def nearest(word: str, known: Collection[str], what: str) -> str:
    """Return a hint at the known word that looks most like ``word``."""
    import difflib

    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"Did you mean '{near[0]}'?" if near else f"Known {what}: {', '.join(known)}."

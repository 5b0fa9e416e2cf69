"""Finds what a project asks of its coverage."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from ci_toolkit.adoption.documents import table
from ci_toolkit.adoption.requirements import read_ini

_OWN_FILE = ".coveragerc"
_INI = (_OWN_FILE, "setup.cfg", "tox.ini", "pytest.ini")


def coverage_goal(document: Mapping[str, Any], read: Callable[[str], str | None]) -> str:
    """Return the percentage of the project's own settings, ``0`` where it only measures coverage, else ``""``.

    ``document`` is its pyproject.toml, ``read`` returns the text of a file of its folder.
    """
    measures = "coverage" in table(document, "tool") or read(_OWN_FILE) is not None
    measures = measures or "--cov" in str(table(document, "tool", "pytest", "ini_options").get("addopts"))
    goals = [table(document, "tool", "coverage", "report").get("fail_under")]
    for name in _INI:
        parser = read_ini(read(name) or "")
        prefix = "" if name == _OWN_FILE else "coverage:"
        measures = measures or any(section.startswith("coverage:") for section in parser.sections())
        measures = measures or any("--cov" in parser.get(each, "addopts", fallback="") for each in parser.sections())
        goals.append(parser.get(f"{prefix}report", "fail_under", fallback=None))
    return next(filter(None, map(_percent, goals)), "0" if measures else "")


def _percent(value: object) -> str:
    """Return the number as a plain text, ``""`` where it asks for nothing."""
    try:
        number = float(str(value))
    except ValueError:
        return ""
    return f"{number:g}" if math.isfinite(number) and 0 < number <= 100 else ""  # noqa: PLR2004 (percent)

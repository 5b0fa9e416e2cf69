"""Finds what a project asks of its coverage."""

import configparser
import math
from collections.abc import Callable, Mapping
from typing import Any

_INI = (".coveragerc", "setup.cfg", "tox.ini", "pytest.ini")


def coverage_goal(document: Mapping[str, Any], read: Callable[[str], str | None]) -> str:
    """Return the percentage of the project's own settings, ``0`` where it only measures coverage, else ``""``."""
    table = document.get("tool", {}).get("coverage") if isinstance(document.get("tool"), Mapping) else None
    under = table.get("report", {}).get("fail_under") if isinstance(table, Mapping) else None
    measures = isinstance(table, Mapping) or "--cov" in str(_pytest_options(document))
    for name in _INI:
        parser = _parsed(read(name) or "")
        sections = [section for section in parser.sections() if section.split(":")[0] == "coverage"]
        sections += ["run", "report"] if name == ".coveragerc" and read(name) is not None else []
        measures = measures or bool(sections) or any("--cov" in value for value in _options(parser))
        for section in ("report", "coverage:report"):
            under = under or parser.get(section, "fail_under", fallback=None, raw=True)
    return _percent(under) or ("0" if measures else "")


def _pytest_options(document: Mapping[str, Any]) -> object:
    here: Any = document
    for key in ("tool", "pytest", "ini_options", "addopts"):
        here = here.get(key) if isinstance(here, Mapping) else None
    return here


def _options(parser: configparser.RawConfigParser) -> list[str]:
    return [parser.get(section, "addopts", fallback="", raw=True) for section in parser.sections()]


def _parsed(text: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return configparser.RawConfigParser()
    return parser


def _percent(value: object) -> str:
    try:
        number = float(str(value))
    except ValueError:
        return ""
    return f"{number:g}" if math.isfinite(number) and 0 < number <= 100 else ""  # noqa: PLR2004 (percent)

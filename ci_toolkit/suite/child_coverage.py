"""In pytest: lets the coverage of processes that a test starts be attributed to that test."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import coverage
    from coverage.config import CoverageConfig

_SETTINGS = "COVERAGE_PROCESS_CONFIG"
"""By which a process measures that is started under ``patch = subprocess``."""
_SETTINGS_FILE = "COVERAGE_PROCESS_START"
"""By which it does where users say so themselves; the other variable is stronger."""
_OF_PYTEST_COV = "COV_CORE_CONTEXT"
"""By which pytest-cov up to 6 tells it the context, beside the next one."""
_DATA_OF_PYTEST_COV = "COV_CORE_DATAFILE"


class ChildCoverage:
    """Sets the variables by which coverage starts in other processes."""

    def __init__(self) -> None:
        self._before: dict[str, str | None] = {}
        """What we have replaced."""
        self._ours: dict[str, str] = {}

    def attribute_to(self, context: str, measuring: "coverage.Coverage") -> None:
        """Attribute what processes run that are started from now on to ``context``; ``""`` is as the user has it."""
        for name, value in self._ours.items():
            if os.environ.get(name) == value:  # else a test has set it to something of its own
                _set(name, self._before[name])
        self._ours = _variables(context, measuring) if context else {}
        self._before = {name: os.environ.get(name) for name in self._ours}
        os.environ.update(self._ours)


def _variables(context: str, measuring: "coverage.Coverage") -> dict[str, str]:
    found = {}
    if os.environ.get(_DATA_OF_PYTEST_COV):
        found[_OF_PYTEST_COV] = context
    settings = _settings_in(context, measuring)
    return {**found, _SETTINGS: settings} if settings else found


def _settings_in(context: str, measuring: "coverage.Coverage") -> str:
    config = _settings_of_children(measuring)
    serialize = getattr(config, "serialize", None)  # it is no part of coverage's public interface
    if config is None or serialize is None:
        return ""
    static = config.context
    config.context = f"{static}|{context}" if static else context
    try:
        return str(serialize())
    finally:
        config.context = static


def _settings_of_children(measuring: "coverage.Coverage") -> "CoverageConfig | None":
    if _SETTINGS in os.environ:
        return measuring.config
    file = os.environ.get(_SETTINGS_FILE, "")
    # Without the file, the processes of the test will say so themselves.
    return type(measuring)(config_file=file).config if Path(file).is_file() else None


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value

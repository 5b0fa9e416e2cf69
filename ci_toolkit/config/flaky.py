"""Reads ``[tool.ci-toolkit.flaky]``: whether failures are judged by trials, and what that may cost."""

from pathlib import Path

from ci_toolkit.config.project import read_pyproject, read_section, read_settings, tool_table
from ci_toolkit.config.time_spans import read_seconds
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.model.record import Record

LEAST_SECONDS = 180.0
"""What a run may spend on trials in any case: a small suite has a court as well."""
_HOW = 'Write "2%" of the time that tests take, or a time for each run such as "90s".'


class FlakySettings(Record, frozen=True, kw_only=True):
    """How failures are judged."""

    budget_share: float
    """The most seconds of trials for each second of tests, on the average of many runs."""
    least_seconds: float
    """What each run may spend in any case."""
    excuses: bool
    """Whether a failure that trials explain does not fail the run."""


class _Table(Record, frozen=True, kw_only=True, rename="kebab"):
    budget: str | float = "2%"
    excuse: bool = True


def read_flaky(root: Path) -> FlakySettings | None:
    """Return the settings of the project in ``root``; None where it has no such table, and no failure is tried again.

    Raises ConfigurationError for a key or a value that cannot be used.
    """
    if "flaky" not in tool_table(read_pyproject(root), "ci-toolkit"):
        return None
    table, origin = read_section(root, "flaky")
    settings = read_settings(table, _Table, where=origin)
    share, seconds = _budget(settings.budget, f"{origin} 'budget'")
    return FlakySettings(budget_share=share, least_seconds=seconds, excuses=settings.excuse)


def _budget(value: str | float, where: str) -> tuple[float, float]:
    text = str(value).strip()
    try:
        if not text.endswith("%"):
            return 0.0, read_seconds(value)
        percent = float(text[:-1])
    except ValueError as error:
        raise ConfigurationError(f"{where} cannot be used: '{text}' is no budget", advice=_HOW) from error
    if not 0 <= percent <= 100:  # noqa: PLR2004 (percent)
        raise ConfigurationError(f"{where} cannot be used: '{text}' is not between 0% and 100%", advice=_HOW)
    return percent / 100, LEAST_SECONDS if percent else 0.0

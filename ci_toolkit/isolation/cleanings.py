"""Cleans every store of a worker, whatever happens in one of them, and remembers what could not be cleaned."""

from collections.abc import Callable, Sequence

from ci_toolkit.errors import ToolkitError
from ci_toolkit.isolation.errors import IsolationError, StrayConnectionError
from ci_toolkit.isolation.mode import CleanUpReport
from ci_toolkit.services.databases.sql import SqlError

Cleaning = Callable[[], CleanUpReport | None]
"""Cleans one store."""


class Cleanings:
    """What is owed to the next test: nothing, unless a clean-up failed."""

    def __init__(self) -> None:
        self._owed: list[Cleaning] = []

    def do(self, cleanings: Sequence[Cleaning]) -> CleanUpReport:
        """Do all of them. Raises what they raised, after that; one that raised StrayConnectionError has cleaned."""
        report, errors, self._owed = CleanUpReport(), list[Exception](), []
        for clean in cleanings:
            try:
                report = clean() or report
            except StrayConnectionError as error:
                errors.append(error)
            except (ToolkitError, OSError, SqlError) as error:
                errors.append(error)
                self._owed.append(clean)
        if len(errors) > 1:
            raise IsolationError("\n".join(map(str, errors)))
        if errors:
            raise errors[0]
        return report

    def do_what_is_owed(self) -> None:
        """Do what failed the last time; raises as ``do`` does."""
        if self._owed:
            self.do(self._owed)

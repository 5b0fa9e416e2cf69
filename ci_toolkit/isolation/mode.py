"""The three ways to undo what a test wrote to a database, cheapest first, and the report of a clean-up."""

from enum import StrEnum
from typing import Final

from ci_toolkit.model.record import Record

NOBODY: Final = "somebody who has left"
"""Who wrote after a clean-up, where nobody is connected any more."""


class IsolationMode(StrEnum):
    """How a test's writes are undone. What one way leaves behind, the next one takes away."""

    ROLLBACK = "rollback"
    """The session's commits are savepoints of one transaction, which is rolled back."""
    TRUNCATE = "truncate"
    """Commits are commits; the tables that hold something new are emptied."""
    CLONE = "clone"
    """The database is dropped and cloned from the template."""


class CleanUpReport(Record, frozen=True, kw_only=True):
    """What a clean-up found and did."""

    emptied: tuple[str, ...] = ()
    """Tables, with their schema, in which committed rows were found."""
    sequences: int = 0
    """How many sequences were set back."""
    cloned_because: str = ""
    """Why the database was cloned afresh; empty where it was not."""
    recovered: str = ""
    """What became of the server in the middle of the test, where one of its processes was killed."""
    closed: tuple[str, ...] = ()
    """The connections of others that a fresh clone had to close."""

    @property
    def mode(self) -> IsolationMode:
        """The most expensive way that was needed."""
        if self.cloned_because:
            return IsolationMode.CLONE
        return IsolationMode.TRUNCATE if self.emptied else IsolationMode.ROLLBACK

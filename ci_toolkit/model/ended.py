"""How a test ended, as history writes it."""

from enum import StrEnum

Column = bytes
"""A JSON array with one entry a test. Kept as text, so that a million tests pass from process to store unread."""


class Ended(StrEnum):
    """How a test ended, in one letter, as pytest's own progress shows it."""

    PASSED = "."
    FAILED = "F"
    ERROR = "E"
    SKIPPED = "s"
    XFAILED = "x"
    XPASSED = "X"
    FLAKY = "R"
    """It failed, and passed when it was run again."""
    UNKNOWN = "?"
    """It was collected and has no outcome: its shard ended first."""

    @property
    def is_failure(self) -> bool:
        """Whether a go that ended so failed."""
        return self in {Ended.FAILED, Ended.ERROR}

"""Warnings that tests, and what they import, gave: as a process records them, and as a verdict shows them."""

from ci_toolkit.model.record import Record


class Warned(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One warning, however often a process met it."""

    text: str
    """Place, category and message, such as ``tests/test_a.py:4: DeprecationWarning: use b``."""
    count: int
    node_ids: tuple[str, ...] = ()
    """The first of the tests that met it; none where it came while pytest was configured or collected."""

    @property
    def is_of_tests(self) -> bool:
        """Whether it was met while tests ran. Any process that imports the same modules meets the others again."""
        return bool(self.node_ids)


class WarningsLimit(Record, frozen=True, kw_only=True):
    """How many warnings the suite allows (pytest's ``max_warnings``), and who says so."""

    most: int
    asked_by: str
    """Such as ``--max-warnings``."""


class WarningsMet(Record, frozen=True, kw_only=True):
    """The warnings of a whole run."""

    count: int
    """How many there were, each as often as it came."""
    told: tuple[Warned, ...] = ()
    """The most frequent first; at most a hundred."""

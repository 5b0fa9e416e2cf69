"""What a shard is told beyond its plan, and how it is asked to stop."""

import threading

from ci_toolkit.model.category import CATEGORIES
from ci_toolkit.model.record import Record


class ShardOptions(Record, frozen=True, kw_only=True):
    """How a shard runs, beyond what the plan says."""

    root: str
    """pytest's rootdir: where the plan's paths start."""
    folder: str
    """The folder to run pytest in."""
    pytest_args: tuple[str, ...] = ()
    measures_coverage: bool = False
    coverage_by_category: bool = False
    test_seconds: float = 0.0
    """The time limit of one test; 0 is none."""
    categories: tuple[str, ...] = CATEGORIES


class StopRequest:
    """Asks a running shard to stop, from a signal handler or another thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.reason = ""

    def ask(self, reason: str) -> None:
        """Stop as soon as pytest has torn its fixtures down."""
        self.reason = self.reason or reason
        self._event.set()

    @property
    def is_asked(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()

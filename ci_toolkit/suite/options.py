"""What a shard is told beyond its plan, and how it is asked to stop."""

import threading

from ci_toolkit.model.again import AgainRule
from ci_toolkit.model.bundle import StopKind
from ci_toolkit.model.category import BUILT_IN, Category
from ci_toolkit.model.lineage import Lineage
from ci_toolkit.model.record import Record


class ShardOptions(Record, frozen=True, kw_only=True):
    """How a shard runs, beyond what the plan says."""

    root: str
    """pytest's rootdir: where the plan's paths start."""
    folder: str
    """The folder to run pytest in."""
    pytest_args: tuple[str, ...] = ()
    own_arguments: tuple[str, ...] = ()
    """Those of ``pytest_args`` that the plan does not have."""
    measures_coverage: bool = False
    coverage_by_category: bool = False
    apart: tuple[str, ...] = ()
    """Tests whose coverage is kept apart from that of others; one without parameters stands for all of them."""
    test_seconds: float | None = None
    """The time limit of one test; 0 is none, None takes that of the test's category."""
    longest_test_seconds: float = 0.0
    """What no test may take more than, whatever its own limit; 0 is no such limit."""
    categories: tuple[Category, ...] = BUILT_IN
    critical_first: bool = False
    """Whether mission-critical tests run before the others."""
    shares_services: bool = False
    """Whether other shards of this process run beside it, with the same servers."""
    keeps_output: bool = False
    """Whether what passed tests printed is kept and told, too."""
    commit: str = ""
    """What is checked out, or ``""`` where there is no git."""
    lineage: Lineage = Lineage()
    run_attempt: int = 1
    """Which attempt of the CI run this is."""
    again: AgainRule | None = None
    """How failed tests are tried again at once; None is not at all."""
    variables: tuple[tuple[str, str], ...] = ()
    """What the tests' environment has beyond our own, such as where the services answer."""

    def limit_of(self, category: str) -> float:
        """Return the time limit of a test of ``category`` in seconds; 0 is none."""
        own = self.test_seconds
        if own is None:
            own = next((known.test_seconds for known in self.categories if known.name == category), 0.0)
        return min(filter(None, (own, self.longest_test_seconds)), default=0.0)


STOP_SECONDS = 5.0
"""What pytest gets to tear its fixtures down after it was asked to stop; GitHub gives a cancelled job 7.5."""


class StopRequest:
    """Asks running shards to stop, from a signal handler or another thread. The first to ask is the reason."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.reason = ""
        self.kind = StopKind.NOBODY
        self.grace_seconds = STOP_SECONDS

    def ask(self, reason: str, *, kind: StopKind = StopKind.SIGNAL, grace_seconds: float = STOP_SECONDS) -> None:
        """Stop as soon as pytest has torn its fixtures down; kill it if that takes more than ``grace_seconds``."""
        if not self._event.is_set():
            self.reason, self.kind, self.grace_seconds = reason, kind, grace_seconds
        self._event.set()

    @property
    def is_asked(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()

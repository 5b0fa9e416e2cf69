"""Where history is kept: what every kind of store promises."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self

from ci_toolkit.errors import ToolkitError
from ci_toolkit.model.history import FileRun, Incident, JobRun, RunRecord
from ci_toolkit.model.outcomes import JudgedPasses, KnownGo, KnownRuling
from ci_toolkit.model.record import Record

KEPT_RUNS = 4
"""Runs of each file that are kept. The latest tells most; a few more show how far the times stray."""

DEAD_AFTER_DAYS = 30
"""A file that a whole plan no longer holds is forgotten when nothing has run it for so long.

Not at once: the plan may be of a branch that lacks a file which the others still have.
"""

KEPT_JOBS = 5_000
"""Shards whose own times are kept, over all environments."""

INCIDENTS_KEPT_DAYS = 180
"""How long it is kept that a test did not simply pass."""

INCIDENTS_A_RUN = 1_000
"""If one run has more, something other than the tests is wrong, and the rest says nothing about them."""

DAY = 86_400.0


class HistoryError(ToolkitError):
    """The history cannot be used."""

    slug = "history"


class DamagedHistoryError(HistoryError):
    """The history is half-written or otherwise broken; the runs it held cannot be trusted."""

    slug = "history-damaged"


class UnreachableHistoryError(HistoryError):
    """The history is somewhere that cannot be reached now."""

    slug = "history-unreachable"


class KnownEnvironment(Record, frozen=True, kw_only=True):
    """How much is known of one environment."""

    name: str
    files: int
    runs: int
    """File runs, at most KEPT_RUNS a file or a little more."""
    first_at: float
    last_at: float


class Pruned(Record, frozen=True, kw_only=True):
    """What pruning removed."""

    files: int
    runs: int


class ExtraGoes(Record, frozen=True, kw_only=True):
    """How often a test was run again, and what that took."""

    test: str
    goes: int
    seconds: float


class Outcomes(Protocol):
    """How tests ended, and what the court found."""

    def tests(self) -> Iterator[str]:
        """Yield the node id of each test that is known."""

    def goes(self, test: str, environment: str = "", most: int = 200) -> Sequence[KnownGo]:
        """Return the last ``most`` goes of ``test`` in ``environment``, or in all, the latest first."""

    def passes(self, tests: Collection[str], environment: str, tree: str) -> Mapping[str, int]:
        """Return how often each of ``tests`` passed on ``tree`` in ``environment``, trials of the head included."""

    def runs_in_order(self, test: str, environment: str, base: str, order: str) -> frozenset[str]:
        """Return the runs of ``base``, or of changes of it, in which a shard kept ``test`` in the order ``order``.

        ``base`` is a commit; what has the same sources is the same. Of a test that simply passed nothing is kept.
        """

    def extra_goes(self, environment: str) -> Iterator[ExtraGoes]:
        """Yield each test that was run again in ``environment``, by a plugin or in trials."""

    def judged_runs(self, environment: str) -> Iterator[JudgedPasses]:
        """Yield what the court found of each run, the oldest first, and what passed in it."""

    def rulings(self, tests: Collection[str]) -> Mapping[str, Sequence[KnownRuling]]:
        """Return what the court found of failures of each of ``tests`` in any environment, the latest first."""


class HistoryStore(Protocol):
    """A place for history. Adding a run is one transaction, and adding it again changes nothing."""

    origin: str
    """Its name, for messages."""

    def add(self, run: RunRecord, *, now: float) -> int:
        """Add ``run``, drop what is superseded, and return how many of its file runs were new."""

    def environments(self) -> tuple[KnownEnvironment, ...]:
        """Return what is known, the latest first."""

    def paths(self, environment: str) -> frozenset[str]:
        """Return the paths of the files that are known of ``environment``."""

    def file_runs(
        self, environment: str, paths: Collection[str] | None = None, *, with_phases: bool = False
    ) -> Iterable[FileRun]:
        """Yield what is known of ``environment``, of ``paths`` or all: by path, the latest first.

        Setup and teardown stand only in what is asked for ``with_phases``; nobody else pays for reading them.
        """

    def jobs(self, environment: str = "", *, most: int = KEPT_JOBS) -> tuple[JobRun, ...]:
        """Return the shards' own times, of one environment or of all, the latest first."""

    def incidents(self) -> tuple[Incident, ...]:
        """Return every test that did not simply pass, by path."""

    def outcomes(self) -> AbstractContextManager[Outcomes]:
        """Give what reads the outcomes; a history that knows none yet has no tests."""

    def prune(self, *, gone: Collection[str], before: float) -> Pruned:
        """Forget the files ``gone``, and every run from before ``before``."""

    def __enter__(self) -> Self:
        """Return the store."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""

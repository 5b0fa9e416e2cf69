"""What one run adds to history: the nouns that a merge hands to the history room, and a store gives back."""

from ci_toolkit.model.ended import Column, Ended
from ci_toolkit.model.outcomes import JudgedRun, TryOutcomes
from ci_toolkit.model.record import Record


class FileRun(Record, frozen=True, kw_only=True):
    """What one run says of one file. Several shards' pieces of a cut file are put together to one of these."""

    path: str
    key: str
    """Names the work that was measured: a second merge of the same bundle has the same key."""
    at: float
    """When its shard began, in seconds since the epoch."""
    tests: int
    total: int
    """How many tests the whole file holds; more than ``tests`` where some were left out or went missing."""
    category: str = ""
    import_seconds: float | None = None
    suffixes: Column
    seconds: Column
    """Setup, call and teardown together."""
    setup: Column
    teardown: Column
    outcomes: str = ""
    """A letter of ``Ended`` a test; ``""`` where every test passed."""

    @property
    def is_whole(self) -> bool:
        """Whether these are all the tests of the file, each with an outcome: those of earlier runs are gone."""
        return self.tests >= self.total and Ended.UNKNOWN not in self.outcomes


class JobRun(Record, frozen=True, kw_only=True):
    """What one shard took as a whole."""

    key: str
    plan_id: str
    shard: int
    shards: int = 0
    at: float
    environment: str
    commit: str = ""
    is_finished: bool
    tests: int
    actual_seconds: float
    tests_seconds: float
    """Its tests, what pytest does between them, and imports; the rest of ``actual_seconds`` is overhead."""
    between_seconds: float = 0.0
    """What pytest does between the phases of tests, among ``tests_seconds``."""


class RunRecord(Record, frozen=True, kw_only=True):
    """What a merged run adds to history."""

    jobs: tuple[JobRun, ...] = ()
    files: tuple[tuple[str, FileRun], ...] = ()
    """(environment, what was learned of a file)."""
    outcomes: tuple[TryOutcomes, ...] = ()
    """How the tests ended in each try of each shard."""
    judged: tuple[JudgedRun, ...] = ()
    """What the court found."""
    suite: tuple[str, ...] = ()
    """Every file of the suite where the plan covers all of it, so that other files are gone; else empty."""


class Incident(Record, frozen=True, kw_only=True):
    """A test that did not simply pass."""

    environment: str
    key: str
    path: str
    suffix: str
    ended: Ended


def environment_name(implementation: str, python: str, platform: str) -> str:
    """Return such as ``cpython-3.12-linux``: what makes times comparable, and no more."""
    version = ".".join(python.split(".")[:2])
    system = platform.partition("-")[0].partition(" ")[0]
    return "-".join(part.lower() for part in (implementation, version, system) if part)

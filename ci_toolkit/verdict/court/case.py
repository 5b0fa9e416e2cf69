"""The values that the court takes and returns: a run's failures, the trials that it asks for, its rulings."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from ci_toolkit.model.record import Record
from ci_toolkit.model.trial import Trial, TrialOutcome


class Ask(Protocol):
    """Runs a trial."""

    def __call__(self, trial: Trial) -> TrialOutcome:
        """Run ``trial`` and return how it ended. Raises NoTrialError where that cannot be known."""
        ...


_SHORT = 12


class FailedTest(Record, frozen=True, kw_only=True):
    """A failure that is to be judged."""

    test: str
    """Its node id."""
    signature: str
    """``Signature.digest``."""
    cause: str
    """``Signature.cause``: the same for one fault in many tests."""
    shard: int
    is_touched: bool | None
    """Whether the diff changed lines that it runs; None where nobody can know."""


class CaseRun(Record, frozen=True, kw_only=True):
    """A run with what the court knows of it."""

    commit: int
    """Counts the commits of the main branch: of a pull request, the one that it would become."""
    is_main: bool
    base: str
    """Name of the sources of the merge base; of a run on main, of the commit before."""
    tree: str
    """Name of the sources: git's hash of the tree. Runs of the same tree are evidence for each other."""
    order: str
    """Digest of the order in which the shards ran their tests."""
    failures: tuple[FailedTest, ...]
    not_run: frozenset[str] = frozenset()
    """Tests without an outcome. Each other test that is not in ``failures`` passed."""
    seconds: float
    """What the tests took together."""
    commits: tuple[str, ...] = ()
    """The names of main's commits, as far as they are known: number 1 is the first."""

    def name_of(self, commit: int) -> str:
        """Return such as ``commit c0ffee``, for people; that of the run itself has no name before it is judged."""
        if 1 <= commit <= len(self.commits):
            return f"commit {self.commits[commit - 1][:_SHORT]}"
        return "this commit" if commit == self.commit else f"commit {commit}"


class Prices(Record, frozen=True, kw_only=True):
    """What trials take, in seconds, so that the court can stay in its budget."""

    test_seconds: Mapping[str, float]
    shard_seconds: float
    """What a shard's tests take together. A replay of an order takes half of it, as long as nothing better is known."""
    process: float = 3.0
    """A fresh pytest process."""
    machine: float = 40.0
    """The first trial on another machine."""
    base: float = 20.0
    """The first trial on the base: a work tree of its own."""


class Kind(StrEnum):
    """What a failure turned out to be."""

    REGRESSION = "regression"
    """The change broke it: the base passes where the head fails."""
    NEW_FAILURE = "new failure"
    """The base does not have the test, or nothing excuses it."""
    FLAKY = "flaky"
    """The head fails and passes."""
    ORDER_DEPENDENT = "order-dependent"
    """It fails after the tests that ran before it, with or without the change."""
    ENVIRONMENT = "environment"
    """Here and now it fails with or without the change."""
    OUTAGE = "outage"
    """It failed with many others for one cause, and passed on another machine."""
    KNOWN = "known"
    """A listed test failed as it did before, and the head also passed."""
    SUSPECT = "suspect"
    """It is broken on main since a commit."""


class Ruling(Record, frozen=True, kw_only=True):
    """What the court says of one failure."""

    test: str
    kind: Kind
    is_red: bool
    """Whether it fails the run; otherwise it is excused."""
    evidence: tuple[str, ...]
    """What was seen, in the order in which it was."""
    since: int | None = None
    """Of a suspect, the commit."""
    is_clean: bool = False
    """Whether it was judged in a clean checkout: where that told, it reproduces the failure best."""
    rate: float = 0.0
    """The share of failures in repeated trials of the head: high of what a change made unreliable."""


class Rules(Record, frozen=True, kw_only=True):
    """How much evidence is asked for, and which kinds of it are used; without one it shows what it is worth."""

    budget_share: float = 0.05
    """The most seconds of trials for each second of tests, on the average of many runs. Two fifths of it are used."""
    savings: float = 60.0
    """How many runs' shares can be saved up, for runs that need more."""
    mass: int = 12
    """So many failures of one cause are judged together."""
    agains: int = 3
    """How often a failed test is tried again at once, to see whether the failure stays."""
    agains_unsure: int = 48
    """How often more, where the base fails alike and the head must have passed once."""
    unsure_seconds: float = 120.0
    """The most that these may take together, where the shard makes them in a process of their own."""
    replays: int = 2
    """How often an order is replayed: what fails now and then would look like what fails in that order."""
    repeats: int = 8
    """How often a test that has not failed so before is tried alone."""
    repeats_known: int = 4
    """The same of one that has, where the change may touch it."""
    repeats_base: int = 16
    """How often the base is tried where the head fails and passes."""
    least_seconds: float = 0.0
    """The least that each run may spend, however short its tests are."""
    process_is_gone: bool = False
    """Whether the court sits after the run: no further try can be made in the process in which a test failed."""
    uses_base: bool = True
    uses_order: bool = True
    uses_clusters: bool = True
    uses_signatures: bool = True
    uses_changed_lines: bool = True
    uses_other_machine: bool = True

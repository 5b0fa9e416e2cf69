"""How tests ended, go by go, and what the court said of failures: the nouns of the outcome history."""

from enum import StrEnum

from ci_toolkit.model.ended import Column, Ended
from ci_toolkit.model.lineage import Lineage
from ci_toolkit.model.record import Record

MOST_TEXT = 200
"""Characters of a failure's message that are kept, for people."""


class GoKind(StrEnum):
    """What surrounded a test when it ran."""

    FIRST = "first"
    """The shard, as it was planned."""
    AGAIN = "again"
    """The same process, once more at once: a rerun by a plugin, or a trial."""
    ISOLATED = "isolated"
    """Nothing: alone in a fresh process."""
    BATCH = "batch"
    """A fresh process, with the other failures of the run."""
    ORDER = "order"
    """A fresh process, after the tests that ran before it."""
    REPEATED = "repeated"
    """The same, and then that process again and again until it passed."""


class Go(Record, frozen=True, kw_only=True):
    """One go of one test that is kept by itself: a failure, or what was run because of one."""

    path: str
    suffix: str
    number: int = 0
    """Counts the goes of the test in its try, from 0."""
    kind: GoKind = GoKind.FIRST
    on_base: bool = False
    """Whether it ran the base's sources rather than the head's."""
    elsewhere: bool = False
    """Whether it ran on another machine."""
    ended: Ended
    signature: str = ""
    """``Signature.digest`` of what failed; ``""`` where nothing did."""
    cause: str = ""
    """``Signature.cause``."""
    text: str = ""
    """What was raised, such as ``AssertionError: assert 404 == 200``, at most ``MOST_TEXT`` characters."""
    seconds: float = 0.0


class FileOutcomes(Record, frozen=True, kw_only=True):
    """How the tests of one file ended at first."""

    path: str
    suffixes: Column
    letters: str = ""
    """A letter of ``Ended`` a test; ``""`` where every test passed."""


class TryOutcomes(Record, frozen=True, kw_only=True):
    """How the tests of one try of a shard ended: its first goes by file, and each go that is kept by itself."""

    key: str
    """Names the try: whoever reads its bundle again makes the same key."""
    run: str = ""
    """``run_id`` of the plan: the tries of one run belong together."""
    run_attempt: int = 1
    at: float
    """When it began, in seconds since the epoch."""
    environment: str
    commit: str = ""
    lineage: Lineage = Lineage()
    shard: int = 0
    order: str = ""
    """Digest of the order in which the shard's tests began; ``""`` where that is not known."""
    files: tuple[FileOutcomes, ...] = ()
    goes: tuple[Go, ...] = ()


class Judged(Record, frozen=True, kw_only=True):
    """What the court found of one failure: all that later judgements need of it."""

    test: str
    """Its node id."""
    signature: str
    kind: str
    """A kind of the court, such as ``flaky``."""
    is_red: bool
    rate: float = 0.0
    """The share of failures in repeated trials of the head."""
    head_passed: bool = False
    """Whether a trial of the head passed."""
    base_failed_alike: bool = False
    """Whether the base failed alike in the order of the run."""


class JudgedRun(Record, frozen=True, kw_only=True):
    """What the court found of one run, red or not, with failures or without."""

    key: str
    """``run_id`` of the plan. Of two accounts of one run, the later one counts."""
    at: float
    """When it was judged, in seconds since the epoch."""
    environment: str
    commit: str = ""
    tree: str = ""
    is_main: bool = False
    order: str = ""
    """Digest of the order in which the shards ran their tests."""
    tests_seconds: float = 0.0
    """What the tests took together."""
    trial_seconds: float = 0.0
    """What the trials were charged."""
    failures: tuple[Judged, ...] = ()


class KnownGo(Record, frozen=True, kw_only=True):
    """A go of a test with the try that it belongs to, as the history gives it back."""

    at: float
    run: str
    commit: str
    lineage: Lineage
    environment: str
    shard: int
    order: str
    go: Go


class KnownRuling(Record, frozen=True, kw_only=True):
    """What the court found of one failure, with the run that it belongs to, as the history gives it back."""

    at: float
    run: str
    commit: str
    tree: str
    judged: Judged


class JudgedPasses(Record, frozen=True, kw_only=True):
    """A judged run and which tests passed in it at first."""

    run: JudgedRun
    passed: frozenset[str]
    """Node ids, of the tests alone that the court has judged in any run."""

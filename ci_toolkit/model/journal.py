"""The journal's records: one JSON object a line, appended as tests run, so that a crash loses nothing finished.

A journal file belongs to one process of one attempt. It opens with ``Opened``; collection writes ``FileOpened`` then
``FileCollected`` or ``Uncollectable`` for each file, then ``Selected``; every test ``Started`` and a ``Phase`` each for
setup, call and teardown, then ``AgainStarted`` and ``AgainEnded`` for each further try of one that failed; a process
that ends by itself what `journal_end` has, ``Closed`` last. A test without a teardown was cut off.
"""

from enum import StrEnum

import msgspec

from ci_toolkit.model.attachment import Attachment
from ci_toolkit.model.environment import Environment
from ci_toolkit.model.journal_end import Closed, Executed, Snapshots, Summary
from ci_toolkit.model.journal_line import Line
from ci_toolkit.model.own_settings import CoverageSettings, OwnReport
from ci_toolkit.model.record import Record

JOURNAL_SCHEMA = 1


class When(StrEnum):
    """A phase of a test, in pytest's words."""

    SETUP = "setup"
    CALL = "call"
    TEARDOWN = "teardown"


class PhaseOutcome(StrEnum):
    """How a phase ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"
    RERUN = "rerun"
    """Failed, and a plugin in the process tries the test again."""


class Failure(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Why a phase failed."""

    message: str
    """What was raised, such as ``AssertionError: assert 1 == 2``; can have several lines."""
    detail: str = ""
    """pytest's own long text, with the traceback."""
    path: str = ""
    line: int = 0
    """Where it was raised, from 1; 0 is unknown."""
    sections: tuple[tuple[str, str], ...] = ()
    """Captured output: (title, text)."""


class Opened(Line, frozen=True, kw_only=True, tag="opened"):
    """The first record: whose journal this is."""

    schema: int
    plan_id: str
    shard: int
    attempt: int
    """Counts the processes that worked on this shard one after the other, from 1."""
    worker: str
    """``main``, or an xdist worker such as ``gw0``."""
    pid: int
    at: float
    """Seconds since the epoch."""
    environment: Environment
    coverage: CoverageSettings | None = None
    """None where pytest-cov does not measure."""
    own_reports: tuple[OwnReport, ...] = ()
    seeds: tuple[str, ...] = ()
    """Options that give plugins the random seeds which they have here."""


class FileOpened(Line, frozen=True, kw_only=True, tag="file"):
    """The import of a test file begins: if it kills the process, this names it."""

    path: str


class CollectedTest(Record, frozen=True, kw_only=True, array_like=True, omit_defaults=True, gc=False):
    """One test that this process will run."""

    suffix: str
    """What follows ``path::`` in its node id; the whole node id where that does not begin with the path."""
    line: int = 0
    """From 1; 0 is unknown."""
    category: str = ""
    """Where it differs from its file's."""
    location: str = ""
    """The file that defines it, where that is not ``path`` (an inherited test)."""


class FileCollected(Line, frozen=True, kw_only=True, tag="collected"):
    """The tests of one file that this process selected; tests are numbered from 0 through all these records."""

    path: str
    first: int
    """The number of its first test, so that a damaged record cannot shift the numbers of the others."""
    tests: tuple[CollectedTest, ...]
    category: str = ""
    import_seconds: float = 0.0
    """What the file took before the first test: its import, and all that pytest does with its tests until then."""
    piece: int = 0
    piece_total: int = 0
    """How many tests of the file belong to our piece, where it is cut."""
    claims_digest: str = ""
    """SHA-256 over the names of the cut that stand for tests of the file, and over the number of functions that have
    none, where it is cut; the same in each shard that has a piece."""
    ids_digest: str = ""
    """SHA-256 over the sorted suffixes of the whole file, where it is cut. Shards differ in it where ids differ from
    process to process."""
    deselected: int = 0
    """How many tests the user's own options (``-k``, ``-m``) or the choice of categories left out."""
    removed: int = 0
    """How many tests a plugin or a conftest took out without telling pytest that they are deselected."""
    added: int = 0
    """How many tests a plugin or a conftest added to what was collected: its own, or the same ones once more."""
    critical: tuple[int, ...] = ()
    """Which of ``tests`` are mission-critical, from 0."""
    clashes: tuple[tuple[int, str], ...] = ()
    """(which of ``tests``, what is wrong) of those with more than one category."""
    critical_left_out: tuple[str, ...] = ()
    """Suffixes of mission-critical tests among those left out, which nothing may leave out."""

    offers: tuple[str, ...] = ()
    """Names under which other tests can depend on tests of this file (pytest-dependency)."""
    needs: tuple[tuple[int, str], ...] = ()
    """(which of ``tests``, name) of what they depend on and this process does not run."""

    @property
    def holds(self) -> int:
        """How many tests were collected in the file, or in its piece that is ours, before anybody chose among them."""
        return len(self.tests) + self.deselected + self.removed - self.added


class Uncollectable(Line, frozen=True, kw_only=True, tag="uncollectable"):
    """A file or class that could not be collected (an import error), or that skipped itself as a whole."""

    node_id: str
    path: str
    outcome: PhaseOutcome
    failure: Failure
    seconds: float = 0.0
    is_critical: bool = False
    """Whether it holds mission-critical tests, as far as its place and its text say."""


class Selected(Line, frozen=True, kw_only=True, tag="selected"):
    """Collection is over: how many tests this process is to run."""

    tests: int
    unplanned: tuple[str, ...] = ()
    """Test files beside the shard's own that the plan does not know, relative to the root."""


class Started(Line, frozen=True, kw_only=True, tag="start"):
    """A test begins."""

    i: int
    at: float
    """Seconds since the epoch."""


class Interrupted(Line, frozen=True, kw_only=True, tag="interrupted"):
    """Ctrl-C, or the end of the run's budget, came in the middle of a test."""

    i: int
    detail: str
    """Where each thread was."""


class Phase(Line, frozen=True, kw_only=True, tag="phase"):
    """A phase of a test ended."""

    i: int
    w: When
    o: PhaseOutcome
    s: float
    """Seconds."""
    reason: str = ""
    """Why it was skipped or expected to fail."""
    subtest: str = ""
    """The description of the subtest that this is about."""
    failure: Failure | None = None
    properties: tuple[tuple[str, str], ...] = ()
    """(name, value) of what the test recorded about itself (``record_property``); with its teardown."""
    sections: tuple[tuple[str, str], ...] = ()
    """Captured output of the whole test, (title, text), with its teardown: only where somebody asked for that."""


class Attached(Line, frozen=True, kw_only=True, tag="attached"):
    """A test handed a file over, or something did for it."""

    i: int
    attachment: Attachment


class AgainStarted(Line, frozen=True, kw_only=True, tag="again"):
    """A test that failed and is over is tried again at once. What comes of it changes nothing of its outcome."""

    i: int
    at: float
    """Seconds since the epoch."""


class AgainEnded(Line, frozen=True, kw_only=True, tag="again-ended"):
    """Such a try ended; without this record, its process did."""

    i: int
    o: PhaseOutcome
    """``passed``, ``failed``, or ``skipped`` where it neither passed nor failed."""
    s: float
    """Seconds."""
    failures: tuple[Failure, ...] = ()
    """Of each phase that failed."""
    touches: bool | None = None
    """Whether it ran what the change wrote; None where nobody can know."""


class Crashed(Line, frozen=True, kw_only=True, tag="crashed"):
    """The process died, or was ended over its time limit, while this test or file was at work.

    Written by the process that watched: the supervisor, or xdist's controller for its worker.
    """

    node_id: str
    path: str
    reason: str
    """Such as ``killed by SIGKILL``."""
    detail: str = ""


JournalRecord = (
    Opened
    | FileOpened
    | FileCollected
    | Uncollectable
    | Selected
    | Started
    | Phase
    | Interrupted
    | Attached
    | AgainStarted
    | AgainEnded
    | Executed
    | Snapshots
    | Summary
    | Crashed
    | Closed
)

decoder: msgspec.json.Decoder[JournalRecord] = msgspec.json.Decoder(JournalRecord)
"""Reads one line. Shared, because building a decoder costs more than reading a thousand lines."""

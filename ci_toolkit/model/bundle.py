"""The bundle: the folder that a shard leaves, and the card in it that says what it is."""

from enum import StrEnum

from ci_toolkit.model.environment import Environment
from ci_toolkit.model.lineage import Lineage
from ci_toolkit.model.own_settings import CoverageSettings, OwnReport
from ci_toolkit.model.record import Record
from ci_toolkit.model.trial import Trial

BUNDLE_SCHEMA = 2
CARD_NAME = "shard.json"
ADJUDICATION_SCHEMA = 1
ADJUDICATION_NAME = "adjudication.json"
ADJUDICATION_FOLDER = "adjudication"
JOURNAL_FOLDER = "journal"
COVERAGE_FOLDER = "coverage"
OUTPUT_FOLDER = "output"
SERVICES_FOLDER = "services"
"""Of the logs of the services that the shard's tests had, without passwords."""
ATTACHMENTS_FOLDER = "attachments"
"""Of files that tests handed over; what each is, the journals say."""
PARTS_FOLDER = "parts"
"""Of what plugins wrote of the shard alone into report files that the suite's own options ask for."""
SOURCES_FOLDER = "sources"
"""Of measured sources that git does not track, so that another checkout may lack them."""
TRIALS_FOLDER = "trials"
"""A folder for each trial of a failed test, by number, with its journals and its output."""


class ShardState(StrEnum):
    """How far a shard came."""

    RUNNING = "running"
    """Still at work, or killed: the card is replaced only at the end."""
    FINISHED = "finished"
    """Every test that it selected has an outcome."""
    STOPPED = "stopped"
    """It ended early on purpose: Ctrl-C, SIGTERM, ``--maxfail``, a budget."""
    BROKEN = "broken"
    """It could not go on: pytest would not start, the disk was full."""
    MISSING = "missing"
    """No bundle came back. Never on a card; the merge says so."""


class StopKind(StrEnum):
    """Who stopped a shard."""

    NOBODY = ""
    SIGNAL = "signal"
    """Ctrl-C, SIGTERM: what did not run is lost."""
    BUDGET = "budget"
    FAIL_FAST = "fail-fast"
    MAXFAIL = "maxfail"
    """pytest's own ``-x`` or ``--maxfail``."""

    @property
    def is_by_rule(self) -> bool:
        """Whether a rule of the run stopped it: what did not run is left out, by name, and not lost."""
        return self in {StopKind.BUDGET, StopKind.FAIL_FAST, StopKind.MAXFAIL}


class BrokenBy(StrEnum):
    """Why a shard could not go on."""

    NOTHING = ""
    JOURNAL = "journal"
    """Its journal could not be written, as on a full disk: the machine's fault."""
    PYTEST = "pytest"
    """pytest did not start, or ended with an error of its own before any test."""
    UNCOLLECTED = "uncollected"
    """pytest ended well and never collected some of the planned files."""
    NO_PROGRESS = "no-progress"
    """One process after the other died before any test ran."""


class BundleFile(Record, frozen=True, kw_only=True):
    """A file of the bundle as its shard wrote it."""

    path: str
    """Relative to the bundle, with ``/``."""
    size: int
    sha256: str


class KeptSource(Record, frozen=True, kw_only=True):
    """A copy of a measured source file, as it was when the shard had ended."""

    name: str
    """As the coverage data has it."""
    copy: BundleFile


class JournalSeal(Record, frozen=True, kw_only=True):
    """What a journal was when its shard had ended: the supervisor's own account of what it followed."""

    name: str
    """In the journal folder, such as ``1-main.jsonl``."""
    size: int
    """Bytes of whole records; a torn one may follow."""
    records: int
    sha256: str
    """Of these bytes."""


class TrialRecord(Record, frozen=True, kw_only=True):
    """A trial that was made in the shard's job, or could not be; its outcome stands in its journals alone."""

    number: int
    """From 1; names its folder."""
    trial: Trial
    why_not: str = ""
    """Why it could not be made."""
    seconds: float = 0.0
    """From its start to its end."""
    journals: tuple[JournalSeal, ...] = ()

    @property
    def attempt(self) -> int:
        """What its journals call it: no attempt of the shard has such a number."""
        return FIRST_TRIAL + self.number


FIRST_TRIAL = 100_000


class ShardCard(Record, frozen=True, kw_only=True):
    """``shard.json``: what the bundle is, written at the start and replaced at the end."""

    schema: int = BUNDLE_SCHEMA
    plan_id: str
    run_id: str = ""
    """Of the plan: which run of it this is evidence of."""
    index: int
    run_attempt: int = 1
    """Which attempt of the CI run this job is of, where the CI counts them."""
    began_at: float = 0.0
    """When the shard began, in epoch seconds by its own clock."""
    state: ShardState
    reason: str = ""
    """What a reader should know about the state."""
    stopped_by: StopKind = StopKind.NOBODY
    broken_by: BrokenBy = BrokenBy.NOTHING
    own_arguments: tuple[str, ...] = ()
    """pytest arguments that this shard was given beside the plan's."""
    attempts: int = 0
    """How many pytest processes it took."""
    actual_seconds: float = 0.0
    measures_coverage: bool = False
    unexplained_exit: str = ""
    """How pytest ended, where that was worse than its tests' outcomes explain."""
    coverage_losses: tuple[str, ...] = ()
    """Node ids of tests that killed a process, so that some lines that it ran are not in the data."""
    environment: Environment | None = None
    seeds: tuple[str, ...] = ()
    """Options that give plugins the random seeds which they had."""
    coverage: CoverageSettings | None = None
    """What the suite itself asks of coverage; None where pytest-cov does not measure."""
    own_reports: tuple[OwnReport, ...] = ()
    """Report files of the whole run that the suite's own options ask for, of which the shard has a part at most."""
    commit: str = ""
    """What was checked out, or ``""`` where there is no git."""
    lineage: Lineage = Lineage()
    """Where that stands among the project's other sources."""
    machine: str = ""
    """Names the machine, and tells nothing of it: a digest."""
    folder: str = ""
    """Where pytest ran, an absolute path of the machine that ran it."""
    journals: tuple[JournalSeal, ...] = ()
    """Every journal that the shard wrote. A bundle that is still ``running`` has none."""
    files: tuple[BundleFile, ...] = ()
    """The coverage data files, so that a swapped or damaged one is noticed."""
    sources_gone: tuple[str, ...] = ()
    """Measured files that were gone when the shard had ended, as the coverage data names them: tests made and removed
    them."""
    sources_kept: tuple[KeptSource, ...] = ()
    """Copies of measured files that git does not track: generated modules, files of other folders."""
    service_logs: tuple[str, ...] = ()
    """Relative to the bundle."""
    trials: tuple[TrialRecord, ...] = ()
    """In the order in which they were made."""
    trials_ended: str = ""
    """Why no further trial was made where one was asked for, such as that the budget was spent."""


class ShardTrials(Record, frozen=True, kw_only=True):
    """The trials of one shard's failures that were made on another machine; their folder is ``shard-INDEX``."""

    index: int
    trials: tuple[TrialRecord, ...]


class AdjudicationCard(Record, frozen=True, kw_only=True):
    """``adjudication.json``: trials of a run's failures on another machine than those of its shards."""

    schema: int = ADJUDICATION_SCHEMA
    plan_id: str
    run_id: str
    run_attempt: int = 1
    began_at: float
    """In epoch seconds."""
    machine: str
    """As in ``ShardCard``."""
    shards: tuple[ShardTrials, ...]

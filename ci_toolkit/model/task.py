"""What a pytest process that ci-toolkit starts is to do; the plugin in it reads this from a file."""

from enum import StrEnum

from ci_toolkit.model.again import AgainRule
from ci_toolkit.model.category import Category
from ci_toolkit.model.last_run import OfLastRun
from ci_toolkit.model.plan import Cut
from ci_toolkit.model.record import Record

SERVICES_FAILURES_VARIABLE = "CI_TOOLKIT_SERVICES_FAILURES"
"""Names the file that takes the failures of services from the pytest processes of a run; no test sees it."""


class Linking(StrEnum):
    """A kind of mark by which a plugin links tests to one another."""

    DEPENDENCY = "dependency"
    """pytest-dependency."""
    DEPENDS = "depends"
    """pytest-depends."""
    ORDER = "order"
    """pytest-order or pytest-ordering, over all files."""
    SNAPSHOTS = "snapshots"
    """Tests write the snapshots of their file, each into what the others wrote."""
    ORDER_IN_FILE = "order-in-file"
    """pytest-order with ``--order-scope=module`` or ``class``."""


class FindTask(Record, frozen=True, kw_only=True, tag_field="task", tag="find"):
    """List the files that hold tests, without importing them."""

    out: str
    """Where to write the listing."""
    parts: str
    """The folder that takes report files which the suite's own options ask for: nobody wants them of a listing."""
    critical_folders: tuple[str, ...] = ()
    """Names of folders whose tests always run."""
    categories: tuple[Category, ...] = ()
    """The categories in force."""


class AboutSuite(Record, frozen=True, kw_only=True):
    """What a listing tells of a suite besides its files."""

    root: str
    broken_folders: tuple[str, ...] = ()
    """Folders whose conftest or package cannot be imported: nobody knows what they hold."""
    skipped_folders: tuple[tuple[str, str], ...] = ()
    """(folder, reason) of those whose conftest skips them as a whole."""
    ignored_critical: tuple[str, ...] = ()
    """Mission-critical paths that pytest is told to ignore, and folders that skip themselves with such."""
    linking: tuple[Linking, ...] = ()
    """How plugins link tests in this suite."""
    step_marks: tuple[str, ...] = ()
    """Marks by which conftest files make tests depend on those before them."""
    imports_by_name: bool = False
    """Whether two files of one module name cannot be imported in one process."""
    of_last_run: OfLastRun = OfLastRun.NOTHING
    """What the suite's own options ask of the last run."""


class FoundFiles(Record, frozen=True, kw_only=True):
    """The answer to a FindTask."""

    about: AboutSuite
    paths: tuple[str, ...]
    places: tuple[tuple[str, str], ...] = ()
    """(path, where it lies relative to the root) of those whose path does not say that."""
    function_patterns: tuple[str, ...]
    """pytest's ``python_functions``."""
    class_patterns: tuple[str, ...]
    """pytest's ``python_classes``."""


class CollectTask(Record, frozen=True, kw_only=True, tag_field="task", tag="collect"):
    """List every test: a full collection, which imports every file."""

    out: str
    """Where to write the listing."""
    parts: str
    """The folder that takes report files which the suite's own options ask for: nobody wants them of a listing."""
    critical_folders: tuple[str, ...] = ()
    """Names of folders whose tests always run."""
    categories: tuple[Category, ...] = ()
    """The categories in force."""


class CollectedSuiteFile(Record, frozen=True, kw_only=True):
    """A file and its tests, in pytest's order."""

    path: str
    place: str = ""
    """Where it lies, relative to the root, if its path does not say that."""
    suffixes: tuple[str, ...]
    groups: tuple[tuple[str, str], ...] = ()
    """(suffix, xdist_group) of the tests in a group."""
    critical: tuple[str, ...] = ()
    """Suffixes of those that are mission-critical."""


class CollectedSuite(Record, frozen=True, kw_only=True):
    """The answer to a CollectTask."""

    about: AboutSuite
    files: tuple[CollectedSuiteFile, ...]


class FinishedTest(Record, frozen=True, kw_only=True, array_like=True):
    """A test that an earlier process of this shard has finished with."""

    path: str
    suffix: str
    times: int = 1
    """How many tests of this very name are finished; pytest allows namesakes."""


class ShardTask(Record, frozen=True, kw_only=True, tag_field="task", tag="shard"):
    """Run these files, or pieces of them, and keep a journal."""

    plan_id: str
    shard: int
    attempt: int
    journal: str
    """The folder of the journal files."""
    marker: str
    """The file that is renamed where a journal cannot be written."""
    parts: str
    """The folder that takes the parts of report files which the suite's own options ask for."""
    attachments: str = ""
    """The folder that takes the files which tests hand over; ``""`` where nobody keeps them, as of a trial."""
    wall_seconds: float
    """The supervisor's wall clock when it made the task, in seconds since the epoch."""
    clock_seconds: float
    """Its ``time.perf_counter()`` at the same moment."""
    hash_seed: str = ""
    """PYTHONHASHSEED as we set it, or ``""`` where the user did: the same for each process of a run."""
    coverage_file: str = ""
    """COVERAGE_FILE as the user has it, for the tests; empty where it is not set."""
    supervisor: int
    """The process id of the supervisor: when it dies, so does pytest."""
    root: str
    pieces: dict[str, int]
    """Path to the piece that is ours; 0 is the whole file."""
    places: tuple[tuple[str, str], ...] = ()
    """(path, where it lies relative to the root) of those whose path does not say that."""
    planned: tuple[str, ...] = ()
    """Where each file of the whole plan lies, relative to the root."""
    cuts: tuple[Cut, ...] = ()
    finished: tuple[FinishedTest, ...] = ()
    categories: tuple[Category, ...] = ()
    """The categories in force."""
    selected: tuple[str, ...] = ()
    """The categories to run; empty for every test. Mission-critical tests run whatever this says."""
    only: tuple[str, ...] = ()
    """Node ids of tests, classes and files; nothing else runs. Empty is everything."""
    first: tuple[str, ...] = ()
    """Node ids of what runs before the rest."""
    order: tuple[str, ...] = ()
    """Of a trial, the node ids of the tests that run, in this order whatever a plugin says; empty for a shard."""
    moved: tuple[str, str] | None = None
    """Of a trial in a work tree, (the checkout, that tree): no source of the first may be imported."""
    critical_first: bool = False
    """Whether mission-critical tests run before the others, so that no budget drops them."""
    again: AgainRule | None = None
    """How failed tests are tried again at once; None is not at all."""
    keeps_output: bool = False
    """Whether the journal holds what passed tests printed, too."""
    shares_services: bool = False
    """Whether other shards of the same supervisor run beside it, with the same servers."""
    coverage_by_category: bool = False
    apart: tuple[str, ...] = ()
    """Tests whose coverage is kept apart from that of others; one without parameters stands for all of them."""
    measures_coverage: bool = False
    """Whether ``--cov`` was added to the suite's own options."""


Task = FindTask | CollectTask | ShardTask

"""What takes trust away from a run: each kind has a name here and an entry in docs/errors.md."""

from enum import StrEnum

from ci_toolkit.model.record import Record


class ProblemKind(StrEnum):
    """What is wrong with the evidence."""

    BUNDLE_UNREADABLE = "bundle-unreadable"
    """A card that cannot be read, or that names a shard which the plan does not have."""
    BUNDLE_OF_ANOTHER_PLAN = "bundle-of-another-plan"
    BUNDLE_OF_ANOTHER_RUN = "bundle-of-another-run"
    """It followed an equal plan, that of another run: nobody knows what it ran."""
    BUNDLE_TWICE = "bundle-twice"
    """Two bundles of one shard, and nothing says which one counts."""
    JOURNAL_DAMAGED = "journal-damaged"
    """A journal that is not what its shard wrote: cut short, garbled, changed."""
    JOURNAL_OF_ANOTHER_PLAN = "journal-of-another-plan"
    JOURNAL_UNKNOWN = "journal-unknown"
    """A file among the journals that is no journal of this bundle."""
    JOURNAL_MISSING = "journal-missing"
    RAN_TWICE = "ran-twice"
    """A test that began again after it was over."""
    RAN_UNPLANNED = "ran-unplanned"
    """A file, or a piece of one, that the plan gives to another shard."""
    SOURCES_DIFFER = "sources-differ"
    """The shards executed different versions of a file."""
    ENVIRONMENTS_DIFFER = "environments-differ"
    """The shards ran under different Pythons, pytests or plugins."""
    FILE_UNPLANNED = "file-unplanned"
    """A test file that no shard has, for it came after the plan: its tests never ran."""
    PIECES_DIFFER = "pieces-differ"
    """A cut file of which the shards saw different tests, or not all of them."""
    TESTS_SEPARATED = "tests-separated"
    """A test was skipped, for the test that it depends on ran in another shard."""
    COVERAGE_DATA = "coverage-data"
    """Coverage data that is missing, damaged or cannot be combined."""


class Problem(Record, frozen=True, kw_only=True):
    """Something that takes trust away from the run: a bundle missing, twice there, or damaged."""

    kind: ProblemKind
    message: str
    shard: int = 0
    """0 is the run as a whole."""

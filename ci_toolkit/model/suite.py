"""The suite as it stands in a checkout, found without importing a test module."""

from collections.abc import Collection

from ci_toolkit.model.last_run import OfLastRun
from ci_toolkit.model.record import Record


class SuiteFile(Record, frozen=True, kw_only=True):
    """One file that pytest collects tests from."""

    path: str
    """The first part of its tests' node ids: relative to the suite's root, with ``/``."""
    place: str = ""
    """Where it lies, relative to the root, if ``path`` does not say that: a plugin's collector, a file elsewhere."""
    category: str = ""
    """The category of its directory, or ``""``."""
    mentions: tuple[str, ...] = ()
    """Categories that its text speaks of, where a choice of categories made somebody look."""
    anchors: tuple[str, ...] = ()
    """Node-id suffixes read from the source in order (``test_a``, ``TestB::test_c``), without parameters.

    A reading, not a promise: generated tests are missing and parametrized ones stand once.
    """
    critical: tuple[str, ...] = ()
    """Anchors of its mission-critical tests, where the suite was collected."""
    groups: tuple[tuple[str, str], ...] = ()
    """(anchor, name) of the tests under ``@pytest.mark.xdist_group("name")``, as far as the source says."""

    together: str = ""
    """The same in files that marks link with one another, ``""`` in a file without such marks. A linked file is never
    cut, and those with the same value belong in one shard."""

    def may_hold(self, categories: Collection[str]) -> bool:
        """Whether a test of one of ``categories`` can be in it: by its directory, or by a marker in its text."""
        return self.category in categories or not set(self.mentions).isdisjoint(categories)


class Suite(Record, frozen=True, kw_only=True):
    """Every file that a plain ``pytest`` would collect here, in its order."""

    root: str
    """pytest's rootdir, relative to the folder in which pytest ran."""
    arguments: tuple[str, ...]
    """The paths that select the suite, relative to the root; empty for pytest's own defaults."""
    files: tuple[SuiteFile, ...]
    skipped_folders: tuple[tuple[str, str], ...] = ()
    """(folder, reason) of those that skip themselves as a whole: their files are not among ``files``."""
    commit: str = ""
    """The git commit of the checkout, or ``""`` outside git."""
    of_last_run: OfLastRun = OfLastRun.NOTHING
    """What the suite's own options ask of the last run."""

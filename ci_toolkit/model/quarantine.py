"""The quarantine: tests whose known failures do not fail a run, each with an owner and an end."""

from collections.abc import Iterable
from datetime import date

from ci_toolkit.model.changed_lines import LinesOfFile
from ci_toolkit.model.node_id import function_of, node_id_of, split_node_id
from ci_toolkit.model.record import Record

QUARANTINE_FILE = "quarantine.toml"
"""In the root of the project."""


class QuarantineEntry(Record, frozen=True, kw_only=True):
    """One test in quarantine."""

    test: str
    """Its node id. Without parameters it stands for the test with any."""
    reason: str
    owner: str
    """Who mends it."""
    issue: str
    """Where the work on it is tracked."""
    since: date
    expires: date
    """The last day on which it counts."""
    signatures: tuple[str, ...]
    """The failures that it excuses, each a ``Signature.digest``."""
    line: int = 0
    """Where it begins in the file, from 1."""

    def covers(self, node_id: str) -> bool:
        """Whether it is about the test ``node_id``."""
        return is_about(self.test, node_id)

    def days_by(self, today: date) -> int:
        """For how many days it has stood in the quarantine."""
        return max(0, (today - self.since).days)

    def has_expired(self, today: date) -> bool:
        """Whether it counts no more."""
        return today > self.expires


def is_about(test: str, node_id: str) -> bool:
    """Return whether the entry of ``test`` is about the test ``node_id``: it, or it without its parameters."""
    if not node_id.startswith(test):
        return False
    path, suffix = split_node_id(node_id)
    return test in {node_id, node_id_of(path, function_of(suffix))}


class QuarantineLimits(Record, frozen=True, kw_only=True, rename="kebab"):
    """How much may be in quarantine, and for how long: ``[tool.ci-toolkit.quarantine]``."""

    most_entries: int = 20
    most_days: int = 90
    """From ``since`` to ``expires``."""


class Quarantine(Record, frozen=True, kw_only=True):
    """What the file says."""

    entries: tuple[QuarantineEntry, ...] = ()
    """In the order of the file."""
    digest: str = ""
    """SHA-256 of its content; ``""`` where there is no file."""


class QuarantineInForce(Record, frozen=True, kw_only=True):
    """The quarantine of a run, and what of it counts."""

    file: Quarantine
    entries: tuple[QuarantineEntry, ...]
    """What counts: all of the file, or of a pull request what its base has, too."""
    base: str = ""
    """The commit whose file was compared; ``""`` where the run is of no pull request."""
    held_back: tuple[str, ...] = ()
    """What the pull request adds: it counts when it is on the base."""
    today: date
    limits: QuarantineLimits = QuarantineLimits()

    @property
    def excusing(self) -> tuple[str, ...]:
        """The tests whose entries excuse something today."""
        return tuple(entry.test for entry in self.entries if not entry.has_expired(self.today))


class LinesAlone(LinesOfFile, frozen=True, kw_only=True):
    """Changed statements that only tests in quarantine cover."""

    tests: tuple[str, ...]
    """As their entries name them."""


class CoveredAlone(Record, frozen=True, kw_only=True):
    """What of a change only tests in quarantine cover."""

    lines: tuple[LinesAlone, ...] = ()
    untold: frozenset[str] = frozenset()
    """Those of the tests of which coverage says nothing at all."""
    unknown: str = ""
    """Why nobody knows it of any test, and what to do, or ``""``."""


class QuarantineStay(Record, frozen=True, kw_only=True):
    """One test in quarantine, and for how long."""

    test: str
    owner: str
    days: int
    expires: str
    """The last day on which its entry counts, such as ``2026-12-20``."""


class QuarantineUse(Record, frozen=True, kw_only=True):
    """Which quarantine the run was judged with."""

    digest: str
    """SHA-256 of the file in the checkout of the merge."""
    entries: int
    base: str = ""
    """The commit of the base whose file was compared; ``""`` where the run is of no pull request."""
    held_back: tuple[str, ...] = ()
    """What the pull request adds to the file, which excuses nothing before it is on the base."""
    alone: tuple[LinesAlone, ...] = ()
    """Changed lines that tests in quarantine cover and no other test does: their entries excuse nothing in this run.
    Looked at where one of these tests failed."""
    stays: tuple[QuarantineStay, ...] = ()
    """Every entry, the longest in quarantine first."""


def entries_of(node_id: str, entries: Iterable[QuarantineEntry]) -> tuple[QuarantineEntry, ...]:
    """Return those of ``entries`` that are about the test ``node_id``, the one with its parameters first."""
    found = [entry for entry in entries if entry.covers(node_id)]
    return tuple(sorted(found, key=lambda entry: entry.test != node_id))

"""``ci-toolkit quarantine``: what is in quarantine, and whether it keeps its rules."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ci_toolkit.config.quarantine import load_quarantine, quarantine_limits
from ci_toolkit.model.node_id import node_id_of, split_node_id
from ci_toolkit.model.quarantine import Quarantine, QuarantineEntry
from ci_toolkit.model.record import Record, restore_surrogates
from ci_toolkit.suite.discover import collect_suite
from ci_toolkit.verdict.quarantine_rules import BrokenRule, broken_rules
from ci_toolkit.workflow.category_selection import select_categories
from ci_toolkit.workflow.quarantine import today


class QuarantineCheck(Record, frozen=True, kw_only=True):
    """What a check of the quarantine found."""

    quarantine: Quarantine
    broken: tuple[BrokenRule, ...] = ()
    unsure: tuple[str, ...] = ()
    """Files of which nobody knows whether they still hold the tests, for they cannot be imported."""


def check_quarantine(root: Path) -> QuarantineCheck:
    """Return what breaks the rules in the quarantine of the project in ``root``.

    The files that it names are imported, to see which of its tests still exist and which are mission-critical. Raises
    QuarantineError, ConfigurationError, DiscoveryError.
    """
    quarantine, limits = load_quarantine(root), quarantine_limits(root)
    tests = _collect(root, quarantine.entries)
    broken = broken_rules(
        quarantine, limits, today(), critical=tests.critical, gone=set(tests.gone(quarantine.entries))
    )
    return QuarantineCheck(quarantine=quarantine, broken=tuple(broken), unsure=tests.unsure)


class _Tests(Record, frozen=True, kw_only=True):
    """What is known of the tests in the files that entries name."""

    there: frozenset[str] = frozenset()
    critical: frozenset[str] = frozenset()
    unsure: tuple[str, ...] = ()

    def gone(self, entries: Sequence[QuarantineEntry]) -> Iterator[str]:
        """Yield the tests of ``entries`` that no longer exist."""
        for entry in entries:
            path, _ = split_node_id(entry.test)
            if path not in self.unsure and not any(entry.covers(node_id) for node_id in self.there):
                yield entry.test


def _collect(root: Path, entries: Sequence[QuarantineEntry]) -> _Tests:
    named = sorted({split_node_id(entry.test)[0] for entry in entries})
    paths = [path for path in named if (root / restore_surrogates(path)).is_file()]
    if not paths:
        return _Tests()
    files = collect_suite(root, paths, categories=select_categories(root).categories).files
    holding = {file.path for file in files if file.anchors}
    return _Tests(
        there=frozenset(node_id_of(file.path, suffix) for file in files for suffix in file.anchors),
        critical=frozenset(node_id_of(file.path, suffix) for file in files for suffix in file.critical),
        unsure=tuple(path for path in paths if path not in holding),
    )

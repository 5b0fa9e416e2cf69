"""What the court remembers of earlier runs. It holds nothing that the outcome history does not tell."""

from collections.abc import Iterable, Mapping

from ci_toolkit.model.record import Record
from ci_toolkit.verdict.court.case import CaseRun

ORDERS_KEPT = 12
TREES_KEPT = 12


class TestMemory(Record, frozen=True, kw_only=True):
    """What is known of one test that has failed."""

    __test__ = False  # not for pytest, whatever the name

    signatures: frozenset[str] = frozenset()
    """Those that were excused by evidence."""
    commits: tuple[int, ...] = ()
    """At which it was found to be flaky, the last alone."""
    times: int = 0
    """How often it was found to be flaky."""
    runs_then: int = 0
    """How many runs the court had seen when it last was."""
    rate: float = 0.0
    """The highest share of failures in repeated trials."""
    runs_before: int = 0
    """How many runs the court had seen before it was first found to be flaky."""
    is_listed: bool = False
    clean_orders: frozenset[str] = frozenset()
    """Orders in which it passed since it last failed."""
    broken_since: int | None = None
    """The commit of main that broke it, until it passes there."""
    broken_signature: str = ""


class Memory(Record, frozen=True, kw_only=True):
    """What the court knows before a run."""

    tests: Mapping[str, TestMemory] = {}
    orders: Mapping[str, Mapping[str, frozenset[str]]] = {}
    """Order to (test to signatures) of what failed on main, the last orders alone. Other tests passed there."""
    trees: Mapping[str, frozenset[str]] = {}
    """Tree to the tests that failed in every run of it, the last trees alone."""
    base_in_order: Mapping[str, frozenset[str]] = {}
    """Test to the signatures of its failures that earlier runs found order-dependent on the base's sources, or against
    that base, in the order in which its shard ran now."""
    runs: int = 0
    saved_seconds: float | None = None
    """What earlier runs left of their budgets; None before the first, which starts with all that can be saved."""

    def of(self, test: str) -> TestMemory:
        """Return what is known of ``test``."""
        return self.tests.get(test, _NOTHING)

    def main_failed_in(self, order: str, test: str) -> frozenset[str]:
        """Return the signatures with which ``test`` failed on main in ``order``."""
        return self.orders.get(order, {}).get(test, frozenset())

    def has_passed(self, tree: str, test: str) -> bool:
        """Return whether an earlier run of the same sources passed ``test``."""
        return tree in self.trees and test not in self.trees[tree]

    @property
    def listed(self) -> frozenset[str]:
        """The tests that are held to be flaky."""
        return frozenset(test for test, known in self.tests.items() if known.is_listed)


def trees_with(memory: Memory, run: CaseRun, passed: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Return ``memory.trees`` with what ``run`` adds; ``passed`` are failed tests that the head passed in a trial."""
    failed = (frozenset(failure.test for failure in run.failures) | run.not_run) - frozenset(passed)
    earlier = memory.trees.get(run.tree)
    others = {tree: tests for tree, tests in memory.trees.items() if tree != run.tree}
    trees = {**others, run.tree: failed if earlier is None else failed & earlier}
    return dict(list(trees.items())[-TREES_KEPT:])


_NOTHING = TestMemory()

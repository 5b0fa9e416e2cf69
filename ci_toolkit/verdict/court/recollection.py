"""What the court remembers, run by run: the same steps whether it has just judged, or reads what it found before."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from msgspec.structs import replace

from ci_toolkit.model.outcomes import Judged, JudgedPasses, JudgedRun
from ci_toolkit.model.record import Record
from ci_toolkit.verdict.court.case import Kind, Rules
from ci_toolkit.verdict.court.lists import after_a_ruling, passes_for_release
from ci_toolkit.verdict.court.memory import ORDERS_KEPT, Memory, TestMemory

_NOTHING = TestMemory()
_OF_ONE_SHARD = 2
"""A shard may spend so many times what it can save itself: failures sit in one or two of many."""


class SeenRun(Record, frozen=True, kw_only=True):
    """A judged run as the memory sees it."""

    commit: int
    """Counts the commits of the main branch, as in ``CaseRun``."""
    is_main: bool
    order: str
    failures: tuple[Judged, ...]
    passed: frozenset[str]
    """Those of the remembered tests that passed."""
    tests_seconds: float
    trial_seconds: float


class Recollection:
    """A memory that grows."""

    def __init__(self, memory: Memory, rules: Rules) -> None:
        self._rules = rules
        self._tests = dict(memory.tests)
        self._orders = dict(memory.orders)
        self._trees = memory.trees
        self._runs = memory.runs
        self._saved = memory.saved_seconds
        self._broken: set[str] = set()
        """Tests that main has failed since a commit."""
        self._clean: dict[str, set[str]] = {}
        """Of each listed test, the orders in which it passed since it last failed."""
        self._needed: dict[str, int] = {}
        """How many such orders end its listing."""
        for test, known in memory.tests.items():
            self._remember(test, known)

    def add(self, run: SeenRun) -> None:
        """Remember what the court found of ``run``."""
        passed = run.passed - {judged.test for judged in run.failures}
        if run.is_main:
            for test in self._broken & passed:
                self._remember(test, replace(self._known(test), broken_since=None, broken_signature=""))
        for test in self._clean.keys() & passed:
            self._take_pass(test, run.order)
        for judged in run.failures:
            known = self._known(judged.test)
            self._remember(judged.test, after_a_ruling(known, judged, run.commit, self._runs, is_main=run.is_main))
        self._remember_order(run)
        self._saved = self.budget_for(run.tests_seconds) - run.trial_seconds
        self._saved = min(self._saved, self._most(run.tests_seconds))
        self._runs += 1

    def budget_for(self, tests_seconds: float) -> float:
        """Return how many seconds trials may take in a run, or in a shard of it, whose tests take so long."""
        most = self._most(tests_seconds)
        saved = most if self._saved is None else min(self._saved, _OF_ONE_SHARD * most)
        return self._rules.budget_share * tests_seconds + saved

    def memory(self) -> Memory:
        """Return what is remembered now."""
        return Memory(
            tests={test: self._known(test) for test in self._tests},
            orders=dict(self._orders),
            trees=self._trees,
            runs=self._runs,
            saved_seconds=self._saved,
        )

    def _most(self, tests_seconds: float) -> float:
        return self._rules.savings * self._rules.budget_share * tests_seconds

    def _known(self, test: str) -> TestMemory:
        known = self._tests.get(test, _NOTHING)
        return replace(known, clean_orders=frozenset(self._clean[test])) if test in self._clean else known

    def _remember(self, test: str, known: TestMemory) -> None:
        self._tests[test] = known
        self._broken.discard(test)
        self._clean.pop(test, None)
        if known.broken_since is not None:
            self._broken.add(test)
        if known.is_listed:
            self._clean[test] = set(known.clean_orders)
            self._needed[test] = passes_for_release(known)

    def _take_pass(self, test: str, order: str) -> None:
        # A history of a thousand listed tests comes here millions of times.
        clean = self._clean[test]
        clean.add(order)
        if len(clean) >= self._needed[test]:
            self._remember(test, replace(self._tests[test], is_listed=False, clean_orders=frozenset()))

    def _remember_order(self, run: SeenRun) -> None:
        """Keep what failed in the order on main, or on the base alike; the last orders alone.

        A test that main has passed in the order since fails there no more: the order alone does not explain its next
        failure. Where nobody shuffles, main has one order for ever.
        """
        seen = [judged for judged in run.failures if run.is_main or judged.base_failed_alike]
        if not run.order or not (seen or run.is_main):
            return
        failed = dict(self._orders.pop(run.order, {}))
        if run.is_main:
            failed = {test: signatures for test, signatures in failed.items() if test not in run.passed}
        for judged in seen:
            failed[judged.test] = failed.get(judged.test, frozenset()) | {judged.signature}
        self._orders[run.order] = failed
        while len(self._orders) > ORDERS_KEPT:
            del self._orders[next(iter(self._orders))]


class Recalled(Record, frozen=True, kw_only=True):
    """What the history tells the court before a run."""

    memory: Memory
    commits: tuple[str, ...] = ()
    """The commits of main that were judged, the oldest first: number 1 is the first of them."""

    def number_of(self, commit: str, *, is_main: bool) -> int:
        """Return the number of a commit: a change counts as the commit that it would become."""
        if is_main and commit in self.commits:
            return self.commits.index(commit) + 1
        return len(self.commits) + 1

    def name_of(self, number: int) -> str:
        """Return the commit of a number, ``""`` of one that main does not have yet."""
        return self.commits[number - 1] if 1 <= number <= len(self.commits) else ""


def recall(
    runs: Iterable[JudgedPasses],
    rules: Rules,
    passes: Mapping[str, int],
    tree: str,
    in_order: Mapping[str, Collection[str]] | None = None,
) -> Recalled:
    """Return what ``runs``, the oldest first, leave to remember.

    ``passes`` says how often each test that failed now has passed on ``tree``, the sources of the run to be judged;
    ``in_order`` the keys of the runs in which it failed on the base's sources, or against that base, in its order.
    """
    in_order = in_order or {}
    base_in_order: dict[str, set[str]] = defaultdict(set)
    recollection = Recollection(Memory(), rules)
    commits: dict[str, int] = {}
    for found in runs:
        run = found.run
        name = run.commit or run.key  # without a name each is one of its own
        number = commits.get(name, len(commits) + 1)
        if run.is_main:
            commits[name] = number
        else:
            number = len(commits) + 1
        recollection.add(_seen(run, number, found.passed))
        for judged in run.failures:
            if judged.kind == Kind.ORDER_DEPENDENT and run.key in in_order.get(judged.test, ()):
                base_in_order[judged.test].add(judged.signature)
    known = {test: frozenset(signatures) for test, signatures in base_in_order.items()}
    memory = replace(recollection.memory(), base_in_order=known)
    if tree and any(passes.values()):
        never = frozenset(test for test, count in passes.items() if not count)
        memory = replace(memory, trees={tree: never})
    return Recalled(memory=memory, commits=tuple(commits))


def _seen(run: JudgedRun, number: int, passed: frozenset[str]) -> SeenRun:
    return SeenRun(
        commit=number,
        is_main=run.is_main,
        order=run.order,
        failures=tuple(judged for judged in run.failures if judged.kind in _KINDS),
        passed=passed,
        tests_seconds=run.tests_seconds,
        trial_seconds=run.trial_seconds,
    )


_KINDS = frozenset(map(str, Kind))

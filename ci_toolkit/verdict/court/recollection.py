"""What the court remembers, run by run: the same steps whether it has just judged, or reads what it found before."""

from collections.abc import Container, Iterable, Mapping

from ci_toolkit.model.outcomes import Judged, JudgedPasses, JudgedRun
from ci_toolkit.model.record import Record
from ci_toolkit.verdict.court.case import Kind, Rules
from ci_toolkit.verdict.court.lists import after_a_pass, after_a_ruling
from ci_toolkit.verdict.court.memory import ORDERS_KEPT, Memory, TestMemory

_NOTHING = TestMemory()


class SeenRun(Record, frozen=True, kw_only=True):
    """A judged run as the memory sees it."""

    commit: int
    """Counts the commits of the main branch, as in ``CaseRun``."""
    is_main: bool
    order: str
    failures: tuple[Judged, ...]
    passed: Container[str]
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
        self._watched = {test for test, known in self._tests.items() if _is_watched(known)}
        """Those of which a pass says something."""

    def add(self, run: SeenRun) -> None:
        """Remember what the court found of ``run``."""
        failed = {judged.test for judged in run.failures}
        passed = [test for test in self._watched - failed if test in run.passed]
        for judged in run.failures:
            known = self._tests.get(judged.test, _NOTHING)
            self._remember(judged.test, after_a_ruling(known, judged, run.commit, self._runs, is_main=run.is_main))
        for test in passed:
            self._remember(test, after_a_pass(self._tests[test], run.order, is_main=run.is_main))
        self._remember_order(run)
        self._saved = self.budget_for(run.tests_seconds) - run.trial_seconds
        self._saved = min(self._saved, self._most(run.tests_seconds))
        self._runs += 1

    def budget_for(self, tests_seconds: float) -> float:
        """Return how many seconds trials may take in a run whose tests take so long."""
        saved = self._most(tests_seconds) if self._saved is None else self._saved
        return self._rules.budget_share * tests_seconds + saved

    def memory(self) -> Memory:
        """Return what is remembered now."""
        return Memory(
            tests=dict(self._tests),
            orders=dict(self._orders),
            trees=self._trees,
            runs=self._runs,
            saved_seconds=self._saved,
        )

    def _most(self, tests_seconds: float) -> float:
        return self._rules.savings * self._rules.budget_share * tests_seconds

    def _remember(self, test: str, known: TestMemory) -> None:
        self._tests[test] = known
        if _is_watched(known):
            self._watched.add(test)
        else:
            self._watched.discard(test)

    def _remember_order(self, run: SeenRun) -> None:
        """Keep what failed in the order on main, or on the base alike; the last orders alone."""
        seen = [judged for judged in run.failures if run.is_main or judged.base_failed_alike]
        if not run.order or not (seen or run.is_main):
            return
        failed = dict(self._orders.pop(run.order, {}))
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


def recall(runs: Iterable[JudgedPasses], rules: Rules, passes: Mapping[str, int], tree: str) -> Recalled:
    """Return what ``runs``, the oldest first, leave to remember.

    ``passes`` says how often each test that failed now has passed on ``tree``, the sources of the run to be judged.
    """
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
    memory = recollection.memory()
    if tree and any(passes.values()):
        never = frozenset(test for test, count in passes.items() if not count)
        memory = Memory(
            tests=memory.tests,
            orders=memory.orders,
            trees={tree: never},
            runs=memory.runs,
            saved_seconds=memory.saved_seconds,
        )
    return Recalled(memory=memory, commits=tuple(commits))


def _seen(run: JudgedRun, number: int, passed: Container[str]) -> SeenRun:
    return SeenRun(
        commit=number,
        is_main=run.is_main,
        order=run.order,
        failures=tuple(judged for judged in run.failures if judged.kind in _KINDS),
        passed=passed,
        tests_seconds=run.tests_seconds,
        trial_seconds=run.trial_seconds,
    )


def _is_watched(known: TestMemory) -> bool:
    return known.is_listed or known.broken_since is not None


_KINDS = frozenset(map(str, Kind))

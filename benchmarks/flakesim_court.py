"""Plugs the court of ci-toolkit into flakesim, a seeded simulator of a CI history that knows the truth.

An adapter: it turns the simulator's values into those of the court and back, and decides nothing. The simulator is
not in this repository; `docs/flaky.md` says where it is looked for. `flaky_court.py` plays worlds with it, and the
simulator can load it by itself, with this folder in PYTHONPATH:

    python -m flakesim --policy flakesim_court:Court --seeds 1-12
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ci_toolkit.model.trial import Trial, TrialOutcome
from ci_toolkit.verdict.court.case import CaseRun, FailedTest, Prices, Rules
from ci_toolkit.verdict.court.court import Judgement, adjudicate
from ci_toolkit.verdict.court.lists import suspects
from ci_toolkit.verdict.court.memory import Memory


class SimulatedTest(Protocol):
    id: int
    seconds: float


class SimulatedFailure(Protocol):
    test: int
    signature: str
    shard: int
    touched: bool | None


class SimulatedRun(Protocol):
    commit: int
    branch: str
    order: str
    non_code: bool
    failures: Sequence[SimulatedFailure]


class SimulatedOutcome(Protocol):
    failed: bool
    signature: str


class Attempt(Protocol):
    def __call__(self, test: int, *, where: str, how: str, tree: str) -> SimulatedOutcome: ...


@dataclass
class SimulatedRuling:
    """What the simulator reads."""

    red: set[int] = field(default_factory=set)
    verdicts: dict[int, str] = field(default_factory=dict)
    listed: set[int] = field(default_factory=set)
    suspects: dict[int, int] = field(default_factory=dict)


class Court:
    """A policy of the simulator."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()

    def begin(self, tests: Sequence[SimulatedTest], shards: int) -> None:
        self.memory = Memory()
        self.total = sum(test.seconds for test in tests)
        self.prices = Prices(
            test_seconds={str(test.id): test.seconds for test in tests}, shard_seconds=self.total / shards
        )
        self.main_tree = "the first commit"
        self.is_merged = False

    def judge(self, run: SimulatedRun, attempt: Attempt) -> SimulatedRuling:
        judgement = self.heard(run, attempt)
        self.memory = judgement.memory
        if run.branch != "main":
            self.is_merged = not judgement.is_red
        return SimulatedRuling(
            red={int(ruling.test) for ruling in judgement.rulings if ruling.is_red},
            verdicts={int(ruling.test): str(ruling.kind) for ruling in judgement.rulings},
            listed={int(test) for test in self.memory.listed},
            suspects={int(test): since for test, since in suspects(self.memory, run.commit).items()},
        )

    def heard(self, run: SimulatedRun, attempt: Attempt) -> Judgement:
        """Return what the court says where it sits while the tests run, and makes every trial itself."""

        def ask(trial: Trial) -> TrialOutcome:
            outcome = attempt(int(trial.test), where=trial.where, how=trial.how, tree=trial.tree)
            return TrialOutcome(failed=outcome.failed, signature=outcome.signature)

        return adjudicate(self.case(run), self.memory, ask, self.prices, self.rules)

    def case(self, run: SimulatedRun) -> CaseRun:
        """Return the run with git's names of its trees.

        The simulator merges a pull request that is not red, so that main has its tree; else main stays as it was. Its
        own names of trees do not say so, as git's do.
        """
        base = self.main_tree
        is_main = run.branch == "main"
        tree = f"tree {run.commit}" if not is_main or self.is_merged else base
        if is_main:
            self.main_tree = tree
        return CaseRun(
            commit=run.commit,
            is_main=is_main,
            tree=tree,
            base=base,
            order=run.order,
            seconds=self.total,
            failures=tuple(
                FailedTest(
                    test=str(failure.test),
                    signature=failure.signature,
                    cause=failure.signature,  # the simulator has one string for both
                    shard=failure.shard,
                    is_touched=None if run.non_code and not failure.touched else failure.touched,
                )
                for failure in run.failures
            ),
        )

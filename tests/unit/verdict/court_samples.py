"""Failures before the court, what is remembered of them, and what answers their trials."""

from ci_toolkit.model.trial import NoTrialError, Trial, TrialOutcome, Where
from ci_toolkit.verdict.court.case import CaseRun, FailedTest, Prices
from ci_toolkit.verdict.court.memory import Memory, TestMemory

PRICES = Prices(test_seconds={"t": 1.0}, shard_seconds=100.0)
PASS, FAIL, OTHER_FAIL = (
    TrialOutcome(failed=False),
    TrialOutcome(failed=True, signature="s"),
    TrialOutcome(failed=True, signature="x"),
)
KNOWN = Memory(tests={"t": TestMemory(signatures=frozenset({"s"}), commits=(1, 2), is_listed=True)}, runs=50)
MAIN_FAILED = Memory(orders={"o": {"t": frozenset({"s"})}})
HEAD_PASSED = Memory(trees={"head": frozenset()})


def a_failure(test: str = "t", *, touched: bool | None = False, signature: str = "s", cause: str = "") -> FailedTest:
    return FailedTest(test=test, signature=signature, cause=cause or f"c:{test}", shard=1, is_touched=touched)


def a_run(
    *failures: FailedTest, commit: int = 7, is_main: bool = False, order: str = "o", tree: str = "head"
) -> CaseRun:
    return CaseRun(
        commit=commit, is_main=is_main, tree=tree, base="base", order=order, failures=failures, seconds=1000.0
    )


class Answers:
    """Answers trials by what is said of each kind of them, and remembers them; a kind that nothing is said of is an error.

    In a clean checkout the head does as elsewhere, unless something else is said.
    """

    def __init__(self, **answers: TrialOutcome | list[TrialOutcome] | NoTrialError) -> None:
        self.answers = answers
        self.trials: list[str] = []

    def __call__(self, trial: Trial) -> TrialOutcome:
        clean = f"clean_{trial.how}"
        name = "_".join(
            filter(None, (trial.tree, trial.how, "elsewhere" if trial.where is Where.OTHER else "")),
        )
        name = clean if trial.is_clean and clean in self.answers else name
        self.trials.append(name)
        answer = self.answers[name]
        if isinstance(answer, NoTrialError):
            raise answer
        return answer.pop(0) if isinstance(answer, list) else answer


TOUCHED = a_failure(touched=True)
UNSURE = a_failure(touched=None)

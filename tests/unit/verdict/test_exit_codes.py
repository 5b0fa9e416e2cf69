from typing import Any

import pytest

from ci_toolkit.errors import ExitCode
from ci_toolkit.model.bundle import BrokenBy, ShardCard, ShardState, StopKind
from ci_toolkit.model.problem import ProblemKind
from ci_toolkit.model.verdict import Breach, Counts, Coverage, Gate, Proof, Status, Verdict
from ci_toolkit.verdict.exit_codes import despite_service_failure, exit_code_of_shards


def card(state: ShardState = ShardState.FINISHED, **more: Any) -> ShardCard:
    return ShardCard(plan_id="p", index=1, state=state, **more)


FINISHED = card()
BY_BUDGET = card(ShardState.STOPPED, stopped_by=StopKind.BUDGET)
BY_RULE = card(ShardState.STOPPED, stopped_by=StopKind.FAIL_FAST)
BY_MAXFAIL = card(ShardState.STOPPED, stopped_by=StopKind.MAXFAIL)
BY_SIGNAL = card(ShardState.STOPPED, stopped_by=StopKind.SIGNAL)
BY_NOBODY = card(ShardState.STOPPED)
NO_JOURNAL = card(ShardState.BROKEN, broken_by=BrokenBy.JOURNAL)
UNCOLLECTED = card(ShardState.BROKEN, broken_by=BrokenBy.UNCOLLECTED)
NO_PYTEST = card(ShardState.BROKEN, broken_by=BrokenBy.PYTEST)
NO_PROGRESS = card(ShardState.BROKEN, broken_by=BrokenBy.NO_PROGRESS)
TEXT_ALONE = card(ShardState.BROKEN, broken_by=BrokenBy.PYTEST, reason="the journal could not be written")


@pytest.mark.parametrize(
    ("cards", "has_failures", "code"),
    [
        ((FINISHED,), False, ExitCode.PASSED),
        ((FINISHED,), True, ExitCode.FAILED),
        ((FINISHED, BY_BUDGET), False, ExitCode.PASSED),
        ((BY_RULE,), False, ExitCode.PASSED),
        ((BY_RULE,), True, ExitCode.FAILED),
        ((BY_MAXFAIL,), False, ExitCode.FAILED),
        ((FINISHED, BY_MAXFAIL), True, ExitCode.FAILED),
        ((BY_NOBODY,), False, ExitCode.INCOMPLETE),
        ((BY_SIGNAL,), False, ExitCode.INCOMPLETE),
        ((FINISHED, NO_PYTEST), False, ExitCode.INCOMPLETE),
        ((NO_PYTEST,), True, ExitCode.FAILED),
        ((NO_PROGRESS,), False, ExitCode.INCOMPLETE),
        ((UNCOLLECTED,), False, ExitCode.INCOMPLETE),
        ((FINISHED, UNCOLLECTED), True, ExitCode.INCOMPLETE),
        ((NO_JOURNAL,), False, ExitCode.INFRASTRUCTURE),
        ((UNCOLLECTED, NO_JOURNAL), True, ExitCode.INFRASTRUCTURE),
        ((TEXT_ALONE,), False, ExitCode.INCOMPLETE),
    ],
)
def test_shards_end_with_the_worst_of_what_became_of_them(
    cards: tuple[ShardCard, ...], *, has_failures: bool, code: ExitCode
) -> None:
    assert exit_code_of_shards(cards, has_failures=has_failures, is_interrupted=False) is code
    lost = exit_code_of_shards(cards, has_failures=has_failures, is_interrupted=False, has_lost_service=True)
    assert lost is ExitCode.INFRASTRUCTURE
    stopped = exit_code_of_shards(cards, has_failures=has_failures, is_interrupted=True, has_lost_service=True)
    assert stopped is ExitCode.INTERRUPTED


VERDICT = Verdict(
    status=Status.PASSED,
    exit_code=0,
    plan_id="p",
    counts=Counts(total=1, passed=1),
    breaches=(Breach(gate=Gate.TESTS, message="1 failed, 0 errors"),),
    coverage=Coverage(percent=None),
    proof=Proof(planned_files=1, collected_files=1, collected_tests=1, outcomes=1, statement="all"),
)


def test_a_run_whose_service_failed_is_incomplete_whatever_its_tests_say() -> None:
    verdict = despite_service_failure(VERDICT, "redis died")
    assert (verdict.status, verdict.exit_code) == (Status.INCOMPLETE, ExitCode.INFRASTRUCTURE)
    assert verdict.breaches == (Breach(gate=Gate.SERVICES, message="redis died"), *VERDICT.breaches)
    assert verdict.counts == VERDICT.counts


def test_a_run_whose_services_lived_keeps_its_verdict() -> None:
    assert despite_service_failure(VERDICT, "") is VERDICT


def test_every_kind_of_problem_is_a_gate() -> None:
    assert {kind.value for kind in ProblemKind} <= {gate.value for gate in Gate}
    assert {kind.name for kind in ProblemKind} <= {gate.name for gate in Gate}

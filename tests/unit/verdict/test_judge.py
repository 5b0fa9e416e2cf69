from typing import Any

import msgspec
import pytest
from run_samples import FAILURE, LOST, PLAN, PROOF, a_run, a_shard, answer

from ci_toolkit.model.bundle import ShardState, StopKind
from ci_toolkit.model.llm_use import LlmUse
from ci_toolkit.model.merged import CriticalTest, MergedRun
from ci_toolkit.model.mode import Strictness
from ci_toolkit.model.problem import Problem, ProblemKind
from ci_toolkit.model.verdict import Counts, ShardReport, SlowTest
from ci_toolkit.verdict.judge import Thresholds, judge

STRICT, LENIENT = Strictness.STRICT, Strictness.LENIENT


def a_problem(kind: ProblemKind, message: str = "something is wrong") -> Problem:
    return Problem(kind=kind, message=message)


FAILED = Counts(total=5, passed=3, failed=2)
INCOMPLETE = ("incomplete", 5)
CHECK = "check the paths, the options, and what the files ask for before they skip"
NOTHING_SELECTED = f"no test ran: no test was selected; {CHECK}"


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (a_run(), ("passed", 0, [])),
        (a_run(counts=Counts(total=5, passed=1, skipped=1, xfailed=1, xpassed=1, flaky=1)), ("passed", 0, [])),
        (a_run(counts=Counts(total=5, passed=4, failed=1)), ("failed", 1, [("tests", "1 failed, 0 errors")])),
        (a_run(counts=Counts(total=5, passed=4, errors=1)), ("failed", 1, [("tests", "0 failed, 1 error")])),
        (a_run(counts=Counts(total=5, passed=2, failed=1, errors=1)), ("failed", 1, [("tests", "1 failed, 1 error")])),
        (a_run(counts=Counts(total=5, passed=0, failed=3, errors=2)), ("failed", 1, [("tests", "3 failed, 2 errors")])),
        (a_run(lost=(LOST,)),
         (*INCOMPLETE, [("completeness", "1 lost: planned or selected, and without an outcome")])),
        (a_run(lost=(LOST, LOST)),
         (*INCOMPLETE, [("completeness", "2 lost: planned or selected, and without an outcome")])),
        (a_run(shards=(a_shard(1), a_shard(2, unexplained_exit="pytest killed by SIGKILL after its last test"))),
         ("failed", 1, [("pytest-exit", "shard 2: pytest killed by SIGKILL after its last test")])),
        (a_run(counts=Counts(), shards=(a_shard(1, tests=0),)),
         ("failed", 3, [("tests", NOTHING_SELECTED)])),
        (a_run(counts=Counts(total=2, skipped=2), skipped_files=2),
         ("failed", 3, [("tests", f"no test ran: every test file skipped itself as a whole (2); {CHECK}")])),
        (a_run(counts=Counts(total=3, skipped=3), skipped_files=2), ("passed", 0, [])),
        (a_run(counts=Counts(total=2, skipped=2, lost=1), lost=(LOST,), skipped_files=2),
         (*INCOMPLETE, [("completeness", "1 lost: planned or selected, and without an outcome")])),
        (a_run(counts=Counts(), shards=(a_shard(1, unexplained_exit="pytest ended with exit status 1"),)),
         ("failed", 3, [("pytest-exit", "shard 1: pytest ended with exit status 1"),
                        ("tests", NOTHING_SELECTED)])),
        (a_run(counts=Counts(), shards=(a_shard(1, ShardState.MISSING, reason="no bundle came back"),)),
         (*INCOMPLETE, [("completeness", "shard 1 is missing: no bundle came back")])),
        (a_run(counts=FAILED, lost=(LOST,)),  # incomplete before failed, with the reasons of both
         (*INCOMPLETE, [("completeness", "1 lost: planned or selected, and without an outcome"),
                        ("tests", "2 failed, 0 errors")])),
    ],
)  # fmt: skip
def test_every_reason_counts_and_the_worst_is_the_answer(
    run: MergedRun, expected: tuple[str, int, list[tuple[str, str]]]
) -> None:
    assert answer(judge(run, Thresholds())) == expected


@pytest.mark.parametrize("kind", [ProblemKind.SOURCES_DIFFER, ProblemKind.ENVIRONMENTS_DIFFER])
def test_shards_that_ran_different_things_are_no_evidence_where_the_mode_is_strict(kind: ProblemKind) -> None:
    run = a_run(disagreements=(a_problem(kind, "shards 1 and 2 differ"),))
    assert answer(judge(run, Thresholds(), Strictness.STRICT)) == (*INCOMPLETE, [(kind, "shards 1 and 2 differ")])
    lenient = judge(run, Thresholds(), Strictness.LENIENT)
    assert answer(lenient) == ("passed", 0, [])
    assert "shards 1 and 2 differ" in lenient.notes


@pytest.mark.parametrize("state", [state for state in ShardState if state is not ShardState.FINISHED])
def test_a_shard_that_did_not_finish_leaves_the_run_incomplete(state: ShardState) -> None:
    run = a_run(shards=(a_shard(1), a_shard(2, state, reason="why")))
    assert answer(judge(run, Thresholds())) == (*INCOMPLETE, [("completeness", f"shard 2 is {state}: why")])


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (StopKind.NOBODY, (*INCOMPLETE, [("completeness", "shard 1 is stopped: why")])),
        (StopKind.SIGNAL, (*INCOMPLETE, [("completeness", "shard 1 is stopped: why")])),
        (StopKind.MAXFAIL, ("passed", 0, [])),
        (StopKind.BUDGET, ("passed", 0, [])),
        (StopKind.FAIL_FAST, ("failed", 1, [("fail-fast", "a fail-fast rule ended the run")])),
    ],
)
def test_a_shard_that_a_rule_stopped_is_not_incomplete(
    by: StopKind, expected: tuple[str, int, list[tuple[str, str]]]
) -> None:
    run = a_run(shards=(a_shard(1, ShardState.STOPPED, reason="why", stopped_by=by),))
    assert answer(judge(run, Thresholds())) == expected


@pytest.mark.parametrize("kind", list(ProblemKind))
@pytest.mark.parametrize("strictness", list(Strictness))
def test_every_problem_of_the_evidence_leaves_the_run_incomplete(kind: ProblemKind, strictness: Strictness) -> None:
    run = a_run(problems=(a_problem(kind, "this is wrong"), a_problem(kind, "that is wrong")))
    expected = (*INCOMPLETE, [(str(kind), "this is wrong"), (str(kind), "that is wrong")])
    assert answer(judge(run, Thresholds(), strictness)) == expected


def test_shards_that_disagree_are_a_doubt_where_the_mode_is_strict_and_else_a_note() -> None:
    run = a_run(disagreements=(a_problem(ProblemKind.SOURCES_DIFFER, "two commits"),))
    assert answer(judge(run, Thresholds())) == (*INCOMPLETE, [("sources-differ", "two commits")])
    assert judge(run, Thresholds()).notes == ()
    lenient = judge(run, Thresholds(), LENIENT)
    assert answer(lenient) == ("passed", 0, [])
    assert lenient.notes == ("two commits",)


def test_the_rules_of_the_guide_fail_the_run() -> None:
    run = a_run(critical=(CriticalTest(node_id="test_a.py::test_a", how="skipped"),))
    assert answer(judge(run, Thresholds()))[:2] == ("failed", 1)


def test_a_lenient_mode_forgives_what_its_budget_left_out_and_a_strict_one_does_not() -> None:
    stopped = a_shard(1, ShardState.STOPPED, reason="the budget", stopped_by=StopKind.BUDGET)
    run = a_run(shards=(stopped,), left_out=(LOST,), counts=Counts(total=6, passed=5, left_out=1))
    note = "1 left out, each named in verdict.json: the budget"
    assert answer(judge(run, Thresholds(), LENIENT)) == ("passed", 0, [])
    assert answer(judge(run, Thresholds(), STRICT)) == ("failed", 1, [("budget", note)])
    assert answer(judge(run, Thresholds())) == ("failed", 1, [("budget", note)])
    assert judge(run, Thresholds()).notes == (note,)


# --- coverage -----------------------------------------------------------------------------------


# --- what the verdict hands on ------------------------------------------------------------------


def test_the_verdict_hands_on_what_the_run_says() -> None:
    counts = Counts(total=5, passed=3, failed=1, flaky=1, left_out=1)
    shards = (
        a_shard(1, actual_seconds=50.0, tests_seconds=44.0),
        a_shard(2, ShardState.STOPPED, reason="the first failure", stopped_by=StopKind.MAXFAIL, tests=2),
    )
    run = a_run(
        counts=counts,
        shards=shards,
        lost=(LOST,),
        left_out=(LOST, LOST),
        failures=(FAILURE,),
        flaky=(FAILURE, FAILURE),
        slowest=(SlowTest(node_id="test_a.py::test_a", seconds=9.0),),
        llm=LlmUse(calls=3),
    )
    verdict = judge(run, Thresholds())
    assert (verdict.plan_id, verdict.commit, verdict.mode) == ("f" * 64, "c0ffee", "ci")
    assert (verdict.counts, verdict.proof, verdict.llm) == (counts, PROOF, LlmUse(calls=3))
    assert (verdict.lost, verdict.left_out) == ((LOST,), (LOST, LOST))
    assert (verdict.failures, verdict.flaky, verdict.slowest) == ((FAILURE,), (FAILURE, FAILURE), run.slowest)
    assert (verdict.lower_bound_seconds, verdict.tests_seconds, verdict.achieved_seconds) == (35.0, 44.0, 50.0)
    assert verdict.shards == (
        ShardReport(
            index=1,
            state=ShardState.FINISHED,
            tests=5,
            planned_seconds=30.0,
            actual_seconds=50.0,
            tests_seconds=44.0,
        ),
        ShardReport(
            index=2,
            state=ShardState.STOPPED,
            tests=2,
            planned_seconds=40.0,
            actual_seconds=20.0,
            reason="the first failure",
        ),
    )


@pytest.mark.parametrize(
    ("also", "predicted"),
    [
        ({}, 40.0),
        ({"plan": msgspec.structs.replace(PLAN, has_times=False)}, None),
        ({"deselected": 3}, None),
        ({"removed": 1}, None),
        ({"counts": Counts(total=5, passed=4, left_out=1)}, None),
        ({"counts": Counts(total=5, passed=4, lost=1), "lost": (LOST,)}, None),
    ],
)
def test_a_prediction_is_one_of_the_tests_that_ran_and_from_past_runs(
    also: dict[str, Any], predicted: float | None
) -> None:
    assert judge(a_run(**also), Thresholds()).predicted_seconds == predicted


@pytest.mark.parametrize(
    ("tests", "message"),
    [
        ((1, 1), "2 lost: planned or selected, and without an outcome"),
        ((17, 3), "20 lost: planned or selected, and without an outcome"),
        (
            (17, 0),
            (
                "18 lost: planned or selected, and without an outcome; 1 of these is a file of which nobody knows how many "
                "tests there are"
            ),
        ),
        (
            (0, 0),
            (
                "2 lost: planned or selected, and without an outcome; 2 of these are files of which nobody knows how many "
                "tests there are"
            ),
        ),
    ],
)
def test_lost_are_counted_in_tests_and_files_are_named_as_such(tests: tuple[int, ...], message: str) -> None:
    lost = tuple(msgspec.structs.replace(LOST, tests=number) for number in tests)
    assert answer(judge(a_run(lost=lost), Thresholds()))[2] == [("completeness", message)]


def test_a_run_without_a_shard_achieved_nothing_in_no_time() -> None:
    verdict = judge(a_run(shards=()), Thresholds())
    assert (verdict.tests_seconds, verdict.achieved_seconds, verdict.overhead_seconds) == (0.0, 0.0, 0.0)


def test_the_verdict_says_what_a_shard_pays_and_what_would_make_the_run_shorter() -> None:
    shards = (
        a_shard(1, actual_seconds=50.0, tests_seconds=47.12345),
        a_shard(2, actual_seconds=50.0, tests_seconds=45.0),
    )
    verdict = judge(a_run(shards=shards), Thresholds())
    assert verdict.overhead_seconds == 3.938
    assert verdict.advice.startswith("more shards: with 4")
    slow = judge(a_run(shards=shards, slowest=(SlowTest(node_id="test_a.py::test_a", seconds=45.0),)), Thresholds())
    assert "test_a.py::test_a takes 45.0 s" in slow.advice

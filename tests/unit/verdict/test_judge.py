from typing import Any

import msgspec
import pytest
from run_samples import FAILURE, LOST, PLAN, PROOF, a_run, a_shard

from ci_toolkit.model.bundle import ShardState, StopKind
from ci_toolkit.model.merged import CoverageDemand, CriticalTest, MeasuredCoverage, MergedRun
from ci_toolkit.model.mode import Strictness
from ci_toolkit.model.problem import Problem, ProblemKind
from ci_toolkit.model.verdict import (
    Breach,
    CategoryCoverage,
    Counts,
    Coverage,
    Gate,
    LlmUse,
    ShardReport,
    SlowTest,
    Verdict,
)
from ci_toolkit.verdict.judge import Thresholds, judge
from ci_toolkit.verdict.percentages import reaches, shown

STRICT, LENIENT = Strictness.STRICT, Strictness.LENIENT


def a_problem(kind: ProblemKind, message: str = "something is wrong") -> Problem:
    return Problem(kind=kind, message=message)


def answer(verdict: Verdict) -> tuple[str, int, list[tuple[str, str]]]:
    return str(verdict.status), verdict.exit_code, [(breach.gate, breach.message) for breach in verdict.breaches]


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


def measured(covered: int, statements: int, **by_category: tuple[int, int]) -> MeasuredCoverage:
    return MeasuredCoverage(covered=covered, statements=statements, by_category=by_category)


NOT_MEASURED = "coverage was not measured; 80% is asked for"


@pytest.mark.parametrize(
    ("coverage", "threshold", "breach"),
    [
        (measured(80, 100), 80.0, None),  # exactly there
        (measured(81, 100), 80.0, None),
        (measured(79, 100), 80.0, "coverage is 79.00%, under 80%"),
        (measured(7_999_999, 10_000_000), 80.0, "coverage is 79.99999%, under 80%"),
        (measured(8_000_000, 10_000_000), 80.0, None),
        (measured(0, 100), 0.0, None),
        (measured(0, 100), 0.5, "coverage is 0.00%, under 0.5%"),
        (measured(100, 100), 100.0, None),
        (measured(99, 100), 100.0, "coverage is 99.00%, under 100%"),
        (measured(2, 3), 66.67, "coverage is 66.667%, under 66.67%"),
        (measured(1, 100), None, None),
        (None, None, None),
        (None, 80.0, NOT_MEASURED),
        (measured(0, 0), 80.0, NOT_MEASURED),  # nothing of nothing shows nothing
        (measured(0, 0), 0.0, "coverage was not measured; 0% is asked for"),
        (measured(1, 1), 80.0, None),
    ],
)
def test_coverage_must_reach_its_threshold_without_rounding(
    coverage: MeasuredCoverage | None, threshold: float | None, breach: str | None
) -> None:
    breaches = [] if breach is None else [("coverage", breach)]
    verdict = judge(a_run(coverage=coverage), Thresholds(overall=threshold))
    assert answer(verdict) == ("failed" if breaches else "passed", 1 if breaches else 0, breaches)


@pytest.mark.parametrize(
    ("thresholds", "breaches"),
    [
        (Thresholds(by_category={"unit": 80.0}), []),
        (Thresholds(by_category={"unit": 80.1}), ["coverage of category unit is 80.00%, under 80.1%"]),
        (Thresholds(by_category={"e2e": 1.0}), ["coverage of category e2e was not measured; 1% is asked for"]),
        (Thresholds(if_measured={"e2e": 1.0}), []),
        (Thresholds(if_measured={"unit": 81.0}), ["coverage of category unit is 80.00%, under 81%"]),
        (Thresholds(if_measured={"unit": 81.0}, by_category={"unit": 80.0}), []),
        (Thresholds(if_measured={"unit": 70.0}, by_category={"unit": 81.0}),
         ["coverage of category unit is 80.00%, under 81%"]),
        (Thresholds(by_category={"empty": 1.0}), ["coverage of category empty was not measured; 1% is asked for"]),
        (Thresholds(overall=95.0, by_category={"unit": 81.0, "integration": 61.0}),
         ["coverage is 90.00%, under 95%", "coverage of category integration is 60.00%, under 61%",
          "coverage of category unit is 80.00%, under 81%"]),
    ],
)  # fmt: skip
def test_each_category_must_reach_its_own_threshold(thresholds: Thresholds, breaches: list[str]) -> None:
    coverage = measured(90, 100, unit=(80, 100), integration=(60, 100), empty=(0, 0))
    verdict = judge(a_run(coverage=coverage), thresholds)
    assert verdict.breaches == tuple(Breach(gate=Gate.COVERAGE, message=message) for message in breaches)


def test_a_standing_threshold_asks_nothing_where_nothing_was_measured() -> None:
    assert judge(a_run(), Thresholds(if_measured={"unit": 80.0})).breaches == ()


def test_too_little_coverage_does_not_hide_that_tests_failed_or_were_lost() -> None:
    run = a_run(coverage=measured(1, 100), counts=FAILED, lost=(LOST,))
    assert [gate for gate, _ in answer(judge(run, Thresholds(overall=80.0)))[2]] == [
        "completeness",
        "tests",
        "coverage",
    ]


@pytest.mark.parametrize(
    ("coverage", "shown_as"),
    [
        (None, Coverage(percent=None, threshold=80.0)),
        (measured(0, 0), Coverage(percent=None, threshold=80.0)),
        (measured(1, 8), Coverage(percent=12.5, threshold=80.0)),
        (
            measured(1, 8, unit=(1, 4), e2e=(0, 0), integration=(0, 1)),
            Coverage(
                percent=12.5,
                threshold=80.0,
                by_category={
                    "e2e": CategoryCoverage(percent=100.0),
                    "integration": CategoryCoverage(percent=0.0, threshold=60.0),
                    "unit": CategoryCoverage(percent=25.0, threshold=70.0),
                },
            ),
        ),
    ],
)
def test_the_verdict_shows_coverage_beside_what_was_asked(
    coverage: MeasuredCoverage | None, shown_as: Coverage
) -> None:
    thresholds = Thresholds(overall=80.0, by_category={"unit": 70.0}, if_measured={"integration": 60.0})
    verdict = judge(a_run(coverage=coverage), thresholds)
    assert verdict.coverage == shown_as
    assert [*verdict.coverage.by_category] == sorted(shown_as.by_category)


@pytest.mark.parametrize(
    ("covered", "statements", "threshold", "is_reached"),
    [
        (1, 3, 100 / 3, True),
        (1, 3, 33.34, False),
        (0, 0, 80.0, True),
        (799, 1000, 79.9, True),
        (799, 1000, 79.91, False),
    ],
)
def test_a_share_reaches_a_threshold_or_not(
    covered: int, statements: int, threshold: float, *, is_reached: bool
) -> None:
    assert reaches(covered, statements, threshold) == is_reached


@pytest.mark.parametrize(
    ("percent", "threshold", "text"),
    [
        (79.0, 80.0, "79.00"),
        (79.994, 80.0, "79.99"),
        (79.996, 80.0, "79.996"),
        (79.9999999996, 80.0, "79.9999999996"),
        (79.999999999988, 80.0, "79.99999999999"),
        (79.9999999999988, 80.0, "79.9999999999988"),  # more digits than anybody reads
        (79.996, 79.998, "79.996"),  # and never above it
        (0.001, 0.002, "0.00"),
    ],
)
def test_a_percentage_below_its_threshold_never_looks_like_it(percent: float, threshold: float, text: str) -> None:
    assert shown(percent, threshold) == text


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


@pytest.mark.parametrize(
    ("covered", "statements", "demand", "precision", "is_met"),
    [
        (3, 4, 75, 0, True),
        (3, 4, 60, 0, True),
        (795, 1000, 80, 0, True),  # as coverage rounds: 79.5 is shown as 80
        (794, 1000, 80, 0, False),
        (795, 1000, 80, 1, False),
        (799, 1000, 79.9, 0, True),
        (798, 1000, 79.9, 0, False),
        (9999, 10000, 100, 0, False),
        (4, 4, 100, 0, True),
        (4, 4, 101, 0, False),
    ],
)
def test_the_suites_own_demand_is_judged_as_coverage_itself_does(
    covered: int, statements: int, demand: float, precision: int, *, is_met: bool
) -> None:
    measured = MeasuredCoverage(covered=covered, statements=statements, by_category={})
    asked = CoverageDemand(percent=demand, precision=precision, asked_by="--cov-fail-under")
    verdict = judge(a_run(coverage=measured, coverage_demand=asked), Thresholds())
    assert (verdict.status == "passed") is is_met
    assert verdict.coverage.threshold == demand


def test_a_demand_of_the_suites_own_is_not_met_where_nothing_was_measured() -> None:
    asked = CoverageDemand(percent=50, asked_by="fail_under in setup.cfg")
    verdict = judge(a_run(coverage=None, coverage_demand=asked), Thresholds())
    told = "coverage was not measured; it must reach 50%, which fail_under in setup.cfg asks for"
    assert answer(verdict) == ("failed", 1, [("coverage", told)])


def test_a_threshold_of_the_command_line_and_the_suites_own_both_count() -> None:
    measured = MeasuredCoverage(covered=3, statements=4, by_category={})
    asked = CoverageDemand(percent=90, asked_by="--cov-fail-under")
    verdict = judge(a_run(coverage=measured, coverage_demand=asked), Thresholds(overall=80))
    assert [breach.message for breach in verdict.breaches] == [
        "coverage is 75.00%, under 80%",
        "coverage is 75.00%, under 90%, which --cov-fail-under asks for",
    ]
    assert verdict.coverage.threshold == 80

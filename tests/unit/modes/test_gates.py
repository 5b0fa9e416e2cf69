import msgspec
import pytest

from ci_toolkit.model.bundle import ShardState, StopKind
from ci_toolkit.model.merged import CategoryClash, CriticalTest, MeasuredCoverage, MergedRun, MergedShard
from ci_toolkit.model.mode import Strictness
from ci_toolkit.model.plan import Plan, PlannedShard
from ci_toolkit.model.verdict import Counts, LostTest, Proof
from ci_toolkit.verdict.guide_rules import MOST_NAMED
from ci_toolkit.verdict.judge import Thresholds, judge

PLAN = Plan(
    shards=(PlannedShard(index=1, estimated_seconds=1.0, units=()),), lower_bound_seconds=1.0, makespan_seconds=1.0
)
GREEN = MergedRun(
    plan=PLAN,
    counts=Counts(total=3, passed=3),
    shards=(MergedShard(index=1, state=ShardState.FINISHED, reason="", tests=3, actual_seconds=1.0),),
    lost=(),
    failures=(),
    flaky=(),
    slowest=(),
    problems=(),
    coverage=None,
    proof=Proof(planned_files=1, collected_files=1, collected_tests=3, outcomes=3, statement=""),
)


def stopped(kind: StopKind, *, left_out: int, critical: bool = False, passed: int = 3) -> MergedRun:
    tests = tuple(
        LostTest(node_id=f"test_{n}.py::test", shard=1, reason="never ran", is_critical=critical)
        for n in range(left_out)
    )
    shard = msgspec.structs.replace(GREEN.shards[0], state=ShardState.STOPPED, reason=f"by {kind}", stopped_by=kind)
    counts = Counts(total=passed + left_out, passed=passed, left_out=left_out)
    return msgspec.structs.replace(GREEN, counts=counts, shards=(shard,), left_out=tests)


@pytest.mark.parametrize(
    ("run", "strictness", "status", "gates"),
    [
        (GREEN, "strict", "passed", []),
        (stopped(StopKind.BUDGET, left_out=2), "strict", "failed", ["budget"]),
        (stopped(StopKind.BUDGET, left_out=2), "lenient", "passed", []),
        (stopped(StopKind.BUDGET, left_out=2, critical=True), "lenient", "failed", ["mission_critical"] * 2),
        (stopped(StopKind.BUDGET, left_out=2, passed=0), "lenient", "failed", ["budget"]),
        (stopped(StopKind.FAIL_FAST, left_out=2), "lenient", "failed", ["fail-fast"]),
        (stopped(StopKind.SIGNAL, left_out=0), "lenient", "incomplete", ["completeness"]),
    ],
)
def test_what_a_rule_left_out_is_judged_by_strictness_and_named(
    run: MergedRun, strictness: str, status: str, gates: list[str]
) -> None:
    verdict = judge(run, Thresholds(), Strictness(strictness))
    assert verdict.status == status
    assert [breach.gate for breach in verdict.breaches] == gates
    assert verdict.left_out == run.left_out
    assert bool(verdict.notes) == bool(run.left_out)


def test_a_skipped_mission_critical_test_and_a_test_of_two_categories_fail_the_run_by_name() -> None:
    run = msgspec.structs.replace(
        GREEN,
        critical=(CriticalTest(node_id="test_a.py::test_a", how="skipped", reason="no database"),),
        clashes=(CategoryClash(node_id="test_b.py::test_b", what="is marked e2e and unit"),),
    )
    verdict = judge(run, Thresholds())
    assert (verdict.status, verdict.exit_code) == ("failed", 1)
    critical, clash = verdict.breaches
    assert critical.message.startswith("test_a.py::test_a is mission-critical and was skipped (no database)")
    assert clash.message.startswith("test_b.py::test_b is marked e2e and unit")


def test_ten_thousand_clashes_are_counted_and_not_all_written_out() -> None:
    clashes = tuple(CategoryClash(node_id=f"t.py::test_{n}", what="is marked e2e and unit") for n in range(10_000))
    breaches = judge(msgspec.structs.replace(GREEN, clashes=clashes), Thresholds()).breaches
    assert len(breaches) == MOST_NAMED + 1
    assert breaches[-1].message == "9900 more tests with more than one category"


@pytest.mark.parametrize(("covered", "status"), [(None, "passed"), ((79, 100), "failed"), ((80, 100), "passed")])
def test_a_categorys_threshold_counts_where_coverage_was_measured(covered: tuple[int, int] | None, status: str) -> None:
    measured = covered and MeasuredCoverage(covered=1, statements=1, by_category={"unit": covered})
    run = msgspec.structs.replace(GREEN, coverage=measured)
    assert judge(run, Thresholds(if_measured={"unit": 80.0})).status == status

from collections.abc import Sequence

import pytest

from ci_toolkit.model.bundle import ShardState, StopKind
from ci_toolkit.model.merged import CategoryClash, CriticalTest, MergedRun, MergedShard
from ci_toolkit.model.mode import Strictness
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.verdict import Breach, Counts, Gate, LostTest, Proof
from ci_toolkit.verdict.guide_rules import MOST_NAMED, guide_breaches, left_out_note

STRICT, LENIENT = Strictness.STRICT, Strictness.LENIENT
NOTE = "2 left out, each named in verdict.json: "


def stopped(kind: StopKind, reason: str = "") -> MergedShard:
    return MergedShard(
        index=1, state=ShardState.STOPPED, reason=reason or f"by {kind}", tests=1, actual_seconds=1.0, stopped_by=kind
    )


BUDGET, FAIL_FAST, MAXFAIL = map(stopped, (StopKind.BUDGET, StopKind.FAIL_FAST, StopKind.MAXFAIL))
SIGNAL, NOBODY = map(stopped, (StopKind.SIGNAL, StopKind.NOBODY))


def left_out(count: int, *, is_critical: bool = False) -> tuple[LostTest, ...]:
    return tuple(
        LostTest(node_id=f"t.py::test_{n}", shard=1, reason="the budget ended", is_critical=is_critical)
        for n in range(count)
    )


def a_run(
    *shards: MergedShard,
    left: tuple[LostTest, ...] = (),
    passed: int = 1,
    critical: Sequence[CriticalTest] = (),
    clashes: Sequence[CategoryClash] = (),
) -> MergedRun:
    return MergedRun(
        plan=Plan(shards=(), lower_bound_seconds=0.0, makespan_seconds=0.0),
        counts=Counts(total=passed + len(left), passed=passed, left_out=len(left)),
        shards=shards,
        lost=(),
        failures=(),
        flaky=(),
        slowest=(),
        problems=(),
        left_out=left,
        critical=tuple(critical),
        clashes=tuple(clashes),
        coverage=None,
        proof=Proof(planned_files=1, collected_files=1, collected_tests=1, outcomes=1, statement=""),
    )


@pytest.mark.parametrize(
    ("run", "strictness", "breaches"),
    [
        (a_run(), STRICT, []),
        (a_run(BUDGET), STRICT, []),  # the last test ended just in time
        (a_run(BUDGET, left=left_out(2)), STRICT, [(Gate.BUDGET, f"{NOTE}by budget")]),
        (a_run(BUDGET, left=left_out(2)), LENIENT, []),
        (a_run(BUDGET, left=left_out(2), passed=0), LENIENT, [(Gate.BUDGET, f"{NOTE}by budget")]),
        (a_run(FAIL_FAST), LENIENT, [(Gate.FAIL_FAST, "a fail-fast rule ended the run")]),
        (a_run(FAIL_FAST, left=left_out(2)), LENIENT, [(Gate.FAIL_FAST, f"{NOTE}by fail-fast")]),
        (a_run(MAXFAIL), STRICT, []),
        (a_run(MAXFAIL, left=left_out(2)), LENIENT, [(Gate.FAIL_FAST, f"{NOTE}by maxfail")]),
        (a_run(SIGNAL, left=left_out(2)), STRICT, []),  # the gate of completeness says so
        (a_run(NOBODY, left=left_out(2)), STRICT, []),
        (
            a_run(BUDGET, FAIL_FAST, SIGNAL, left=left_out(2)),
            STRICT,
            [(Gate.BUDGET, f"{NOTE}by budget; by fail-fast"), (Gate.FAIL_FAST, f"{NOTE}by budget; by fail-fast")],
        ),
    ],
)
def test_what_a_rule_of_the_run_left_out_breaks_the_gate_of_that_rule(
    run: MergedRun, strictness: Strictness, breaches: list[tuple[Gate, str]]
) -> None:
    assert [(breach.gate, breach.message) for breach in guide_breaches(run, strictness)] == breaches


@pytest.mark.parametrize(
    ("run", "note"),
    [
        (a_run(BUDGET), ""),
        (a_run(BUDGET, BUDGET, stopped(StopKind.MAXFAIL, "a"), left=left_out(2)), f"{NOTE}a; by budget"),
        (a_run(SIGNAL, left=left_out(2)), NOTE),
    ],
)
def test_the_note_on_what_was_left_out_names_each_reason_once(run: MergedRun, note: str) -> None:
    assert left_out_note(run) == note


def test_a_mission_critical_test_that_did_not_do_its_work_is_named_with_the_reason() -> None:
    run = a_run(
        BUDGET,
        critical=[
            CriticalTest(node_id="t.py::test_a", how="skipped", reason="no database"),
            CriticalTest(node_id="t.py::test_b", how="deselected"),
        ],
        left=(*left_out(1), *left_out(1, is_critical=True)),
    )
    assert list(guide_breaches(run, LENIENT)) == [
        Breach(gate=Gate.MISSION_CRITICAL, message=message)
        for message in (
            "t.py::test_a is mission-critical and was skipped (no database): such a test always runs",
            "t.py::test_b is mission-critical and was deselected: such a test always runs",
            "t.py::test_0 is mission-critical and was left out: the budget ended",
        )
    ]


@pytest.mark.parametrize("count", [1, MOST_NAMED, MOST_NAMED + 1, MOST_NAMED + 7])
def test_a_hundred_breaches_of_a_gate_are_written_out_and_the_rest_counted(count: int) -> None:
    clashes = [CategoryClash(node_id=f"t.py::test_{n}", what="is marked e2e and unit") for n in range(count)]
    found = list(guide_breaches(a_run(clashes=clashes), STRICT))
    assert {breach.gate for breach in found} == {Gate.CATEGORIES}
    assert found[0].message == "t.py::test_0 is marked e2e and unit: a test has one category"
    named = [breach.message for breach in found if breach.message.startswith("t.py")]
    assert len(named) == min(count, MOST_NAMED)
    more = [breach.message for breach in found[len(named) :]]
    assert more == ([f"{count - MOST_NAMED} more tests with more than one category"] if count > MOST_NAMED else [])


def test_more_mission_critical_tests_than_are_named_are_counted() -> None:
    critical = [CriticalTest(node_id=f"t.py::test_{n}", how="skipped") for n in range(MOST_NAMED + 2)]
    *_, last = guide_breaches(a_run(critical=critical), STRICT)
    assert last == Breach(gate=Gate.MISSION_CRITICAL, message="2 more mission-critical tests")

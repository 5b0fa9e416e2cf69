import msgspec
import pytest

from ci_toolkit.model.last_run import LastRun, Steps
from ci_toolkit.model.plan import Plan, PlannedShard, Unit
from ci_toolkit.model.verdict import Counts, Coverage, LostTest, Proof, Status, TestFailure, Verdict
from ci_toolkit.verdict.last_run import remember

PLAN = Plan(
    shards=(PlannedShard(index=1, estimated_seconds=1.0, units=(Unit(path="a.py", estimated_seconds=1.0),)),),
    lower_bound_seconds=1.0,
    makespan_seconds=1.0,
)
ONLY = msgspec.structs.replace(PLAN, only=("a.py::test_1",))
GREEN = Verdict(
    status=Status.PASSED,
    exit_code=0,
    plan_id="f" * 64,
    counts=Counts(),
    coverage=Coverage(percent=None),
    proof=Proof(planned_files=1, collected_files=1, collected_tests=1, outcomes=1, statement=""),
)


def failure(name: str) -> TestFailure:
    return TestFailure(node_id=name, file="a.py", line=1, message="")


def lost(name: str) -> LostTest:
    return LostTest(node_id=name, shard=1, reason="")


def failed(*names: str) -> LastRun:
    return LastRun(failed=names)


@pytest.mark.parametrize(
    ("before", "plan", "also", "after"),
    [
        (failed(), PLAN, {}, failed()),
        (failed("a.py::test_1", "a.py"), PLAN, {}, failed()),
        (failed("a.py::test_1", "b.py::test_1"), PLAN, {}, failed("b.py::test_1")),
        (failed("a.py::test_1", "a.py::test_2"), ONLY, {}, failed("a.py::test_2")),
        (failed("a.py::test_1"), PLAN, {"failures": (failure("a.py::test_2"),)}, failed("a.py::test_2")),
        (failed("a.py::test_1"), PLAN, {"failures": (failure("a.py::test_1"),)}, failed("a.py::test_1")),
        (failed("a.py::test_1"), PLAN, {"left_out": (lost("a.py"),)}, failed("a.py::test_1")),
        (failed("a.py::test_1"), PLAN, {"left_out": (lost("a.py::test_2"),)}, failed()),
        (
            failed(),
            PLAN,
            {"lost": (lost("a.py"),), "flaky": (failure("a.py::t"),)},
            LastRun(unsure=("a.py", "a.py::t")),
        ),
        (LastRun(unsure=("a.py::t", "b.py")), PLAN, {}, LastRun(unsure=("b.py",))),
    ],
)
def test_what_did_not_pass_is_remembered_until_it_is_run_again(
    before: LastRun, plan: Plan, also: dict[str, tuple[object, ...]], after: LastRun
) -> None:
    assert remember(before, plan, msgspec.structs.replace(GREEN, **also)) == after


STOPPED = {"failures": (failure("a.py::test_1"),), "left_out": (lost("a.py::test_2"), lost("b.py"))}
IN_B = msgspec.structs.replace(PLAN, only=("a.py::test_1", "a.py::test_2", "b.py::test_1", "b.py::test_2"))


@pytest.mark.parametrize(
    ("plan", "also", "passed_over", "ahead"),
    [
        (PLAN, STOPPED, (), ("a.py::test_1", "a.py::test_2", "b.py")),
        (PLAN, STOPPED, ("a.py::test_1",), ("a.py::test_2", "b.py")),
        (IN_B, STOPPED, (), IN_B.only),  # not the tests of b.py that passed before
        (PLAN, {"lost": (lost("a.py::test_2"),)}, (), ("a.py::test_2",)),
        (PLAN, {}, (), ()),
    ],
)
def test_a_stepwise_run_leaves_what_it_stopped_at_and_did_not_come_to(
    plan: Plan, also: dict[str, tuple[object, ...]], passed_over: tuple[str, ...], ahead: tuple[str, ...]
) -> None:
    verdict = msgspec.structs.replace(GREEN, **also)
    after = remember(LastRun(ahead=("z.py",), ahead_of="old"), plan, verdict, Steps(suite="d", passed_over=passed_over))
    assert (after.ahead, after.ahead_of) == (ahead, "d")


def test_another_run_leaves_alone_what_is_ahead_of_a_stepwise_one() -> None:
    before = LastRun(ahead=("a.py::test_1",), ahead_of="d")
    assert remember(before, PLAN, GREEN) == before

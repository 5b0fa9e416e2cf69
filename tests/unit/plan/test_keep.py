import pytest
from plan_cases import Times, durations_of, shards_of

from ci_toolkit.model.plan import Plan
from ci_toolkit.model.suite import Suite, SuiteFile
from ci_toolkit.plan.build import build_plan
from ci_toolkit.plan.request import Keep, PlanRequest

TIMES: Times = {
    "test_a.py": {"test_1[x]": 5.0, "test_1[y]": 5.0, "test_2": 5.0, "test_3": 5.0},
    "test_b.py": {"test_4": 5.0, "TestB::test_5": 5.0, "TestB::test_6": 5.0, "test_7": 5.0},
}
GROUPS = {"test_a.py": (("test_1", "db"), ("test_3", "cache")), "test_b.py": (("test_4", "db"),)}


def plan_keeping(keep: Keep, shards: int) -> Plan:
    files = tuple(SuiteFile(path=path, groups=groups) for path, groups in GROUPS.items())
    suite = Suite(root=".", arguments=(), files=files)
    return build_plan(suite, durations_of(TIMES), PlanRequest(shards=shards, keep=keep))


@pytest.mark.parametrize("shards", [2, 3, 8])
def test_a_group_over_several_files_stays_on_one_shard(shards: int) -> None:
    plan = plan_keeping(Keep.XDIST_GROUP, shards)
    shard_of = shards_of(plan, TIMES)
    db = (("test_a.py", "test_1[x]"), ("test_a.py", "test_1[y]"), ("test_b.py", "test_4"))
    assert len({shard_of[test] for test in db}) == 1


@pytest.mark.parametrize(
    ("keep", "bound", "limited_by"),
    [
        (Keep.NOTHING, 5.0, "test_b.py::test_7"),
        (Keep.CLASS, 10.0, "test_b.py::TestB"),
        (Keep.MODULE, 20.0, "test_b.py"),
        (Keep.XDIST_GROUP, 15.0, "the tests of xdist_group 'db'"),
    ],
)
def test_the_bound_is_the_longest_that_stays_together(keep: Keep, bound: float, limited_by: str) -> None:
    plan = plan_keeping(keep, 8)
    assert (plan.lower_bound_seconds, plan.makespan_seconds) == (bound, bound)
    assert plan.limited_by == limited_by


def test_a_cut_falls_between_classes_and_functions_where_that_costs_nothing() -> None:
    tests = {f"Test{name}::test_{number}[{p}]": 1.0 for name in "ABC" for number in range(3) for p in range(11)}
    times = {"test_large.py": tests, **{f"test_{number}.py": {"test": 1.0} for number in range(30)}}
    suite = Suite(root=".", arguments=(), files=tuple(SuiteFile(path=path) for path in times))
    plan = build_plan(suite, durations_of(times), PlanRequest(shards=3))
    cut = plan.cut_of("test_large.py")
    assert cut is not None
    assert [{name.partition("::")[0] for name in piece} for piece in cut.pieces] == [{"TestA"}, {"TestB"}, {"TestC"}]
    assert all("[" not in name for piece in cut.pieces for name in piece)

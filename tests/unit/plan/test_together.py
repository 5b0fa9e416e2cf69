"""Files that marks link: never cut, and in one shard."""

import pytest
from plan_cases import Times, durations_of

from ci_toolkit.model.plan import Plan
from ci_toolkit.model.suite import Suite, SuiteFile
from ci_toolkit.plan.build import build_plan
from ci_toolkit.plan.request import Algorithm, Keep, PlanRequest

TIMES: Times = {
    f"test_{name}.py": {f"test_{number}": 5.0 for number in range(tests)}
    for name, tests in (("a", 4), ("b", 2), ("c", 4), ("d", 6))
}
LINKED = {"test_a.py": "test_a.py", "test_c.py": "test_a.py", "test_d.py": "test_d.py"}
"""Two files that belong together, and one whose tests do."""


def plan_of(shards: int, *, groups: tuple[tuple[str, str], ...] = (), **request: object) -> Plan:
    files = tuple(
        SuiteFile(path=path, together=LINKED.get(path, ""), groups=groups if path in {"test_b.py", "test_c.py"} else ())
        for path in TIMES
    )
    suite = Suite(root=".", arguments=(), files=files)
    return build_plan(suite, durations_of(TIMES), PlanRequest(shards=shards, **request))  # type: ignore[arg-type]


def shards_with(plan: Plan, *paths: str) -> list[int]:
    return [shard.index for shard in plan.shards if any(unit.path in paths for unit in shard.units)]


@pytest.mark.parametrize("keep", list(Keep))
@pytest.mark.parametrize("shards", [2, 3, 5])
def test_linked_files_are_in_one_shard_and_whole(shards: int, keep: Keep) -> None:
    plan = plan_of(shards, keep=keep)
    assert len(shards_with(plan, "test_a.py", "test_c.py")) == 1
    assert {cut.path for cut in plan.cuts} <= {"test_b.py"}
    assert plan.makespan_seconds == 40.0
    assert plan.notes == ()


def test_linked_files_stay_together_close_to_an_earlier_plan() -> None:
    apart = plan_of(4, algorithm=Algorithm.LEAST_DURATION)
    plan = plan_of(4, previous=apart)
    assert len(shards_with(plan, "test_a.py", "test_c.py")) == 1


def test_what_is_linked_bounds_the_plan_and_is_named() -> None:
    plan = plan_of(5)
    assert (plan.lower_bound_seconds, plan.limited_by) == (40.0, "test_a.py and what marks link to it")


def test_a_group_of_xdist_joins_the_files_that_are_linked_with_its_own() -> None:
    plan = plan_of(3, keep=Keep.XDIST_GROUP, groups=(("test_1", "db"),))
    shard = shards_with(plan, "test_a.py", "test_c.py")
    assert len(shard) == 1
    assert shard[0] in shards_with(plan, "test_b.py")


def test_a_plan_that_separates_linked_files_says_so() -> None:
    plan = plan_of(4, algorithm=Algorithm.DURATION_BASED_CHUNKS)
    (note,) = plan.notes
    assert note.kind == "separated-tests"
    assert note.message == (
        "the plan separates what belongs together: files that marks link with test_a.py "
        "(test_a.py on shard 1, test_c.py on shard 2); stages of categories and pytest-split's algorithms cannot keep it"
    )

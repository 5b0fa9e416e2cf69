from plan_cases import Times, durations_of, shards_of, suite_of

from ci_toolkit.model.plan import Plan
from ci_toolkit.plan.build import build_plan
from ci_toolkit.plan.request import Algorithm, PlanRequest

BEFORE: Times = {
    f"test_{file:02}.py": {f"test_{number}": 0.5 + (file * 7 + number) % 11 for number in range(6)}
    for file in range(40)
}


def plan_for(times: Times, shards: int = 8, previous: Plan | None = None) -> Plan:
    return build_plan(suite_of(times), durations_of(times), PlanRequest(shards=shards, previous=previous))


def moved(before: Plan, old: Times, after: Plan, new: Times) -> int:
    was, now = shards_of(before, old), shards_of(after, new)
    return sum(was[test] != now[test] for test in was.keys() & now.keys())


def test_one_slower_file_moves_few_tests() -> None:
    after = {**BEFORE, "test_03.py": {name: 4.0 * took for name, took in BEFORE["test_03.py"].items()}}
    before = plan_for(BEFORE)
    assert moved(before, BEFORE, plan_for(after, previous=before), after) <= 15
    assert moved(before, BEFORE, plan_for(after), after) > 100


def test_a_new_file_goes_where_there_is_room_and_a_deleted_one_leaves_its_shard() -> None:
    after = {path: tests for path, tests in BEFORE.items() if path != "test_05.py"}
    after["test_new.py"] = {"test_x": 20.0}
    before = plan_for(BEFORE)
    sticky = plan_for(after, previous=before)
    assert moved(before, BEFORE, sticky, after) <= 12
    assert shards_of(sticky, after)["test_new.py", "test_x"] == shards_of(before, BEFORE)["test_05.py", "test_0"]


def test_more_shards_leave_most_tests_where_they_were() -> None:
    before = plan_for(BEFORE, 8)
    after = plan_for(BEFORE, 9, previous=before)
    assert moved(before, BEFORE, after, BEFORE) <= 240 / 9 * 1.5


def test_fewer_shards_lose_only_the_last_ones() -> None:
    before = plan_for(BEFORE, 8)
    after = plan_for(BEFORE, 7, previous=before)
    assert moved(before, BEFORE, after, BEFORE) <= 240 / 8 * 1.5


def test_a_plan_of_other_files_is_no_hindrance() -> None:
    before = plan_for({"test_gone.py": {"test_x": 1.0}})
    assert plan_for(BEFORE, previous=before).makespan_seconds <= plan_for(BEFORE).makespan_seconds * 1.02


def test_a_plan_by_pytest_split_can_be_stayed_close_to() -> None:
    request = PlanRequest(shards=8, algorithm=Algorithm.LEAST_DURATION)
    before = build_plan(suite_of(BEFORE), durations_of(BEFORE), request)
    assert moved(before, BEFORE, plan_for(BEFORE, previous=before), BEFORE) <= 12

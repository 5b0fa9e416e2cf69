import math

import pytest
from plan_cases import ODD, Times, durations_of, shards_of, suite_of

from ci_toolkit.errors import NothingToRunError
from ci_toolkit.model.durations import Durations, FileDurations
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.suite import Suite, SuiteFile
from ci_toolkit.plan.build import build_plan
from ci_toolkit.plan.request import Algorithm, PlanRequest

TWENTY: Times = {"test_a.py": {f"test_{number}": 1.0 for number in range(20)}}


def plan_for(times: Times, shards: int, algorithm: Algorithm = Algorithm.FILES) -> Plan:
    return build_plan(suite_of(times), durations_of(times), PlanRequest(shards=shards, algorithm=algorithm))


@pytest.mark.parametrize("algorithm", Algorithm)
def test_where_every_time_is_zero_each_test_counts_the_same(algorithm: Algorithm) -> None:
    times = {path: dict.fromkeys(tests, 0.0) for path, tests in TWENTY.items()}
    plan = plan_for(times, 4, algorithm)
    assert [shard.estimated_seconds for shard in plan.shards] == [5.0] * 4
    assert [note.kind for note in plan.notes] == ["zero-history"]


@pytest.mark.parametrize("algorithm", Algorithm)
def test_tests_at_the_end_that_take_no_time_have_a_shard(algorithm: Algorithm) -> None:
    # pytest-split 0.11 alone ends in an IndexError: its last group is full before they come.
    times = {"test_a.py": {"test_0": 1.0, "test_1": 1.0, "test_2": 0.0, "test_3": 0.0}}
    assert len(shards_of(plan_for(times, 2, algorithm), times)) == 4


@pytest.mark.parametrize("seconds", [odd for odd in ODD if not 0.0 <= odd < 1.0])
def test_an_impossible_time_is_named_and_counts_like_its_siblings(seconds: float) -> None:
    times = {"test_a.py": {"test_x[1]": 2.0, "test_x[2]": seconds, "test_y": 30.0}}
    plan = plan_for(times, 1)
    assert plan.makespan_seconds == 34.0
    assert "test_a.py::test_x[2]" in plan.notes[0].message


def test_a_time_that_is_missing_counts_like_the_others_of_its_file() -> None:
    durations = Durations(files=(FileDurations(path="a.py", suffixes=("test_1", "test_2"), seconds=(3.0,)),))
    suite = Suite(root=".", arguments=(), files=(SuiteFile(path="a.py"),))
    assert build_plan(suite, durations, PlanRequest(shards=1)).makespan_seconds == 6.0


def test_impossible_import_and_fixture_times_do_not_count() -> None:
    file = FileDurations(
        path="a.py", suffixes=("test_1",), seconds=(3.0,), import_seconds=-5.0, fixture_seconds=math.nan
    )
    suite = Suite(root=".", arguments=(), files=(SuiteFile(path="a.py"),))
    assert build_plan(suite, Durations(files=(file,)), PlanRequest(shards=1)).makespan_seconds == 3.0


@pytest.mark.parametrize("spread", [*ODD, 1e9])
def test_an_odd_spread_of_a_file_leaves_a_finite_one_of_its_shard(spread: float) -> None:
    file = FileDurations(path="a.py", suffixes=("test_1", "test_2"), seconds=(3.0, 1.0), spread=spread)
    suite = Suite(root=".", arguments=(), files=(SuiteFile(path="a.py"),))
    plan = build_plan(suite, Durations(files=(file,)), PlanRequest(shards=1))
    assert plan.makespan_seconds == 4.0
    assert 0.0 <= plan.shards[0].spread_seconds <= 5 * 86_400.0


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("shards", [1, 2, 1000])
def test_one_test_runs_on_one_of_many_shards(shards: int, algorithm: Algorithm) -> None:
    times = {"test_a.py": {"test_only": 3.0}}
    plan = plan_for(times, shards, algorithm)
    assert sum(len(shard.units) for shard in plan.shards) == 1
    assert (plan.makespan_seconds, plan.lower_bound_seconds) == (3.0, 3.0)
    assert plan.limited_by == "test_a.py::test_only"


def test_more_shards_than_tests_leave_some_empty() -> None:
    plan = plan_for(TWENTY, 1000)
    assert sorted(shard.estimated_seconds for shard in plan.shards)[-21:] == [0.0, *[1.0] * 20]


def test_no_file_is_nothing_to_run() -> None:
    with pytest.raises(NothingToRunError):
        plan_for({}, 3)


def test_a_history_of_other_files_says_nothing_and_harms_nothing() -> None:
    plan = build_plan(suite_of(TWENTY), durations_of({"test_gone.py": {"test_x": 90.0}}), PlanRequest(shards=2))
    assert plan.makespan_seconds == 1.0
    assert [unit.path for shard in plan.shards for unit in shard.units] == ["test_a.py"]

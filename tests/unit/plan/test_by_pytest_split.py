from typing import Any, NamedTuple

import pytest
from plan_cases import Times, durations_of, shards_of, suite_of
from pytest_split.algorithms import Algorithms

from ci_toolkit.plan.build import build_plan
from ci_toolkit.plan.request import Algorithm, PlanRequest

TIMES: Times = {
    f"test_{file}.py": {f"test_{number:02}": 0.25 + (file * 5 + number * 3) % 7 for number in range(12)}
    for file in range(5)
}


class Item(NamedTuple):
    nodeid: str


@pytest.mark.parametrize("shards", [1, 2, 5, 16, 100])
@pytest.mark.parametrize("algorithm", [Algorithm.LEAST_DURATION, Algorithm.DURATION_BASED_CHUNKS])
def test_each_test_is_in_the_group_that_pytest_split_gives_it(algorithm: Algorithm, shards: int) -> None:
    plan = build_plan(suite_of(TIMES), durations_of(TIMES), PlanRequest(shards=shards, algorithm=algorithm))
    seconds = {f"{path}::{suffix}": took for path, tests in TIMES.items() for suffix, took in tests.items()}
    items: Any = [Item(node_id) for node_id in seconds]
    groups = Algorithms[algorithm.value].value(shards, items, seconds)
    expected = {item.nodeid: index for index, group in enumerate(groups, start=1) for item in group.selected}
    assert {f"{path}::{suffix}": shard for (path, suffix), shard in shards_of(plan, TIMES).items()} == expected

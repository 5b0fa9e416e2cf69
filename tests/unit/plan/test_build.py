import hashlib
import json
import math

import pytest

from ci_toolkit.errors import FormatError
from ci_toolkit.model.durations import Durations, FileDurations
from ci_toolkit.model.plan import plan_from_json, plan_to_json
from ci_toolkit.model.suite import Suite, SuiteFile
from ci_toolkit.plan.build import build_plan
from ci_toolkit.plan.request import PlanRequest


def test_the_spread_of_a_shard_is_that_of_its_files_each_by_itself() -> None:
    known = tuple(
        FileDurations(path=path, suffixes=("test_1", "test_2"), seconds=(took, took), spread=spread)
        for path, took, spread in (("a.py", 10.0, 3.0), ("b.py", 5.0, 4.0), ("c.py", 5.0, 0.0))
    )
    suite = Suite(root="/r", arguments=(), files=tuple(SuiteFile(path=file.path) for file in known))
    one = build_plan(suite, Durations(files=known), PlanRequest(shards=1))
    assert one.shards[0].spread_seconds == pytest.approx(math.hypot(3.0, 4.0, 0.05 * 10.0))
    assert build_plan(suite, Durations(), PlanRequest(shards=1)).shards[0].spread_seconds == pytest.approx(3.0**0.5)


def test_without_history_files_are_weighed_by_the_tests_found_in_their_source() -> None:
    suite = Suite(
        root="/r",
        arguments=(),
        files=(
            SuiteFile(path="a.py", anchors=("test_1", "test_2", "test_3")),
            SuiteFile(path="b.py", anchors=("test_1",)),
            SuiteFile(path="c.py"),
            SuiteFile(path="d.py", anchors=("test_1",)),
        ),
    )
    plan = build_plan(suite, Durations(), PlanRequest(shards=2))
    assert [[unit.path for unit in shard.units] for shard in plan.shards] == [["a.py"], ["b.py", "c.py", "d.py"]]


def test_a_plan_from_before_a_field_was_added_still_loads_and_a_changed_one_does_not() -> None:
    suite = Suite(root=".", arguments=(), files=(SuiteFile(path="a.py"), SuiteFile(path="b.py")))
    plan = json.loads(plan_to_json(build_plan(suite, Durations(), PlanRequest(shards=2))))
    for shard in plan["shards"]:
        del shard["spread_seconds"]
    text = json.dumps({**plan, "plan_id": ""}, separators=(",", ":"))
    plan["plan_id"] = hashlib.sha256(text.encode()).hexdigest()
    read = plan_from_json(json.dumps(plan).encode(), origin="plan.json")
    assert (read.plan_id, len(read.shards)) == (plan["plan_id"], 2)
    plan["shards"][0]["estimated_seconds"] += 1.0
    with pytest.raises(FormatError, match="was changed"):
        plan_from_json(json.dumps(plan).encode(), origin="plan.json")

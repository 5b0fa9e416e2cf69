from ci_toolkit.model.durations import Durations
from ci_toolkit.model.suite import Suite, SuiteFile
from ci_toolkit.plan.build import build_plan
from ci_toolkit.plan.request import PlanRequest


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

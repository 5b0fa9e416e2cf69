import pytest
from plan_cases import Times, durations_of, suite_of

from ci_toolkit.model.durations import Durations, FileDurations
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.suite import Suite, SuiteFile
from ci_toolkit.plan.build import build_plan
from ci_toolkit.plan.request import PlanRequest

TIMES: Times = {f"test_{file:02}.py": {f"test_{number}": 1.0 for number in range(10)} for file in range(60)}
"""600 seconds in tests of one second."""
ONE_LONG = {**TIMES, "test_long.py": {"test_y": 341.0}}


def auto(times: Times = TIMES, **asked: float) -> Plan:
    durations = durations_of(times)
    return build_plan(suite_of(times), durations, PlanRequest(shards=None, **asked))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("target", "overhead", "shards"),
    [(600.0, 0.0, 1), (120.0, 0.0, 5), (60.0, 0.0, 10), (60.0, 20.0, 15), (10.0, 0.0, 60)],
)
def test_the_smallest_count_that_meets_the_target_is_taken(target: float, overhead: float, shards: int) -> None:
    plan = auto(target_seconds=target, overhead_seconds=overhead)
    assert len(plan.shards) == shards
    assert plan.makespan_seconds + overhead <= target
    assert not plan.notes


def test_what_history_knows_of_overhead_counts_unless_told() -> None:
    durations = durations_of(TIMES)
    known = type(durations)(files=durations.files, overhead_seconds=20.0)
    asked = PlanRequest(target_seconds=60.0)
    assert len(build_plan(suite_of(TIMES), known, asked).shards) == 15
    told = PlanRequest(target_seconds=60.0, overhead_seconds=0.0)
    assert len(build_plan(suite_of(TIMES), known, told).shards) == 10


def test_a_test_longer_than_the_target_is_named_and_no_shard_is_wasted() -> None:
    plan = auto(ONE_LONG, target_seconds=120.0)
    assert [note.message for note in plan.notes] == [
        "no number of shards up to 256 meets the target of 120 s: capped by test_long.py::test_y, 341 s; 3 shards take 341 s"
    ]


def test_the_ceiling_is_kept_and_said() -> None:
    plan = auto(target_seconds=10.0, max_shards=8)
    assert len(plan.shards) == 8
    assert plan.notes[0].message == (
        "no number of shards up to 8 meets the target of 10 s: the tests take 10.0 min in all; 8 shards take 75 s"
    )


@pytest.mark.parametrize(("target", "most", "shards"), [(10.0, 256, 16), (10.0, 4, 4), (500.0, 256, 2), (0.0, 256, 16)])
def test_before_anything_is_known_few_shards_are_taken_and_said_to_be_a_guess(
    target: float, most: int, shards: int
) -> None:
    files = tuple(SuiteFile(path=path, anchors=tuple(tests)) for path, tests in TIMES.items())
    suite = Suite(root=".", arguments=(), files=files)
    plan = build_plan(suite, Durations(), PlanRequest(target_seconds=target, max_shards=most))
    assert len(plan.shards) == shards
    assert f"starts with {shards} shards" in plan.notes[0].message


def test_an_overhead_above_the_target_is_said() -> None:
    plan = auto(target_seconds=30.0, overhead_seconds=40.0, max_shards=16)
    assert "the overhead of a job alone takes 40 s" in plan.notes[0].message


def test_a_file_known_to_hold_no_test_says_nothing_of_how_many_shards_meet_the_target() -> None:
    suite = Suite(root=".", arguments=(), files=tuple(SuiteFile(path=path, anchors=("t",) * 99) for path in TIMES))
    empty = Durations(files=(FileDurations(path="test_00.py", import_seconds=0.1),))
    plan = build_plan(suite, empty, PlanRequest(shards=None, target_seconds=60.0))
    assert (len(plan.shards), [note.kind for note in plan.notes]) == (16, ["unknown-times"])

import pytest

from ci_toolkit.cli.display import Display
from ci_toolkit.model import progress
from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.plan import Plan, PlannedShard
from ci_toolkit.model.progress import ProblemFound, ShardEnded, ShardEvent, ShardStarted

PLAN = Plan(
    shards=tuple(PlannedShard(index=n, estimated_seconds=1.0, units=()) for n in (1, 2)),
    lower_bound_seconds=1.0,
    makespan_seconds=1.0,
)
EVENTS: tuple[ShardEvent, ...] = (
    ShardStarted(shard=1),
    progress.TestsSelected(shard=1, tests=1),
    ProblemFound(shard=1, node_id="test_b.py", kind="ERROR", message="no module\nmore"),
    progress.TestEnded(shard=1, node_id="test_a.py::test_1", is_failure=False, outcome="passed"),
    ShardEnded(shard=1, state=ShardState.STOPPED, reason="SIGINT\nmore", seconds=121.4, tests=2, has_failures=True),
)
PROBLEM = "ci-toolkit: shard 1/2: ERROR test_b.py - no module"
PASSED = "ci-toolkit: shard 1/2: PASSED test_a.py::test_1"
FRAME = ("ci-toolkit: shard 1/2: 1 test", "ci-toolkit: shard 1/2: stopped after 2 min 01 s, 2 tests: SIGINT")


@pytest.mark.parametrize(
    ("verbosity", "lines"),
    [
        (-1, [PROBLEM]),
        (0, [FRAME[0], PROBLEM, FRAME[1]]),
        (1, [FRAME[0], PROBLEM, PASSED, FRAME[1]]),
    ],
)
def test_a_log_has_a_line_for_each_thing_that_happens(
    capsys: pytest.CaptureFixture[str], verbosity: int, lines: list[str]
) -> None:
    with Display(PLAN, verbosity) as display:
        for event in EVENTS:
            display.observe(event)
    assert capsys.readouterr().err.splitlines() == lines


def test_what_a_passed_test_printed_stands_below_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    printed = (("Captured stdout call", "the clue\n"),)
    with Display(PLAN) as display:
        display.observe(
            progress.TestEnded(shard=1, node_id="test_a.py::test_1", is_failure=False, outcome="passed", output=printed)
        )
    assert capsys.readouterr().err.splitlines() == [PASSED, "--- Captured stdout call ---", "the clue"]

"""The check run before there is a verdict: how many shards have ended, whichever job says so, and in what order."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
import pytest
from github_cases import PASSED, Step
from github_server import FakeGitHub, Fault

from ci_toolkit.cli.main import main
from ci_toolkit.model.plan import Plan, PlannedShard
from ci_toolkit.model.progress import ShardEvent
from ci_toolkit.model.record import to_json
from ci_toolkit.workflow.github_progress import ProgressRequest, announce_run

PLAN = Plan(
    shards=tuple(PlannedShard(index=index, estimated_seconds=30.0, units=()) for index in range(1, 9)),
    lower_bound_seconds=30.0,
    makespan_seconds=130.0,
).sealed()


@pytest.fixture
def plan(step: Step, github: FakeGitHub) -> Path:
    github.runs = [{"id": 77}]
    path = step.folder / "plan.json"
    path.write_bytes(to_json(PLAN))
    return path


def announce(plan: Path, status: str = "in_progress", *options: str) -> int:
    return main(["github", "check", "--status", status, "--plan", str(plan), *options])


def said(github: FakeGitHub) -> tuple[str, str, str]:
    (check,) = github.checks
    return check["status"], check["output"]["title"], check["output"]["summary"].splitlines()[0]


def leave(github: FakeGitHub, *names: str) -> None:
    github.artifacts += [(name, b"") for name in names]


def test_from_the_plan_to_the_verdict_it_is_one_check(step: Step, github: FakeGitHub, plan: Path) -> None:
    announce(plan, "queued")
    assert said(github) == ("queued", "0 of 8 shards have ended", "Ended: none.")
    leave(github, "plan-attempt-1", "shard-3-attempt-1")
    announce(plan)
    assert said(github) == ("in_progress", "1 of 8 shards has ended", "Ended: 3.")
    leave(
        github, "shard-1-attempt-1", "backend-shard-2-attempt-1", "shard-9-attempt-1", "shard-4-attempt-12", "shard-x"
    )
    announce(plan)
    assert said(github) == ("in_progress", "2 of 8 shards have ended", "Ended: 1, 3.")
    assert "Still to end: 2, 4, 5, 6, 7, 8." in github.checks[0]["output"]["summary"]
    step.check(PASSED)
    announce(plan)
    assert said(github)[:2] == ("completed", "passed: 1 passed")
    assert github.broken_rules == []


def test_a_suite_with_a_name_counts_its_own_shards(github: FakeGitHub, plan: Path) -> None:
    leave(github, "shard-1-attempt-1", "backend-shard-2-attempt-1", "a.b-shard-3-attempt-1")
    announce(plan, "in_progress", "--artifact-prefix", "backend")
    assert said(github)[2] == "Ended: 2."
    announce(plan, "in_progress", "--artifact-prefix", "a.b")
    assert said(github)[2] == "Ended: 3."


def test_in_a_later_attempt_nobody_says_how_many_are_to_end(
    github: FakeGitHub, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_RUN_ATTEMPT", "2")
    leave(github, *(f"shard-{index}-attempt-1" for index in range(1, 9)), "shard-5-attempt-2")
    announce(plan)
    assert said(github) == ("in_progress", "1 shard has ended in attempt 2", "Ended: 5.")
    assert "Still to end" not in github.checks[0]["output"]["summary"]


def test_what_ends_meanwhile_is_said_too(github: FakeGitHub, plan: Path) -> None:
    leave(github, "shard-1-attempt-1")
    github.arriving = ["shard-2-attempt-1", "shard-3-attempt-1"]
    announce(plan)
    assert said(github) == ("in_progress", "3 of 8 shards have ended", "Ended: 1, 2, 3.")


class Silent:
    """An observer to whom nothing is said."""

    def say(self, line: str) -> None:
        raise AssertionError(line)

    def watch(self, plan: Plan) -> AbstractContextManager[Callable[[ShardEvent], None]]:
        raise AssertionError(plan)


def test_shards_that_end_at_once_are_all_there_in_one_check(github: FakeGitHub, plan: Path) -> None:
    announce(plan, "queued")  # the plan's job makes the check before a shard begins

    def end(index: int) -> None:
        leave(github, f"shard-{index}-attempt-1")
        announce_run(ProgressRequest(status="in_progress", name="ci-toolkit", plan_path=plan), os.environ, Silent())

    with ThreadPoolExecutor(len(PLAN.shards)) as pool:
        list(pool.map(end, range(1, 9)))
    assert said(github)[:2] == ("in_progress", "8 of 8 shards have ended")


def test_without_permission_to_read_artifacts_it_says_how_far_the_run_is_all_the_same(
    github: FakeGitHub, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    github.faults = [Fault(403, path="/artifacts", message="Resource not accessible by integration")]
    assert announce(plan) == 0
    assert [check["status"] for check in github.checks] == ["in_progress"]
    shown = capsys.readouterr().err
    assert shown.count("does not say which shards have ended") == 1
    assert "actions: read" in shown


def test_a_fork_says_it_once_and_its_shard_is_not_red(
    github: FakeGitHub, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    github.faults = [Fault(403, path="/check-runs", message="Resource not accessible by integration")]
    assert announce(plan) == 0
    shown = capsys.readouterr().err
    assert shown.count("no check run was written") == 1
    assert "verdict" not in shown, "there is none yet"


def test_a_plan_of_many_shards_stays_within_the_limits(github: FakeGitHub, plan: Path) -> None:
    first = PLAN.shards[0]
    many = tuple(msgspec.structs.replace(first, index=index) for index in range(1, 5001))
    plan.write_bytes(to_json(msgspec.structs.replace(PLAN, shards=many).sealed()))
    announce(plan)
    assert "and 4900 more" in github.checks[0]["output"]["summary"]
    assert github.broken_rules == []

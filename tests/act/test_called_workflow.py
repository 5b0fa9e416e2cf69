"""The reusable workflow as act runs it; each test asks how the job ended that is to be required."""

import re
from pathlib import Path

import pytest
from act_lab import Lab, commit_all
from github_server import REPOSITORY, TOKEN, Fault, github_server

from ci_toolkit.services.catalog.table import Protocol
from ci_toolkit.services.processes.binaries import HOW_TO_GET, find_server
from ci_toolkit.suite.checkout import commit_of

GREEN = {"plan": True, "shard": True, "verdict": True}
RED = {"plan": True, "shard": False, "verdict": False}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_what_passes_is_green_and_teaches_the_history(lab: Lab) -> None:
    ended = lab.push(coverage_threshold="10")
    assert ended.jobs == GREEN, ended.output
    assert lab.artifacts() == {"plan-attempt-1", "shard-1-attempt-1", "shard-2-attempt-1", "verdict-attempt-1"}
    assert "was not saved" not in ended.output
    assert "there is no history yet" not in lab.push(attempt=2).output


def test_a_failed_test_is_red(lab: Lab) -> None:
    (lab.store / "fails").touch()
    assert lab.push().jobs == RED
    (lab.store / "fails").unlink()
    assert "there is no history yet" not in lab.push(attempt=2).output, "a red run teaches as well"


def test_the_lines_of_a_change_are_judged_where_that_is_asked_for(lab: Lab) -> None:
    commit_all(lab.repository)
    before = commit_of(lab.repository)
    lab.write({"tests/test_new.py": "def test_new(): pass\ndef never():\n    return [\n        1,\n    ]\n"})
    for asked, verdict in (("66", True), ("67", False)):
        ended = lab.push(diff_threshold=asked, before=before)
        assert ended.jobs["verdict"] is verdict, ended.output
        assert "coverage of changed lines: 66.67% of 3 statements" in ended.output
        assert "not reached: tests/test_new.py:3" in ended.output


def test_a_shard_that_is_killed_is_red(lab: Lab) -> None:
    (lab.store / "kills").touch()
    ended = lab.push()
    assert ended.jobs == RED
    assert "incomplete" in ended.output


def test_shards_that_leave_no_bundle_are_red(lab: Lab) -> None:
    ended = lab.push(prepare="exit 1")
    assert ended.jobs == RED
    assert "incomplete" in ended.output
    assert lab.artifacts() == {"plan-attempt-1", "verdict-attempt-1"}


def test_without_a_plan_the_verdict_is_red(lab: Lab) -> None:
    ended = lab.push(paths="nowhere")
    assert (ended.jobs["plan"], ended.jobs["verdict"]) == (False, False)
    assert "There is no plan" in ended.output


def test_when_all_jobs_are_run_again_the_newest_plan_counts(lab: Lab) -> None:
    (lab.store / "fails").touch()
    assert lab.push().jobs == RED
    (lab.store / "fails").unlink()
    ended = lab.push(attempt=2)
    assert ended.jobs == GREEN, ended.output
    assert {"shard-1-attempt-1", "shard-1-attempt-2"} < lab.artifacts()


def test_a_history_that_is_not_saved_is_said_and_fails_nothing(lab: Lab) -> None:
    ended = lab.push("--no-cache-server")
    assert ended.jobs == GREEN
    assert "::warning title=ci-toolkit::The history of this run was not saved" in ended.output


NEEDS_REDIS = (
    "import os, redis\ndef test_{}(): assert redis.from_url(os.environ['REDIS_URL']).set('mine', 1, nx=True)\n"
)


@pytest.mark.skipif(find_server(Protocol.REDIS) is None, reason=f"needs redis-server: {HOW_TO_GET[Protocol.REDIS]}")
def test_each_job_has_the_services_of_its_category_for_itself_though_all_share_one_machine(lab: Lab) -> None:
    lab.write(
        {
            "pyproject.toml": "[tool.ci-toolkit.categories.cache]\nservices = ['redis']\n",
            "tests/unit/test_u.py": "import os\ndef test_u(): assert 'REDIS_URL' not in os.environ\n",
            "tests/cache/test_c.py": NEEDS_REDIS.format("c"),
            "tests/cache/test_d.py": NEEDS_REDIS.format("d"),
        }
    )
    options = "--real-services --dynamic-ports --provider native"
    ended = lab.push(paths="tests/unit tests/cache", shards="3", shard_options=options)
    assert ended.jobs == GREEN, ended.output
    assert len(re.findall(r"redis [\d.]+ native 127\.0\.0\.1:\d+ ready", ended.output)) == 2


@pytest.mark.parametrize("is_fork", [False, True])
def test_the_check_is_written_where_the_token_may_and_the_verdict_is_the_same(lab: Lab, *, is_fork: bool) -> None:
    with github_server() as github:
        github.faults = [Fault(403, message="Resource not accessible by integration")] * is_fork
        place = ("--env", f"GITHUB_API_URL={github.url}", "--env", f"GITHUB_REPOSITORY={REPOSITORY}")
        ended = lab.push(*place, "-s", f"GITHUB_TOKEN={TOKEN}", check="true")
    assert ended.jobs == GREEN, ended.output
    assert [check["conclusion"] for check in github.checks] == ([] if is_fork else ["success"])
    assert ended.output.count("no check run was written") == is_fork
    assert TOKEN not in ended.output


def test_what_is_red_in_a_shard_is_tried_on_a_fresh_runner_where_the_project_wants_that(lab: Lab) -> None:
    lab.write({"pyproject.toml": "[tool.ci-toolkit.flaky]\n"})
    (lab.store / "fails").touch()
    ended = lab.push()
    assert ended.jobs == {**RED, "adjudicate": False}, ended.output
    assert "adjudication-attempt-1" in lab.artifacts()
    assert "judging 1 failure by trials" in ended.output

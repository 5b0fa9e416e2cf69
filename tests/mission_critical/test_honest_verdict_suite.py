"""
A verdict is never green on no evidence.

Business Value Justification (BVJ):
- Segment: every team that trusts the check on its pull request
- Business Goal: nothing broken is merged because part of the evidence was lost
- Value Impact: one green light over a shard that never ran costs more trust than the tool can earn back
- Strategic Impact: this promise is what the project is for
"""

import shutil
from typing import TYPE_CHECKING

import pytest

from ci_toolkit.test_framework.suite_main import main

if TYPE_CHECKING:  # pytest finds it by the conftest file, which `python FILE` does not read
    from main_job_project import Project

SUITE = {f"test_{n}.py": "def test_a(): pass\ndef test_b(): pass\n" for n in range(4)}


@pytest.fixture
def finished(project: "Project") -> "Project":
    """A project with the bundles of two finished shards, all green."""
    project.write(SUITE)
    project.plan_and_run(2)
    return project


def is_green(project: "Project") -> bool:
    return project.merge().returncode == 0 or project.verdict["status"] == "passed"


def test_a_crashed_test_is_never_green(project: "Project") -> None:
    project.write({"test_it.py": "import os\ndef test_a(): os.kill(os.getpid(), 9)\ndef test_b(): pass\n"})
    assert project.ci_toolkit("run", "--shards", "1").returncode == 1
    assert (project.verdict["counts"]["errors"], project.verdict["counts"]["passed"]) == (1, 1)


def test_a_missing_shard_is_never_green(finished: "Project") -> None:
    shutil.rmtree(finished.results / "shard-2")
    assert not is_green(finished)


def test_a_lost_test_is_never_green(finished: "Project") -> None:
    journal = finished.results / "shard-1/journal/1-main.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    last_test = max(number for number, line in enumerate(lines) if b'"t":"start"' in line)
    journal.write_bytes(b"".join(lines[:last_test]))
    assert not is_green(finished)
    assert len(finished.verdict["lost"]) == 1


def test_a_skipped_mission_critical_test_is_never_green(project: "Project") -> None:
    project.write({"tests/mission_critical/test_it.py": "import pytest\n@pytest.mark.skip\ndef test_it(): pass\n"})
    assert project.ci_toolkit("run", "--shards", "1").returncode == 1
    assert "test_it.py::test_it is mission-critical and was skipped" in project.verdict["breaches"][0]["message"]


if __name__ == "__main__":
    main()

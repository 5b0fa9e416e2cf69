"""The gate on changed lines, in a repository of its own."""

import subprocess
from typing import Any

import pytest
from main_job_project import PLAIN, Project

BEFORE = "def old():\n    return 1\n"
AFTER = f"{BEFORE}\n\ndef new(x):\n    if x:\n        return dict(\n            a=1,\n        )\n    return 2\n"
TEST = "from pkg.mod import old\n\ndef test_old():\n    assert old() == 1\n"


def git(project: Project, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=project.folder, check=True, capture_output=True)


@pytest.fixture
def ran(project: Project) -> Project:
    """A branch of one commit whose new lines no test reaches, after a run in two shards."""
    project.write({"pkg/__init__.py": "", "pkg/mod.py": BEFORE, "test_a.py": TEST, "test_b.py": TEST})
    project.write({"pytest.ini": "[pytest]\npythonpath = .\n", ".gitignore": ".ci-toolkit\n__pycache__\n.coverage\n"})
    git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message=one")
    git(project, "checkout", "--quiet", "-b", "feature")
    project.write({"pkg/mod.py": AFTER})
    git(project, "commit", "--quiet", "--all", "--message=two")
    done = project.ci_toolkit("run", "--no-history", "--diff-threshold", "25", "--", *PLAIN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "coverage of changed lines: 25.00% of 4 statements" in done.stdout
    return project


def changed_of(project: Project) -> dict[str, Any]:
    changed: dict[str, Any] = project.verdict["coverage"]["changed"]
    return changed


def test_the_run_and_the_merge_judge_the_lines_of_the_change(ran: Project) -> None:
    assert changed_of(ran)["missed"] == [{"path": "pkg/mod.py", "first": 6, "last": 10}]
    merge = ("merge", "--no-history", "--plan", str(ran.out / "plan.json"))
    done = ran.ci_toolkit(*merge, "--diff-threshold", "26")
    assert done.returncode == 1
    assert "breach: [changed-lines] coverage of changed lines is 25.00% (1 of 4 statements), under 26%" in done.stdout
    assert "pkg/mod.py:6-10" in (ran.out / "summary.md").read_text()

    git(ran, "checkout", "--quiet", "--orphan", "without-a-base")
    git(ran, "commit", "--quiet", "--message=other")
    ran.write({"pyproject.toml": '[tool.ci-toolkit]\ndiff-threshold = 0\ndiff-base = "main"\n'})
    done = ran.ci_toolkit(*merge)
    assert done.returncode == 1, "what nobody knows is not everything"
    assert "no commit in common with main" in done.stdout
    assert changed_of(ran)["percent"] is None

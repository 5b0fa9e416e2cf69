import subprocess
from pathlib import Path

import pytest
from adoption_lab import LIBRARY, WORKFLOW, Stranger
from ruamel.yaml import YAML

CI = """\
on: [push]
env:
  STAGE: all
  TOKEN: ${{ secrets.TOKEN }}
  GITHUB_THING: x
  UV_PYTHON: "3.13"
  OS: ${{ matrix.os }}
jobs:
  lint:
    env: {STAGE: lint}
    steps: [run: ruff check]
  test:
    env: {STAGE: tests, ODD: "it's $(touch x) \\"q\\" \\\\ `y`", LINES: "a\\nb", TAB: "a\\tb", NUMBER: 5, "BAD NAME": z, LIST: [1]}
    steps:
      - {uses: actions/checkout@v4, env: {STAGE: checkout}}
      - {run: "make deps\\npytest -x", env: {LAST: "1"}}
"""
TAKEN = {"STAGE": "tests", "ODD": 'it\'s $(touch x) "q" \\ `y`', "NUMBER": "5", "LAST": "1"}


def exported(stranger: Stranger, tmp_path: Path) -> dict[str, str]:
    """Carry out the lines of `install` that give variables to later steps, as the runner's shell does."""
    jobs = YAML(typ="safe").load(stranger.text(WORKFLOW))["jobs"]
    lines = [line for line in jobs["tests"]["with"]["install"].splitlines() if "GITHUB_ENV" in line]
    file = tmp_path / "github-env"
    subprocess.run(["bash", "-e", "-c", "\n".join(lines)], check=True, env={"GITHUB_ENV": str(file)}, cwd=tmp_path)
    return dict(line.split("=", 1) for line in file.read_text().splitlines()) if lines else {}


def test_the_tests_have_the_variables_that_another_workflow_gives_them(stranger: Stranger, tmp_path: Path) -> None:
    stranger.write(LIBRARY | {".github/workflows/ci.yml": CI})
    _, _, talked = stranger.init()
    assert exported(stranger, tmp_path) == TAKEN
    assert "ci.yml gives its tests TOKEN from GitHub's secrets or variables" in talked
    assert "ci.yml gives its tests LINES, TAB with several lines or control characters" in talked
    assert "ci.yml runs tests too" in talked
    assert not (tmp_path / "x").exists()
    assert stranger.init()[1].count("unchanged") == 3


@pytest.mark.parametrize(
    "command", ["python manage.py test", "tox -e py", "nox -s tests", "make test", "uv run pytest"]
)
def test_a_job_that_runs_tests_is_known_by_its_command(stranger: Stranger, tmp_path: Path, command: str) -> None:
    stranger.write(LIBRARY | {".github/workflows/ci.yml": CI.replace("pytest -x", command)})
    stranger.init()
    assert exported(stranger, tmp_path) == TAKEN


def test_another_projects_job_says_nothing(stranger: Stranger) -> None:
    projects = {f"{folder}/{name}": text for folder in ("a", "b") for name, text in LIBRARY.items()}
    job = CI.replace("  test:\n", "  test:\n    defaults: {run: {working-directory: ./a/}}\n")
    stranger.write(projects | {".github/workflows/ci.yml": job})
    stranger.init()
    jobs = YAML(typ="safe").load(stranger.text(WORKFLOW))["jobs"]
    assert "STAGE=tests" in jobs["tests-a"]["with"]["install"]
    assert "GITHUB_ENV" not in jobs["tests-b"]["with"]["install"]
    assert {job["with"]["working-directory"] for job in jobs.values()} == {"a", "b"}

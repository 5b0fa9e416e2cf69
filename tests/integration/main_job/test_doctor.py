"""What `ci-toolkit doctor` says of this machine, as it is and with something broken on it."""

import json
import socket
from pathlib import Path

import pytest
from main_job_project import Project


def test_a_project_without_settings_lacks_nothing(project: Project) -> None:
    project.write({"tests/unit/test_a.py": "def test_a(): pass\n"})
    done = project.ci_toolkit("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 test file: 1 unit" in done.stdout
    assert done.stdout.endswith("doctor: everything that the settings ask for is here\n")


def test_an_engine_that_hangs_and_a_history_out_of_reach_are_told_without_the_password(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = '[tool.ci-toolkit]\nprovider = "docker"\nreal-services = true\n'
    project.write({"pyproject.toml": settings, "test_a.py": "def test_a(): pass\n"})
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(tmp_path / "engine.sock"))
        engine.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/engine.sock")
        monkeypatch.setenv("CI_TOOLKIT_HISTORY", "postgresql://me:hush@127.0.0.1:1/none")
        done = project.ci_toolkit("doctor", "--json")
    assert "hush" not in done.stdout + done.stderr
    diagnosis = json.loads(done.stdout)
    wrong = {one["name"]: one["exit_code"] for one in diagnosis["findings"] if one["mark"] == "wrong"}
    assert wrong == {"history": 2, "docker": 4, "postgresql": 4, "redis": 4}
    assert diagnosis["exit_code"] == done.returncode == 2


def test_options_that_divide_the_suite_a_second_time_are_found(project: Project) -> None:
    project.write({"pytest.ini": "[pytest]\naddopts = --splits 2 --group 1\n", "test_a.py": "def test_a(): pass\n"})
    done = project.ci_toolkit("doctor")
    assert done.returncode == 2
    assert "--splits 2 takes a part of the tests" in done.stdout

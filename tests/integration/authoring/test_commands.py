"""`ci-toolkit new test` and `ci-toolkit index` as a new user types them."""

import subprocess
import sys
from pathlib import Path

import pytest


def toolkit(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ci_toolkit", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    return tmp_path


def test_a_new_test_is_written_and_passes_lint(project: Path) -> None:
    answer = toolkit(project, "new", "test", "user_session", "--category", "integration", "--service", "shop")
    assert (answer.returncode, answer.stdout) == (0, "shop/tests/integration/test_user_session.py\n")
    assert toolkit(project, "lint").returncode == 0


def test_a_second_test_of_the_same_name_exits_2(project: Path) -> None:
    arguments = ("new", "test", "login", "--category", "unit")
    assert toolkit(project, *arguments).returncode == 0
    answer = toolkit(project, *arguments)
    assert answer.returncode == 2
    assert "exists already" in answer.stderr


def test_the_index_is_written_checked_and_found_stale(project: Path) -> None:
    toolkit(project, "new", "test", "login", "--category", "e2e")
    assert toolkit(project, "index", "--check").returncode == 1
    assert toolkit(project, "index").returncode == 0
    assert "test_login" in (project / "tests/e2e/STAGING_E2E_TEST_INDEX.md").read_text()
    assert "flowchart" in (project / "tests/TEST_ARCHITECTURE_VISUAL_OVERVIEW.md").read_text()
    assert toolkit(project, "index", "--check").returncode == 0
    toolkit(project, "new", "test", "logout", "--category", "e2e")
    answer = toolkit(project, "index", "--check")
    assert answer.returncode == 1
    assert "out of date" in answer.stderr


def test_the_index_does_not_depend_on_where_in_the_project_it_runs(project: Path) -> None:
    toolkit(project, "new", "test", "login", "--category", "e2e")
    toolkit(project, "index")
    first = (project / "tests/e2e/STAGING_E2E_TEST_INDEX.md").read_text()
    (project / "deep").mkdir()
    toolkit(project / "deep", "index", "..", "--catalogue", "a.md", "--overview", "b.md")
    assert (project / "deep" / "a.md").read_text() == first

"""pytest finds the framework by its entry point, where a project has adopted ci-toolkit and has not turned it off."""

import subprocess
import sys
from pathlib import Path

import pytest

USES_A_FIXTURE = "def test_it(isolated_env, pytestconfig): assert not pytestconfig.getoption('--dynamic-ports')\n"


def run(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[tool.ci-toolkit]\n")
    (tmp_path / "test_it.py").write_text(USES_A_FIXTURE)
    return tmp_path


@pytest.mark.parametrize("words", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_an_adopted_project_has_fixtures_and_the_option_without_an_import(
    project: Path, words: tuple[str, ...]
) -> None:
    assert "1 passed" in run(project, *words)


@pytest.mark.parametrize("words", [(), ("-n", "1")], ids=["alone", "xdist"])
@pytest.mark.parametrize("name", ["ci-toolkit", "ci-toolkit-framework"])
def test_the_framework_can_be_turned_off_by_either_name(project: Path, name: str, words: tuple[str, ...]) -> None:
    assert "fixture 'isolated_env' not found" in run(project, "-p", f"no:{name}", *words)


def test_a_project_that_has_not_adopted_ci_toolkit_gets_nothing(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.other]\n")
    assert "fixture 'isolated_env' not found" in run(project)

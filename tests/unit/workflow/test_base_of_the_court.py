"""What the court compares a run with."""

from pathlib import Path

import pytest
from git_samples import git

from ci_toolkit.workflow.adjudication import court_of


@pytest.fixture
def main(tmp_path: Path) -> Path:
    """Two commits of main, of a project that lets trials judge."""
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "pyproject.toml").write_text("[tool.ci-toolkit.flaky]\n")
    git(tmp_path, "add", ".")
    for message in ("one", "two"):
        git(tmp_path, "commit", "-q", "--allow-empty", "-m", message)
    return tmp_path


@pytest.mark.parametrize(
    ("is_changed", "variables", "base"),
    [
        pytest.param(False, {}, "HEAD^", id="main: the commit before"),
        pytest.param(True, {}, "HEAD", id="a change that is not committed: the last commit"),
        pytest.param(True, {"CI": "true"}, "HEAD^", id="in CI a job made the file: it is no change"),
    ],
)
def test_what_main_is_compared_with(main: Path, *, is_changed: bool, variables: dict[str, str], base: str) -> None:
    if is_changed:
        (main / "generated.py").write_text("VERSION = 1\n")
    court = court_of(main, main, variables)
    assert court is not None
    assert court.base == git(main, "rev-parse", base)


@pytest.mark.parametrize(
    "commits", [pytest.param(0, id="no commit of its own"), pytest.param(1, id="one"), pytest.param(2, id="two")]
)
def test_a_branch_with_changes_that_are_not_committed_is_compared_with_main(main: Path, commits: int) -> None:
    git(main, "switch", "-q", "-c", "change")
    for _ in range(commits):
        git(main, "commit", "-q", "--allow-empty", "-m", "of the change")
    (main / "new.py").write_text("VERSION = 1\n")
    court = court_of(main, main, {})
    assert court is not None
    assert court.base == git(main, "rev-parse", "main")


def test_without_the_setting_there_is_no_court(tmp_path: Path) -> None:
    assert court_of(tmp_path, tmp_path, {}) is None

from pathlib import Path

import pytest
from git_samples import git

from ci_toolkit.model.lineage import Lineage
from ci_toolkit.suite.checkout import commit_of, lineage_of, parents_of
from ci_toolkit.workflow.lineage import here


def commit(folder: Path, text: str) -> str:
    (folder / "test_a.py").write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", text)
    return commit_of(folder)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "# one")
    commit(folder, "# two")
    return folder


def test_main_starts_from_the_commit_before(project: Path) -> None:
    tree, before = git(project, "rev-parse", "HEAD^{tree}"), git(project, "rev-parse", "HEAD^")
    assert lineage_of(project) == Lineage(tree=tree, base=before, branch="main", is_main=True)


def test_change_starts_from_where_it_left_main(project: Path) -> None:
    left = commit_of(project)
    git(project, "switch", "-q", "-c", "change")
    commit(project, "# changed")
    git(project, "switch", "-q", "main")
    commit(project, "# three")
    git(project, "switch", "-q", "change")
    found = lineage_of(project)
    assert (found.base, found.branch, found.is_main) == (left, "change", False)


def test_of_a_change_whose_main_is_not_here_no_commit_of_its_own_is_the_base(project: Path) -> None:
    git(project, "switch", "-q", "-c", "change")
    commit(project, "# changed")
    commit(project, "# changed again")
    assert lineage_of(project, branch="change", main="trunk").base == ""
    assert lineage_of(project, branch="change", main="main").base == git(project, "rev-parse", "main")


def test_a_push_of_several_commits_to_main_starts_from_what_main_was_before(project: Path, tmp_path: Path) -> None:
    before = commit_of(project)
    commit(project, "# three")
    commit(project, "# four")
    job = {"GITHUB_ACTIONS": "true", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "main"}
    (tmp_path / "event.json").write_text(f'{{"before": "{before}", "repository": {{"default_branch": "main"}}}}')
    assert here(project, job | {"GITHUB_EVENT_PATH": str(tmp_path / "event.json")}).base == before


@pytest.mark.parametrize(
    ("file", "is_named"),
    [("test_a.py", False), ("new.py", False), ("conftest.py", False), ("setup.cfg", False), ("report.xml", True)],
)
def test_changed_sources_have_no_name_and_reports_change_none(project: Path, file: str, is_named: bool) -> None:  # noqa: FBT001
    (project / file).write_text("changed = True\n")
    assert bool(lineage_of(project).tree) is is_named


def test_equal_sources_have_one_name_whatever_their_commits(project: Path) -> None:
    before = lineage_of(project)
    git(project, "commit", "-q", "--allow-empty", "-m", "nothing")
    assert lineage_of(project).tree == before.tree


def test_no_git_and_no_commit_say_nothing(tmp_path: Path) -> None:
    assert lineage_of(tmp_path) == Lineage()
    git(tmp_path, "init", "-q")
    assert lineage_of(tmp_path) == Lineage()


def merged(project: Path) -> dict[str, str]:
    """Check out the merge of a change as GitHub does, and return the variables of its job."""
    git(project, "switch", "-q", "-c", "change")
    commit(project, "# changed")
    git(project, "switch", "-q", "--detach", "main")
    git(project, "merge", "-q", "--no-ff", "-m", "merge", "change")
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_BASE_REF": "main",
        "GITHUB_HEAD_REF": "change",
        "GITHUB_REF_NAME": "12/merge",
        "GITHUB_SHA": commit_of(project),
    }


def test_pull_request_on_github_starts_from_its_target(project: Path) -> None:
    target = commit_of(project)
    found = here(project, merged(project))
    assert (found.base, found.branch, found.is_main) == (target, "change", False)
    assert found.tree


def test_shallow_clone_of_a_pull_request_knows_its_base(project: Path, tmp_path: Path) -> None:
    target = commit_of(project)
    variables = merged(project)
    git(project, "branch", "merge-12")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth", "1", "--branch", "merge-12", f"file://{project}", str(clone))
    assert len(parents_of(clone, variables["GITHUB_SHA"])) == 2
    assert here(clone, variables).base == target


def test_pull_request_from_a_branch_that_is_called_main_is_not_main(project: Path) -> None:
    variables = merged(project) | {"GITHUB_HEAD_REF": "main"}
    found = here(project, variables)
    assert (found.branch, found.is_main) == ("12/merge", False)


@pytest.mark.parametrize(
    ("event", "variables", "is_main"),
    [
        ('{"repository": {"default_branch": "main"}}', {"GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "main"}, True),
        ('{"repository": {"default_branch": "dev"}}', {"GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "main"}, False),
        ('{"repository": {"default_branch": "v1"}}', {"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1"}, False),
        ('{"repository": 7}', {"GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "main"}, True),
    ],
)
def test_push_on_github(project: Path, tmp_path: Path, event: str, variables: dict[str, str], is_main: bool) -> None:  # noqa: FBT001
    (tmp_path / "event.json").write_text(event)
    git(project, "switch", "-q", "--detach")
    job = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(tmp_path / "event.json"), **variables}
    assert here(project, job).is_main is is_main


def test_merge_queue_starts_from_what_its_event_says(project: Path, tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text(
        '{"merge_group": {"base_sha": "ba5e"}, "repository": {"default_branch": "main"}}'
    )
    found = here(
        project,
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_REF_NAME": "gh-readonly-queue/main/pr-12",
        },
    )
    assert (found.base, found.is_main) == ("ba5e", False)

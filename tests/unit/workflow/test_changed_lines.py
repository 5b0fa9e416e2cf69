"""What a run's change is compared with, by the options and by what the CI says."""

import json
from pathlib import Path

import pytest
from git_samples import git

from ci_toolkit.workflow.changed_lines import change_of, changed_lines


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two commits on main, of which origin has the first; two on a branch; and their merge, which is checked out."""
    folder = tmp_path_factory.mktemp("project")
    git(folder, "init", "--quiet", "--initial-branch=main")
    for name, branch in (("one", ""), ("two", "feature"), ("three", ""), ("four", "main")):
        if branch == "feature":
            git(folder, "checkout", "--quiet", "-b", branch)
        elif branch:
            git(folder, "checkout", "--quiet", branch)
        (folder / f"{name}.py").write_text("1\n")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", f"--message={name}")
        git(folder, "tag", name)
    git(folder, "checkout", "--quiet", "--detach", "main")
    git(folder, "merge", "--quiet", "--no-edit", "feature")
    git(folder, "tag", "merge")
    git(folder, "update-ref", "refs/remotes/origin/main", "one")
    return folder


def changed(project: Path, given: str = "", event: object = None, **environment: str) -> set[str]:
    path = project.parent / "event.json"
    path.write_text(json.dumps(event))
    variables = {"GITHUB_EVENT_PATH": str(path), **environment} if event is not None else environment
    answer = changed_lines(given, project, variables)
    assert not answer.unknown, answer.unknown
    return set(answer.files)


ON_GITHUB = {"GITHUB_ACTIONS": "true", "CI": "true"}


def test_a_pull_request_is_what_its_merge_brings_to_the_target(project: Path) -> None:
    merge, one, head = (git(project, "rev-parse", name) for name in ("merge", "one", "feature"))
    event = {"pull_request": {"base": {"sha": one}, "head": {"sha": head}}, "repository": {"default_branch": "main"}}
    found = changed(project, event=event, GITHUB_SHA=merge, GITHUB_BASE_REF="main", **ON_GITHUB)
    assert found == {"two.py", "three.py"}, "what main did meanwhile is none of it, whatever commit the event names"


def test_the_base_that_is_given_is_stronger(project: Path) -> None:
    assert changed(project, given="two") == {"three.py", "four.py"}


def test_a_group_of_a_merge_queue_is_compared_with_what_it_stands_on(project: Path) -> None:
    base = git(project, "rev-parse", "one")
    event = {"merge_group": {"base_sha": base}, "repository": {"default_branch": "main"}}
    assert changed(project, event=event, GITHUB_REF_NAME="gh-readonly-queue/main/pr-1", **ON_GITHUB) == {
        "two.py",
        "three.py",
        "four.py",
    }


def test_at_home_the_change_is_what_the_branch_and_the_folder_have_more_than_main(project: Path) -> None:
    stranger = project / "untracked.py"
    stranger.write_text("1\n")
    try:
        assert changed(project) == {"two.py", "three.py", "four.py", "untracked.py"}
        assert "untracked.py" not in changed(project, CI="true")
    finally:
        stranger.unlink()


def test_a_merge_request_of_gitlab_names_its_base(project: Path) -> None:
    base = git(project, "rev-parse", "two")
    found = changed(project, CI="true", CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert found == {"three.py", "four.py"}


def test_a_push_to_main_is_all_that_it_brought(project: Path) -> None:
    event = {"before": git(project, "rev-parse", "one"), "repository": {"default_branch": "main"}}
    found = changed(project, event=event, GITHUB_REF_NAME="main", **ON_GITHUB)
    assert found == {"two.py", "three.py", "four.py"}


def test_a_push_of_a_new_branch_is_compared_with_main(project: Path) -> None:
    event = {"before": "0" * 40, "repository": {"default_branch": "main"}}
    found = changed(project, event=event, GITHUB_REF_NAME="feature", **ON_GITHUB)
    assert found == {"two.py", "three.py", "four.py"}


def test_a_shallow_checkout_of_a_branch_is_not_compared_with_the_commit_before(project: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(project.parent, "clone", "--quiet", "--depth=1", "--branch=feature", project.as_uri(), str(clone))
    event = {"pull_request": {"base": {"sha": git(project, "rev-parse", "one")}}}
    found = changed(clone, event=event, GITHUB_SHA="f" * 40, GITHUB_BASE_REF="main", **ON_GITHUB)
    assert found == {"two.py", "three.py"}


def test_where_there_is_nothing_to_compare_with_that_is_said(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk")
    answer = changed_lines("", tmp_path, {})
    assert "give it, such as --diff-base origin/main" in answer.unknown
    assert answer.files == {}


def test_nobody_looks_at_the_change_before_somebody_asks_and_then_once(project: Path) -> None:
    change = change_of("one", project)
    assert change().files
    git(project, "tag", "--delete", "one")
    assert change() is change()

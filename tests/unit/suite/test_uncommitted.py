"""A commit of what is checked out, changes included."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from git_samples import git

from ci_toolkit.suite.uncommitted import commit_with_changes
from ci_toolkit.suite.work_tree import NoWorkTreeError


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    (folder / "deep").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    for name in ("a.py", "b.py", "deep/c.py"):
        (folder / name).write_text("1\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")
    return folder


def changes(folder: Path) -> None:
    (folder / "deep/c.py").write_text("2\n")


def stages_and_changes(folder: Path) -> None:
    (folder / "a.py").write_text("2\n")
    git(folder, "add", "a.py")
    (folder / "a.py").write_text("3\n")


def stages_a_new_one(folder: Path) -> None:
    (folder / "new.py").write_text("2\n")
    git(folder, "add", "new.py")


def means_to_add(folder: Path) -> None:
    (folder / "new.py").write_text("2\n")
    git(folder, "add", "-N", "new.py")


def removes(folder: Path) -> None:
    (folder / "a.py").unlink()
    git(folder, "rm", "-q", "b.py")


def leaves_to_git_no_more(folder: Path) -> None:
    git(folder, "rm", "-q", "--cached", "a.py")


def conflicts(folder: Path) -> None:
    git(folder, "switch", "-q", "-c", "other")
    (folder / "a.py").write_text("theirs\n")
    git(folder, "rm", "-q", "b.py")
    git(folder, "commit", "-qam", "other")
    git(folder, "switch", "-q", "main")
    (folder / "a.py").write_text("ours\n")
    (folder / "b.py").write_text("ours\n")
    git(folder, "commit", "-qam", "ours")
    with pytest.raises(subprocess.CalledProcessError):
        git(folder, "merge", "-q", "other")


def changes_with_a_split_index(folder: Path) -> None:
    git(folder, "config", "core.splitIndex", "true")
    git(folder, "update-index", "--split-index")
    changes(folder)


def changes_in_a_sparse_checkout(folder: Path) -> None:
    git(folder, "sparse-checkout", "set", "--no-cone", "/a.py", "/deep/")
    changes(folder)


def changes_as_somebody_without_a_name(folder: Path) -> None:
    git(folder, "config", "user.useConfigOnly", "true")
    changes(folder)


def changes_what_would_not_be_added(folder: Path) -> None:
    git(folder, "config", "core.autocrlf", "input")
    git(folder, "config", "core.safecrlf", "true")
    (folder / "a.py").write_bytes(b"2\r\n")


MARKED = "<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> other\n"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (changes, {"deep/c.py": "2\n"}),
        (stages_and_changes, {"a.py": "3\n"}),
        (stages_a_new_one, {"new.py": "2\n"}),
        (means_to_add, {"new.py": "2\n"}),
        (removes, {"a.py": None, "b.py": None}),
        (leaves_to_git_no_more, {"a.py": None}),
        (conflicts, {"a.py": MARKED, "b.py": "ours\n"}),
        (changes_with_a_split_index, {"deep/c.py": "2\n"}),
        (changes_in_a_sparse_checkout, {"deep/c.py": "2\n"}),
        (changes_as_somebody_without_a_name, {"deep/c.py": "2\n"}),
        (changes_what_would_not_be_added, {"a.py": "2\n"}),
    ],
)
def test_it_holds_the_tracked_files_as_they_are_and_nothing_here_changes(
    checkout: Path, change: Callable[[Path], None], expected: dict[str, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    change(checkout)
    before = files(checkout / ".git")

    commit = commit_with_changes(checkout)

    after = files(checkout / ".git")
    assert {name: after[name] for name in before} == before
    assert all(name.startswith("objects/") for name in after.keys() - before.keys())
    assert git(checkout, "rev-parse", f"{commit}^") == git(checkout, "rev-parse", "HEAD")
    usual: dict[str, str | None] = dict.fromkeys(("a.py", "b.py", "deep/c.py"), "1\n")
    kept = {name: text for name, text in (usual | expected).items() if text is not None}
    assert {name: text_of(checkout, commit, name) for name in names_in(checkout, commit)} == kept


def test_where_nothing_has_changed_it_is_the_commit_that_is_checked_out(checkout: Path) -> None:
    (checkout / "a.py").touch()
    (checkout / "untracked.py").touch()
    assert commit_with_changes(checkout) == git(checkout, "rev-parse", "HEAD")


def test_where_there_can_be_none_it_says_why(checkout: Path, tmp_path: Path) -> None:
    (checkout / ".gitattributes").write_text("*.bin filter=large\n")
    git(checkout, "add", ".gitattributes")
    git(checkout, "config", "filter.large.clean", "a-program-that-nobody-has")
    git(checkout, "config", "filter.large.required", "true")
    (checkout / "a.bin").touch()
    git(checkout, "add", "-N", "a.bin")
    with pytest.raises(NoWorkTreeError, match=r"git add failed .*clean filter 'large' failed"):
        commit_with_changes(checkout)
    git(tmp_path, "init", "-q", "empty")
    with pytest.raises(NoWorkTreeError, match="nothing is committed yet"):
        commit_with_changes(tmp_path / "empty")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names_in(folder: Path, commit: str) -> list[str]:
    return git(folder, "ls-tree", "-r", "--name-only", commit).split("\n")


def text_of(folder: Path, commit: str, name: str) -> str:
    return git(folder, "cat-file", "blob", f"{commit}:{name}") + "\n"

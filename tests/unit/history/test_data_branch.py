"""History on a branch of real repositories."""

import os
import shutil
from pathlib import Path

import pytest
from git_samples import git
from history_samples import HERE, NOW, file_run, run_of

from ci_toolkit.history.branch_location import BranchLocation
from ci_toolkit.history.store import HistoryError, HistoryStore, Pruned, UnreachableHistoryError

BRANCH = "ci-history"


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    origin = tmp_path / "origin.git"
    git(tmp_path, "init", "--quiet", "--bare", "-b", "main", str(origin))
    work = clone(origin, tmp_path / "first")
    (work / "README").write_text("hello")
    git(work, "add", "README")
    git(work, "commit", "--quiet", "-m", "first")
    git(work, "push", "--quiet", "origin", "HEAD:main")
    return origin


def clone(origin: Path, to: Path) -> Path:
    git(to.parent, "clone", "--quiet", str(origin), str(to))
    return to


def add(folder: Path, path: str, *, branch: str = BRANCH) -> int:
    run = run_of(file_run({"t": 1.0}, path=path))
    new, told = BranchLocation(branch, folder).change(lambda store: store.add(run, now=NOW))
    assert told == ""
    return new


def paths(folder: Path) -> frozenset[str]:
    store = BranchLocation(BRANCH, folder).open()
    assert store is not None
    with store:
        return store.paths(HERE)


def test_what_one_clone_records_another_reads(origin: Path, tmp_path: Path) -> None:
    here, there = clone(origin, tmp_path / "here"), clone(origin, tmp_path / "there")
    assert BranchLocation(BRANCH, there).open() is None
    assert add(here, "a.py") == 1
    assert paths(there) == {"a.py"}
    assert add(there, "b.py") == 1
    assert add(there, "b.py") == 0
    assert paths(here) == {"a.py", "b.py"}


def test_checkout_is_left_as_it_was_and_the_branch_has_no_past(origin: Path, tmp_path: Path) -> None:
    here = clone(origin, tmp_path / "here")
    (here / "README").write_text("changed")
    before = (git(here, "status", "--porcelain=v2", "--branch"), git(here, "for-each-ref", "refs/heads"))
    add(here, "a.py")
    add(here, "b.py")
    assert (git(here, "status", "--porcelain=v2", "--branch"), git(here, "for-each-ref", "refs/heads")) == before
    assert git(origin, "rev-list", "--count", BRANCH) == "1"
    assert git(origin, "ls-tree", "--name-only", BRANCH) == "history.sqlite"
    assert git(origin, "fsck", "--no-dangling") == ""


def test_merge_that_comes_second_adds_to_what_the_first_left(origin: Path, tmp_path: Path) -> None:
    here, there = clone(origin, tmp_path / "here"), clone(origin, tmp_path / "there")
    tries = []

    def while_another_publishes(store: HistoryStore) -> int:
        tries.append(store)
        if len(tries) == 1:
            add(there, "faster.py")
        return store.add(run_of(file_run({"t": 1.0}, path="slower.py")), now=NOW)

    assert BranchLocation(BRANCH, here).change(while_another_publishes) == (1, "")
    assert len(tries) == 2
    assert paths(here) == {"faster.py", "slower.py"}


FASTER = """\
#!/bin/sh
if [ "$1" = fetch ] && mkdir {once} 2>/dev/null; then {git} -C {there} push -qf origin {commit}:refs/heads/{branch}; fi
exec {git} "$@"
"""


def test_branch_that_is_replaced_between_its_listing_and_its_fetching_is_read_anew(
    origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = clone(origin, tmp_path / "here"), clone(origin, tmp_path / "there")
    commits = []
    for path in ("a.py", "b.py"):
        add(there, path)
        commits.append(git(origin, "rev-parse", BRANCH))
    git(there, "push", "-qf", "origin", f"{commits[0]}:refs/heads/{BRANCH}")
    program = tmp_path / "programs" / "git"
    program.parent.mkdir()
    program.write_text(
        FASTER.format(once=tmp_path / "once", git=shutil.which("git"), there=there, commit=commits[1], branch=BRANCH)
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    assert paths(here) == {"a.py", "b.py"}
    assert (tmp_path / "once").exists()


def test_branch_with_other_things_is_refused_and_not_touched(origin: Path, tmp_path: Path) -> None:
    here = clone(origin, tmp_path / "here")
    before = git(origin, "rev-parse", "main")
    for action in (lambda: add(here, "a.py", branch="main"), BranchLocation("main", here).open):
        with pytest.raises(HistoryError, match="files other than a history"):
            action()
    assert git(origin, "rev-parse", "main") == before


def test_repository_without_a_remote_keeps_the_branch_itself(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    assert add(tmp_path, "a.py") == 1
    assert add(tmp_path, "b.py") == 1
    assert paths(tmp_path) == {"a.py", "b.py"}
    assert git(tmp_path, "branch", "--list", BRANCH).strip() == BRANCH


def test_remote_that_is_gone_is_told(origin: Path, tmp_path: Path) -> None:
    here = clone(origin, tmp_path / "here")
    origin.rename(tmp_path / "moved.git")
    with pytest.raises(UnreachableHistoryError, match="cannot be fetched"):
        add(here, "a.py")


def test_remote_that_refuses_is_told(origin: Path, tmp_path: Path) -> None:
    here = clone(origin, tmp_path / "here")
    hook = origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(UnreachableHistoryError):
        add(here, "a.py")


@pytest.mark.parametrize("name", ["-x", "a b", "a..b", ""])
def test_bad_branch_name_is_refused(tmp_path: Path, name: str) -> None:
    git(tmp_path, "init", "--quiet")
    with pytest.raises(HistoryError, match="not a valid branch name"):
        BranchLocation(name, tmp_path)


def test_folder_outside_git_is_told(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="git remote failed"):
        BranchLocation(BRANCH, tmp_path)


def test_pruning_is_published(origin: Path, tmp_path: Path) -> None:
    here = clone(origin, tmp_path / "here")
    add(here, "a.py")
    add(here, "gone.py")
    pruned, _ = BranchLocation(BRANCH, here).change(lambda store: store.prune(gone=["gone.py"], before=0.0))
    assert pruned == Pruned(files=1, runs=1)
    assert paths(here) == {"a.py"}

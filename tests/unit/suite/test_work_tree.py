import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from git_samples import git

from ci_toolkit.suite.work_tree import PREFIX, NoWorkTreeError, refuse_another_environment, work_tree


def commit(folder: Path, **files: str) -> str:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_toml", ".toml").replace("_txt", ".txt").replace("_py", ".py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "--allow-empty", "-m", "next")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    git(folder, "init", "-q", "-b", "main")
    return folder


def left(repository: Path) -> list[str]:
    trees = git(repository, "worktree", "list", "--porcelain").splitlines()
    folders = [path.name for path in repository.parent.iterdir() if path.name.startswith(PREFIX)]
    return folders + [line for line in trees if PREFIX in line]


def test_a_work_tree_holds_the_commit_and_is_gone_afterwards(repository: Path) -> None:
    base = commit(repository, a_py="1")
    commit(repository, a_py="2")
    with work_tree(repository, base) as tree:
        assert (tree.folder / "a.py").read_text() == "1"
        (tree.folder / "new").write_text("a trial writes where it likes")
    assert left(repository) == []
    assert (repository / "a.py").read_text() == "2"


def test_a_work_tree_leaves_the_index_of_a_commit_alone_whose_hook_runs_the_tests(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = commit(repository, a_py="1")
    commit(repository, a_py="2")
    index = (repository / ".git" / "index").read_bytes()
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(repository))
    monkeypatch.setenv("GIT_INDEX_FILE", str(repository / ".git" / "index"))
    with work_tree(repository, base) as tree:
        assert (tree.folder / "a.py").read_text() == "1"
    assert (repository / ".git" / "index").read_bytes() == index


def test_a_work_tree_is_gone_after_an_error(repository: Path) -> None:
    base = commit(repository, a_py="1")
    with pytest.raises(KeyboardInterrupt), work_tree(repository, base):
        raise KeyboardInterrupt
    assert left(repository) == []


KILLED = """
import os, signal, sys, tempfile
from pathlib import Path
from ci_toolkit.suite.work_tree import work_tree
tempfile.tempdir = sys.argv[3]
with work_tree(Path(sys.argv[1]), sys.argv[2]):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_removed_by_the_next_and_what_is_in_use_stays(repository: Path) -> None:
    base = commit(repository, a_py="1")
    subprocess.run([sys.executable, "-c", KILLED, str(repository), base, str(repository.parent)], check=False)
    assert len(left(repository)) == 2
    with work_tree(repository, base) as first, work_tree(repository, base) as second:
        assert (first.folder / "a.py").is_file()
        assert (second.folder / "a.py").is_file()
        assert len(left(repository)) == 4
    assert left(repository) == []


@pytest.mark.parametrize("is_gits_own", [False, True], ids=["files", "git's own file"])
def test_a_work_tree_is_renewed_whatever_a_trial_did_in_it(repository: Path, *, is_gits_own: bool) -> None:
    base = commit(repository, a_py="1")
    (repository / ".git" / "info" / "exclude").write_text("ignored\n")
    with work_tree(repository, base) as tree:
        (tree.folder / "a.py").write_text("2")
        for name in ("new", "ignored"):
            (tree.folder / name).write_text("left")
        (tree.temporary / "left").write_text("left")
        if is_gits_own:
            (tree.folder / ".git").unlink()
        tree.renew()
        assert (tree.folder / "a.py").read_text() == "1"
        assert sorted(path.name for path in tree.folder.iterdir()) == [".git", "a.py"]
        assert list(tree.temporary.iterdir()) == []
    assert left(repository) == []


LOCKED = """
import sys, tempfile
from pathlib import Path
from ci_toolkit.suite.work_tree import work_tree
tempfile.tempdir = sys.argv[3]
with work_tree(Path(sys.argv[1]), sys.argv[2]) as tree:
    for _ in range(2):
        for place in (tree.folder, tree.temporary):
            (place / "locked" / "inner").mkdir(parents=True)
            (place / "locked" / "inner" / "file").touch()
            (place / "linked").symlink_to(sys.argv[4])
            for folder in (place / "locked" / "inner", place / "locked", place):
                folder.chmod(0)
        tree.renew()
"""
WITHOUT_ROOTS_RIGHTS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


@pytest.mark.skipif(
    bool(WITHOUT_ROOTS_RIGHTS) and shutil.which("setpriv") is None, reason="root may write where nobody may"
)
def test_folders_that_a_trial_locked_are_removed_as_well(repository: Path) -> None:
    base = commit(repository, a_py="1")
    linked = repository.parent / "somebody's"
    linked.mkdir(mode=0o500)
    code = [sys.executable, "-c", LOCKED, str(repository), base, str(repository.parent), str(linked)]
    subprocess.run([*WITHOUT_ROOTS_RIGHTS, *code], check=True)
    assert left(repository) == []
    assert linked.stat().st_mode & 0o777 == 0o500


def test_hooks_of_the_user_do_not_run(repository: Path) -> None:
    base = commit(repository, a_py="1")
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {repository}/ran\n")
    hook.chmod(0o755)
    with work_tree(repository, base):
        pass
    assert not (repository / "ran").exists()


def test_a_commit_that_is_not_there_is_said(repository: Path) -> None:
    commit(repository, a_py="1")
    with (
        pytest.raises(NoWorkTreeError, match="git worktree failed"),
        work_tree(repository, "f" * 40),
    ):
        pass
    assert left(repository) == []


@pytest.mark.parametrize(
    ("before", "after", "is_refused"),
    [
        ({"a_py": "1"}, {"a_py": "2"}, False),
        ({"requirements_txt": "a==1"}, {"requirements_txt": "a==2"}, True),
        ({"requirements__ci_txt": "a==1"}, {"requirements__ci_txt": "a==2"}, True),
        ({"x": ""}, {"setup_py": "new"}, True),
        ({"pyproject_toml": "[tool.a]\nx = 1"}, {"pyproject_toml": "[tool.a]\nx = 2"}, False),
        ({"pyproject_toml": '[project]\nversion = "1"'}, {"pyproject_toml": '[project]\nversion = "2"'}, False),
        ({"pyproject_toml": "[project]"}, {"pyproject_toml": '[project]\ndependencies = ["a"]'}, True),
        ({"pyproject_toml": "[project]"}, {"pyproject_toml": "not TOML"}, True),
        ({"x": ""}, {"pyproject_toml": '[project]\ndependencies = ["a"]'}, True),
    ],
)
def test_a_base_that_wants_other_packages_is_refused(
    repository: Path, before: dict[str, str], after: dict[str, str], *, is_refused: bool
) -> None:
    base = commit(repository, **before)
    commit(repository, **after)
    if is_refused:
        with pytest.raises(NoWorkTreeError, match="it wants other packages"):
            refuse_another_environment(repository, base)
    else:
        refuse_another_environment(repository, base)

"""What a clean checkout takes over of what git does not track."""

import os
import time
from pathlib import Path

import pytest
from git_samples import git

from ci_toolkit.suite import untracked
from ci_toolkit.suite.untracked import copy_untracked

FOR_EVER = time.time() + 3600


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    write(folder, ".gitignore", "_version.py\n")
    write(folder, "src/a.py")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    return folder


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


def write(folder: Path, name: str, text: str = "x") -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [
        ("src/_version.py", True),
        ("src/_fast.cpython-311.so", True),
        ("built/deep/page.html", True),
        ("with a space\nand a line.txt", True),
        (".env", True),
        (".venv/lib/a.py", False),
        ("src/__pycache__/a.cpython-311.pyc", False),
        ("front/node_modules/a.js", False),
    ],
)
def test_what_a_build_made_is_taken_and_caches_are_not(
    checkout: Path, tree: Path, name: str, *, is_taken: bool
) -> None:
    write(checkout, name)
    copy_untracked(checkout, tree, before=FOR_EVER)
    assert files(tree) == [name] * is_taken


def test_a_virtual_environment_of_any_name_is_not_taken(checkout: Path, tree: Path) -> None:
    write(checkout, "env-3.11/pyvenv.cfg")
    write(checkout, "env-3.11/lib/a.py")
    copy_untracked(checkout, tree, before=FOR_EVER)
    assert files(tree) == []


def test_what_came_since_is_not_taken_even_if_it_says_that_it_is_old(checkout: Path, tree: Path) -> None:
    began = time.time() - 3600
    write(checkout, "left.txt")
    os.utime(checkout / "left.txt", (0, 0))
    copy_untracked(checkout, tree, before=began)
    assert files(tree) == []


def test_links_stay_links_and_what_is_no_file_stays_behind(checkout: Path, tree: Path) -> None:
    (checkout / "link").symlink_to("nowhere")
    os.mkfifo(checkout / "pipe")
    copy_untracked(checkout, tree, before=FOR_EVER)
    assert files(tree) == ["link"]
    assert (tree / "link").readlink() == Path("nowhere")


def test_what_is_too_much_stays_behind(checkout: Path, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(untracked, "MOST_BYTES", 5)
    write(checkout, "a-large-one", "123456")
    write(checkout, "b", "123")
    write(checkout, "c", "123")
    copy_untracked(checkout, tree, before=FOR_EVER)
    assert files(tree) == ["b"]


def test_where_there_is_no_git_nothing_is_taken(tmp_path: Path, tree: Path) -> None:
    copy_untracked(tmp_path, tree, before=FOR_EVER)
    assert files(tree) == []

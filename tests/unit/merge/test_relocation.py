from pathlib import Path

import coverage
import pytest

from ci_toolkit.merge.relocation import Relocation


@pytest.mark.parametrize(
    ("there", "name", "place"),
    [
        ("/runner/1/repo", "/runner/1/repo/src/a.py", "/home/repo/src/a.py"),
        ("/runner/1/repo/", "/runner/1/repo/src/a.py", "/home/repo/src/a.py"),
        ("/runner/1/repo", "/runner/1/repository/a.py", "/runner/1/repository/a.py"),  # a neighbour of like name
        ("/runner/1/repo", "src/a.py", "src/a.py"),  # relative_files
        ("/runner/1/repo", "/usr/lib/python3/a.py", "/usr/lib/python3/a.py"),
        ("/runner/1/repo", "/runner/1/repo/../../etc/a.py", "/runner/1/repo/../../etc/a.py"),
        ("/runner/[1]*/repo", "/runner/[1]*/repo/a.py", "/home/repo/a.py"),  # no pattern: a name
        ("/runner/[1]*/repo", "/runner/1x/repo/a.py", "/runner/1x/repo/a.py"),
        ("", "/runner/1/repo/a.py", "/runner/1/repo/a.py"),  # a card of before
        ("relative", "/runner/1/repo/a.py", "/runner/1/repo/a.py"),
        ("/", "/runner/1/repo/a.py", "/runner/1/repo/a.py"),  # would be every file there is
        ("/home/repo", "/home/repo/a.py", "/home/repo/a.py"),
        ("/runner", "/runner/a\0.py", "/runner/a\0.py"),
    ],
)
def test_a_file_of_the_shards_folder_is_looked_for_in_ours(there: str, name: str, place: str) -> None:
    assert Relocation(there=there, here="/home/repo").place(name) == place


def test_a_file_beside_the_shards_folder_moves_along_where_it_is_here(tmp_path: Path) -> None:
    (tmp_path / "repo" / "backend").mkdir(parents=True)
    (tmp_path / "repo" / "library.py").touch()
    relocation = Relocation(there="/runner/repo/backend", here=str(tmp_path / "repo" / "backend"))
    assert relocation.place("/runner/repo/library.py") == str(tmp_path / "repo" / "library.py")
    assert relocation.place("/runner/repo/unknown.py") == "/runner/repo/unknown.py"


def test_data_moves_with_its_lines_and_contexts_and_the_original_stays(tmp_path: Path) -> None:
    original = coverage.CoverageData(basename=str(tmp_path / "data"))
    original.set_context("test")
    original.add_lines({"/runner/repo/a.py": [1, 3]})
    original.close()
    before = (tmp_path / "data").read_bytes()
    (tmp_path / "moved").mkdir()
    path = Relocation(there="/runner/repo", here="/home/repo").move(tmp_path / "data", tmp_path / "moved", {})
    moved = coverage.CoverageData(basename=str(path))
    moved.read()
    assert moved.measured_files() == {"/home/repo/a.py"}
    assert moved.contexts_by_lineno("/home/repo/a.py") == {1: ["test"], 3: ["test"]}
    assert (tmp_path / "data").read_bytes() == before

"""What git says of a change, asked of real repositories."""

from pathlib import Path

import pytest
from git_samples import git

from ci_toolkit.model.changed_lines import LAST_LINE, ChangedFile
from ci_toolkit.suite.changes import Base, UnknownChangesError, changes_since


class Repository:
    """A repository whose files tests write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        return git(self.folder, *arguments)

    def write(self, **files: str) -> None:
        for name, text in files.items():
            self.put(name.replace("__", "/") + ".py", text)

    def put(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=x")
        return self.git("rev-parse", "HEAD")

    def clone(self, folder: Path, *options: str) -> "Repository":
        self.git("clone", "--quiet", *options, self.folder.as_uri(), str(folder))
        return Repository(folder)

    def changes(
        self, ref: str = "main", folder: str = ".", *, is_exact: bool = False, has_untracked: bool = False
    ) -> dict[str, ChangedFile]:
        base = Base(ref=ref, is_exact=is_exact)
        return dict(changes_since(base, self.folder / folder, has_untracked=has_untracked).files)


@pytest.fixture(autouse=True)
def no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Each of these would change what a diff looks like.
    (tmp_path / "gitconfig").write_text(
        "[diff]\n noprefix = true\n mnemonicPrefix = true\n renames = false\n context = 9\n interHunkContext = 9\n"
        " external = false\n relative = true\n[color]\n ui = always\n[core]\n quotePath = false\n"
        "[protocol]\n file = always\n[safe]\n directory = *\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "made")
    made.write(a="1\n2\n3\n4\n5\n", b="b\n" * 9, gone="x\n")
    made.commit()
    made.git("checkout", "--quiet", "-b", "feature")
    return made


def wrote(*spans: tuple[int, int], cut: tuple[int, ...] = ()) -> ChangedFile:
    return ChangedFile(written=spans, cut=cut)


def test_lines_that_are_new_or_other_are_written_and_the_rest_is_not(repository: Repository) -> None:
    repository.write(a="0\n1\n2\nX\n4\n5\n6\n7\n", new="1\n2\n")
    repository.commit()
    assert repository.changes() == {"a.py": wrote((1, 1), (4, 4), (7, 8)), "new.py": wrote((1, 2))}


def test_lines_that_are_taken_out_leave_a_cut(repository: Repository) -> None:
    repository.write(a="2\n3\n5\n", b="")
    (repository.folder / "gone.py").unlink()
    repository.commit()
    changes = repository.changes()
    assert changes == {"a.py": wrote(cut=(0, 2)), "b.py": wrote(cut=(0,))}
    assert [line for line in range(1, 4) if changes["a.py"].touches(line)] == [1, 2, 3]
    assert not changes["a.py"].has_written(1)


def test_a_file_that_moves_has_only_the_lines_that_changed_on_the_way(repository: Repository) -> None:
    repository.git("mv", "b.py", "c.py")
    repository.git("mv", "a.py", "moved.py")
    repository.write(c="b\n" * 9 + "new\n")
    (repository.folder / "gone.py").chmod(0o755)
    repository.commit()
    assert repository.changes() == {"c.py": wrote((10, 10))}


HEADERS = "--- a/x.py\n+++ b/x.py\n@@ -1,9 +1,9 @@\ndiff --git a/x b/x\n\\ No newline at end of file\n"


def test_lines_that_look_like_a_diff_are_lines(repository: Repository) -> None:
    repository.write(a=HEADERS, b="-- x\n" * 2)
    repository.commit()
    repository.write(a=f"{HEADERS}++ b/y.py\n", b="-- y\n")
    repository.commit()
    repository.write(z="1\n")
    repository.commit()
    changes = repository.changes("HEAD~2")
    assert changes == {"a.py": wrote((6, 6)), "b.py": wrote((1, 1)), "z.py": wrote((1, 1))}


def test_a_missing_newline_at_the_end_is_no_line(repository: Repository) -> None:
    repository.write(a="1\n2\n3\n4\n5", b="b\n" * 8 + "c", new="1\n2")
    repository.commit()
    repository.write(zz="1\n")
    repository.commit()
    assert repository.changes() == {
        "a.py": wrote((5, 5)),
        "b.py": wrote((9, 9)),
        "new.py": wrote((1, 2)),
        "zz.py": wrote((1, 1)),
    }


@pytest.mark.parametrize(
    "name",
    [
        "dö/ü.py",
        "blank s/a b.py",
        'quo"te.py',
        "back\\slash.py",
        "tab\there.py",
        "new\nline.py",
        "b/b.py",
        "日本.py",
        " x .py",
    ],
)
def test_a_file_may_have_any_name(repository: Repository, name: str) -> None:
    repository.put(name, "1\n")
    repository.commit()
    assert repository.changes() == {name: wrote((1, 1))}


def test_a_name_that_is_no_utf8_is_a_name_all_the_same(repository: Repository) -> None:
    path = bytes(repository.folder) + b"/caf\xe9.py"
    Path(path.decode("utf-8", "surrogateescape")).write_text("1\n")
    repository.commit()
    assert repository.changes() == {"caf\udce9.py": wrote((1, 1))}


def test_odd_line_ends_and_binary_files_are_no_obstacle(repository: Repository) -> None:
    repository.put("a.py", "1\r\n2\rstill 2\f\u2028\x85\n3\n")
    repository.put("image.bin", "\0\x01\n\0\n")
    repository.put("z.py", "1\n")
    repository.commit()
    changes = repository.changes()
    assert changes["a.py"] == wrote((1, 2), cut=(3,))
    assert changes["z.py"] == wrote((1, 1))


def test_an_attribute_of_the_branch_hides_no_source(repository: Repository) -> None:
    repository.put(".gitattributes", "*.py -diff binary\n")
    repository.write(a="1\nX\n3\n4\n5\n")
    repository.commit()
    assert repository.changes()["a.py"] == wrote((2, 2))


def test_what_is_not_committed_counts_and_what_git_does_not_know_only_if_asked(repository: Repository) -> None:
    repository.put(".gitignore", "ignored.py\n")
    repository.commit()
    repository.write(a="1\nX\n3\n4\n5\n", untracked="1\n", ignored="1\n")
    assert set(repository.changes()) == {".gitignore", "a.py"}
    assert repository.changes(has_untracked=True)["untracked.py"] == wrote((1, LAST_LINE))
    assert "ignored.py" not in repository.changes(has_untracked=True)


def test_in_a_folder_of_a_monorepo_paths_are_relative_to_it(repository: Repository) -> None:
    repository.write(backend__a="1\n", shared__b="1\n", top="1\n")
    repository.commit()
    assert set(repository.changes(folder="backend")) == {"a.py", "../shared/b.py", "../top.py"}


def test_what_main_did_meanwhile_is_no_part_of_the_change(repository: Repository) -> None:
    repository.write(a="1\nX\n3\n4\n5\n")
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.write(other="1\n", b="c\n")
    main = repository.commit()
    repository.git("checkout", "--quiet", "feature")
    assert set(repository.changes()) == {"a.py"}
    repository.git("merge", "--quiet", "--no-edit", "main")
    assert set(repository.changes()) == {"a.py"}
    assert set(repository.changes(main, is_exact=True)) == {"a.py"}


def deep(repository: Repository, commits: int) -> None:
    for branch in ("main", "feature"):
        repository.git("checkout", "--quiet", branch)
        for number in range(commits):
            repository.write(**{f"{branch}{number}": "1\n"})
            repository.commit()


def test_a_shallow_checkout_is_deepened_until_it_knows(repository: Repository, tmp_path: Path) -> None:
    deep(repository, 12)
    shallow = repository.clone(tmp_path / "shallow", "--depth=1", "--branch=feature")
    assert shallow.git("rev-list", "--count", "HEAD") == "1"
    assert set(shallow.changes("origin/main")) == {f"feature{number}.py" for number in range(12)}
    assert set(shallow.changes(repository.git("rev-parse", "main"))) == {f"feature{number}.py" for number in range(12)}


def test_a_shallow_checkout_of_a_merge_needs_only_the_other_parent(repository: Repository, tmp_path: Path) -> None:
    deep(repository, 3)
    main = repository.git("rev-parse", "main")
    repository.git("checkout", "--quiet", "-b", "merged", "main")
    repository.git("merge", "--quiet", "--no-edit", "feature")
    shallow = repository.clone(tmp_path / "shallow", "--depth=1", "--branch=merged")
    assert set(shallow.changes(main, is_exact=True)) == {f"feature{number}.py" for number in range(3)}
    assert shallow.git("rev-list", "--count", "HEAD") == "1"


def test_a_whole_history_stays_whole(repository: Repository, tmp_path: Path) -> None:
    deep(repository, 3)
    clone = repository.clone(tmp_path / "clone", "--branch=feature", "--single-branch")
    assert len(clone.changes("origin/main")) == 3
    assert clone.git("rev-parse", "--is-shallow-repository") == "false"


def test_a_history_that_stays_too_shallow_is_said(repository: Repository, tmp_path: Path) -> None:
    deep(repository, 3)
    shallow = repository.clone(tmp_path / "shallow", "--depth=1", "--no-single-branch", "--branch=feature")
    shallow.git("remote", "set-url", "origin", str(tmp_path / "nowhere"))
    with pytest.raises(
        UnknownChangesError, match=r"too shallow to know what changed since origin/main.*fetch-depth: 0"
    ):
        shallow.changes("origin/main")


@pytest.mark.parametrize("ref", ["nosuch", "f" * 40, "--output=x", "-", "main:a.py", "", "origin/nosuch"])
def test_a_base_that_is_not_there_is_said(repository: Repository, ref: str) -> None:
    with pytest.raises(UnknownChangesError, match="not in this checkout"):
        repository.changes(ref)
    assert not (repository.folder / "x").exists()


def test_histories_with_nothing_in_common_are_said(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.write(other="1\n")
    repository.commit()
    with pytest.raises(UnknownChangesError, match="no commit in common"):
        repository.changes("main")


def test_outside_of_git_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UnknownChangesError, match="not a git repository"):
        changes_since(Base(ref="main"), tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnknownChangesError, match="No such file"):
        changes_since(Base(ref="main"), tmp_path)

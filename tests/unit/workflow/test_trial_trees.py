"""The work trees in which trials run."""

import time
from pathlib import Path

import pytest
from git_samples import git

from ci_toolkit.model.trial import NoTrialError
from ci_toolkit.suite.options import ShardOptions
from ci_toolkit.workflow.trial_trees import TrialTrees, tracked_now

LATER = time.time() + 3600


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "checkout"
    (folder / "tests").mkdir(parents=True)
    (folder / "a.py").write_text("1")
    (folder / "tests" / "test_a.py").write_text("1")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")
    return folder


def trees(checkout: Path, base: str = "", *, began_at: float = LATER, in_ci: bool = False) -> TrialTrees:
    return TrialTrees(checkout, base, tracked_now(checkout, in_ci=in_ci), began_at=began_at)


def options(folder: Path) -> ShardOptions:
    return ShardOptions(root=str(folder), folder=str(folder / "tests"), variables=(("A", "1"),))


def files(folder: str) -> dict[str, str]:
    paths = (path for path in Path(folder).rglob("*") if path.is_file() and path.name != ".git")
    return {str(path.relative_to(folder)): path.read_text() for path in paths}


def test_the_head_has_a_checkout_and_temporary_files_of_its_own_as_new_for_each_trial(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHERE", f"{checkout}/a.py")
    with trees(checkout) as made:
        for _ in range(2):
            there, moved = made.of_head(options(checkout))
            assert moved == (str(checkout.resolve()), there.root)
            assert there.folder == f"{there.root}/tests"
            assert files(there.root) == {"a.py": "1", "tests/test_a.py": "1"}
            (_, temporary) = there.variables[-1]
            assert there.variables == (("A", "1"), ("WHERE", f"{there.root}/a.py"), ("TMPDIR", temporary))
            assert list(Path(temporary).iterdir()) == []
            Path(there.root, "left").touch()
            Path(temporary, "left").touch()
    assert not Path(there.root).exists()
    assert not Path(temporary).exists()


@pytest.mark.parametrize(
    ("in_ci", "tracked"),
    [
        pytest.param(False, "2", id="a change that is not committed is part of the sources"),
        pytest.param(True, "1", id="in CI something else has made it"),
    ],
)
def test_the_clean_checkout_holds_what_the_run_had(checkout: Path, tracked: str, *, in_ci: bool) -> None:
    (checkout / "a.py").write_text("2")
    (checkout / "built.py").write_text("of a build")
    before = git(checkout, "status", "--porcelain")
    with trees(checkout, in_ci=in_ci) as made:
        there, _ = made.of_head(options(checkout))
        assert files(there.root) == {"a.py": tracked, "tests/test_a.py": "1", "built.py": "of a build"}
    assert git(checkout, "status", "--porcelain") == before
    assert git(checkout, "stash", "list") == ""


def test_what_came_since_the_tests_began_is_not_in_it(checkout: Path) -> None:
    (checkout / "left.txt").write_text("by a test")
    with trees(checkout, began_at=time.time() - 3600) as made:
        there, _ = made.of_head(options(checkout))
        assert "left.txt" not in files(there.root)


def test_what_tests_have_changed_of_tracked_files_is_not_in_it(checkout: Path) -> None:
    (checkout / "a.py").write_text("of the user")
    with trees(checkout) as made:
        (checkout / "a.py").write_text("of a test")
        there, _ = made.of_head(options(checkout))
        assert files(there.root)["a.py"] == "of the user"


def test_the_base_has_its_own_sources_and_nothing_that_was_built_of_others(checkout: Path) -> None:
    base = git(checkout, "rev-parse", "HEAD")
    (checkout / "a.py").write_text("2")
    git(checkout, "commit", "-qam", "two")
    (checkout / "built.py").write_text("of a build")
    with trees(checkout, base) as made:
        there, _ = made.of_base(options(checkout))
        assert files(there.root) == {"a.py": "1", "tests/test_a.py": "1"}


@pytest.mark.parametrize("times", [1, 2])
def test_where_there_can_be_none_it_is_said_each_time(tmp_path: Path, checkout: Path, times: int) -> None:
    with trees(checkout) as made, trees(tmp_path) as elsewhere:
        for _ in range(times):
            with pytest.raises(NoTrialError, match="the base cannot be tried: git does not know it here"):
                made.of_base(options(checkout))
            with pytest.raises(NoTrialError, match="none could be made: git rev-parse failed"):
                elsewhere.of_head(options(tmp_path))
            with pytest.raises(NoTrialError, match="none could be made: the tests lie outside of the repository"):
                made.of_head(options(tmp_path))


def test_where_nothing_is_committed_it_is_said(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    with trees(tmp_path) as made, pytest.raises(NoTrialError, match="none could be made: nothing is committed yet"):
        made.of_head(options(tmp_path))

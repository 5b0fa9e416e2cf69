import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from history_samples import DAY, ELSEWHERE, HERE, NOW, file_run, job, run_of
from hypothesis import given
from hypothesis import strategies as st

from ci_toolkit.history.locations import add_run, open_history
from ci_toolkit.history.sqlite import SqliteHistory
from ci_toolkit.history.store import KEPT_RUNS, DamagedHistoryError, HistoryError
from ci_toolkit.model.history import FileRun, RunRecord

MEMORY = Path(":memory:")


def kept(history: SqliteHistory, environment: str = HERE) -> list[FileRun]:
    return list(history.file_runs(environment, with_phases=True))


def test_what_is_added_is_what_comes_back() -> None:
    run = file_run({"test_a[é]": 1.5, "T::test_b": 0.25}, outcomes=".F", import_seconds=0.5)
    with SqliteHistory(MEMORY) as history:
        assert history.add(run_of(run), now=NOW) == 1
        assert kept(history) == [run]
        assert history.paths(HERE) == {"test_a.py"}
        assert history.paths(ELSEWHERE) == frozenset()


def test_merging_the_same_bundles_again_changes_nothing() -> None:
    run = run_of(file_run({"t": 1.0}, outcomes="F"), jobs=[job("k", actual=3.0, tests=1.0)])
    with SqliteHistory(MEMORY) as history:
        history.add(run, now=NOW)
        before = (kept(history), history.jobs(), history.incidents())
        assert history.add(run, now=NOW) == 0
        assert (kept(history), history.jobs(), history.incidents()) == before


def test_only_the_latest_runs_of_a_file_are_kept() -> None:
    with SqliteHistory(MEMORY) as history:
        for day in range(10):
            history.add(run_of(file_run({"t": day}, at=NOW + day)), now=NOW + day)
        assert [run.at - NOW for run in kept(history)] == [9.0, 8.0, 7.0, 6.0][:KEPT_RUNS]


def test_runs_of_one_test_do_not_push_out_what_is_known_of_the_others() -> None:
    with SqliteHistory(MEMORY) as history:
        history.add(run_of(file_run({"a": 1.0, "b": 2.0}, at=1.0)), now=NOW)
        for number in range(10):
            history.add(run_of(file_run({"a": 1.0}, at=2.0 + number, is_whole=False)), now=NOW)
        assert [run.tests for run in kept(history)] == [*[1] * KEPT_RUNS, 2]


runs_to_add = st.lists(
    st.builds(
        lambda path, at, key, whole, letter, environment: run_of(
            file_run({"t": at}, path=path, at=at, key=key, is_whole=whole, outcomes=letter), environment=environment
        ),
        st.sampled_from(["a.py", "b.py"]),
        st.integers(0, 5).map(float),
        st.sampled_from("klmnopq"),
        st.booleans(),
        st.sampled_from(["", "F"]),
        st.sampled_from([HERE, ELSEWHERE]),
    ),
    max_size=12,
    unique_by=lambda run: (run.files[0][0], run.files[0][1].path, run.files[0][1].key),
)


@given(runs_to_add, st.data())
def test_order_in_which_runs_are_merged_says_nothing(runs: list[RunRecord], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(runs))
    with SqliteHistory(MEMORY) as one, SqliteHistory(MEMORY) as other:
        for run in runs:
            one.add(run, now=NOW)
        for run in shuffled:
            other.add(run, now=NOW)
        for environment in (HERE, ELSEWHERE):
            assert kept(one, environment) == kept(other, environment)
        assert one.incidents() == other.incidents()


def test_clock_that_is_ahead_does_not_stay_the_latest() -> None:
    with SqliteHistory(MEMORY) as history:
        history.add(run_of(file_run({"t": 1.0}, at=NOW + 1e6, key="ahead")), now=NOW)
        history.add(run_of(file_run({"t": 2.0}, at=NOW + 1, key="later")), now=NOW + 1)
        assert [run.key for run in kept(history)] == ["later", "ahead"]


def test_file_that_a_whole_plan_no_longer_holds_is_forgotten_in_time() -> None:
    with SqliteHistory(MEMORY) as history:
        history.add(run_of(file_run({"t": 1.0}, path="gone.py", at=NOW)), now=NOW)
        after_a_week = run_of(file_run({"t": 1.0}, path="a.py"), suite=["a.py"])
        history.add(after_a_week, now=NOW + 7 * DAY)
        assert history.paths(HERE) == {"a.py", "gone.py"}  # another branch may have it still
        in_a_quarter = run_of(file_run({"t": 1.0}, path="a.py", at=NOW + 90 * DAY), suite=["a.py"])
        history.add(in_a_quarter, now=NOW + 90 * DAY)
        assert history.paths(HERE) == {"a.py"}


def test_part_of_the_suite_makes_no_file_look_gone() -> None:
    with SqliteHistory(MEMORY) as history:
        history.add(run_of(file_run({"t": 1.0}, path="other.py")), now=NOW)
        history.add(run_of(file_run({"t": 1.0}, path="a.py", at=NOW + 90 * DAY)), now=NOW + 90 * DAY)
        assert "other.py" in history.paths(HERE)


def test_tests_that_did_not_simply_pass_are_told() -> None:
    with SqliteHistory(MEMORY) as history:
        history.add(run_of(file_run(dict.fromkeys("abcdef", 1.0), outcomes=".FRs?E")), now=NOW)
        assert [(incident.suffix, incident.ended.value) for incident in history.incidents()] == [
            ("b", "F"),
            ("c", "R"),
            ("f", "E"),
        ]


def test_pruning_forgets_files_and_old_runs_and_says_how_many() -> None:
    with SqliteHistory(MEMORY) as history:
        history.add(run_of(file_run({"t": 1.0}, path="old.py", at=NOW - 100 * DAY)), now=NOW)
        history.add(run_of(file_run({"t": 1.0}, path="gone.py"), file_run({"t": 1.0}, path="a.py")), now=NOW)
        pruned = history.prune(gone=["gone.py"], before=NOW - 50 * DAY)
        assert (pruned.files, pruned.runs) == (2, 2)
        assert history.paths(HERE) == {"a.py"}


# --- files that are not what they should be ----------------------------------------------------------


def saved(path: Path, tests: int = 3) -> Path:
    run = run_of(*(file_run({f"test_{n}": 1.0 for n in range(tests)}, path=f"{n}.py") for n in range(50)))
    add_run(str(path), run, now=NOW)
    return path


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwrite(path: Path) -> None:
    path.write_text("<<<<<<< half a merge")


@pytest.mark.parametrize("damage", [truncate, overwrite])
def test_damaged_file_is_told_and_moved_aside_when_the_next_run_is_added(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    path = saved(tmp_path / "history.sqlite", tests=40)
    damage(path)
    left = path.read_bytes()
    with pytest.raises(DamagedHistoryError, match="damaged"), _opened(path) as store:
        list(store.file_runs(HERE))
    new, told = add_run(str(path), run_of(file_run({"t": 1.0})), now=NOW)
    assert new == 1
    assert "moved to" in told
    assert (tmp_path / "history.sqlite.damaged-1").read_bytes() == left
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["history.sqlite", "history.sqlite.damaged-1"]


def _opened(path: Path) -> SqliteHistory:
    store = open_history(str(path))
    assert isinstance(store, SqliteHistory)
    return store


def test_empty_file_is_a_new_history(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    path.touch()
    with _opened(path) as store:
        assert store.environments() == ()
    assert add_run(str(path), run_of(file_run({"t": 1.0})), now=NOW) == (1, "")


def test_other_version_is_refused_with_advice_and_never_touched(tmp_path: Path) -> None:
    path = saved(tmp_path / "history.sqlite")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 7")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(HistoryError, match=r"format version 7[\s\S]*not touched"):
        add_run(str(path), run_of(file_run({"t": 1.0})), now=NOW)
    with pytest.raises(HistoryError, match="format version 7"), _opened(path) as store:
        store.environments()
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["notes.txt", "app.db"])
def test_file_of_another_program_is_refused_and_never_touched(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith(".db"):
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE customers (id)")
        connection.close()
    else:
        path.write_text("my notes")
    before = path.read_bytes()
    with pytest.raises(HistoryError, match="not a history"):
        add_run(str(path), run_of(file_run({"t": 1.0})), now=NOW)
    assert path.read_bytes() == before


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="is not a file"):
        open_history(str(tmp_path))


def test_no_file_is_no_history_and_makes_none(tmp_path: Path) -> None:
    assert open_history(str(tmp_path / "history.sqlite")) is None
    assert not list(tmp_path.iterdir())

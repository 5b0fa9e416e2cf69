from collections.abc import Iterable
from pathlib import Path

import pytest
from history_samples import DAY, ELSEWHERE, HERE, NOW, file_run, job, run_of

from ci_toolkit.history.lookup import durations_of
from ci_toolkit.history.sqlite import SqliteHistory
from ci_toolkit.model.durations import Durations
from ci_toolkit.model.history import RunRecord
from ci_toolkit.model.suite import SuiteFile

SUITE = (SuiteFile(path="a.py", anchors=("test_a", "test_b")), SuiteFile(path="b.py", anchors=("test_c",)))
A = file_run({"test_a": 1.0, "test_b": 2.0}, path="a.py")
B = file_run({"test_c": 3.0}, path="b.py")


def looked_up(runs: Iterable[RunRecord], *, now: float = NOW, exists: bool = False) -> Durations:
    with SqliteHistory(Path(":memory:")) as history:
        for run in runs:
            history.add(run, now=NOW)
        return durations_of(SUITE, history, HERE, now=now, exists=lambda _: exists)


def kinds(durations: Durations) -> list[str]:
    return [note.kind for note in durations.notes]


def test_full_and_fresh_history_needs_no_words() -> None:
    found = looked_up([run_of(A, B)])
    assert [file.path for file in found.files] == ["a.py", "b.py"]
    assert (found.environment, found.notes) == (HERE, ())


def test_empty_history_is_told() -> None:
    found = looked_up([])
    assert (found.files, kinds(found)) == ((), ["no-history"])


def test_unknown_files_are_counted_and_named() -> None:
    found = looked_up([run_of(A)])
    assert kinds(found) == ["unknown-files"]
    assert found.notes[0].message == "no history of 1 of 2 files, so their times are estimates: b.py"


def test_stale_history_is_told_with_its_age() -> None:
    found = looked_up([run_of(A, B)], now=NOW + 41 * DAY)
    assert kinds(found) == ["stale-history"]
    assert "last recorded 41 days ago" in found.notes[0].message


def test_history_from_another_machine_is_used_and_told() -> None:
    found = looked_up([run_of(A, B, environment=ELSEWHERE)])
    assert (len(found.files), found.environment, kinds(found)) == (2, ELSEWHERE, ["other-environment"])
    assert found.notes[0].message == f"times from {ELSEWHERE} are used for 2 files: nothing was recorded on {HERE}"


def test_own_environment_comes_first_and_another_fills_in() -> None:
    slower = file_run({"test_a": 100.0, "test_b": 200.0}, path="a.py", at=NOW + 1)
    found = looked_up([run_of(A), run_of(slower, B, environment=ELSEWHERE)])
    assert [file.seconds for file in found.files] == [(1.0, 2.0), (3.0,)]
    assert found.notes[0].message.startswith(f"times from {ELSEWHERE} are used for 1 file: they were never recorded")


def test_renamed_file_takes_its_history_along_and_is_told() -> None:
    old = file_run({"test_a": 1.0, "test_b": 2.0}, path="was_a.py")
    found = looked_up([run_of(old, B)])
    assert [(file.path, file.seconds) for file in found.files] == [("a.py", (1.0, 2.0)), ("b.py", (3.0,))]
    assert kinds(found) == ["renamed-file"]
    assert "a.py (was was_a.py)" in found.notes[0].message


def test_file_that_is_still_there_was_not_renamed() -> None:
    old = file_run({"test_a": 1.0, "test_b": 2.0}, path="elsewhere/test_other.py")
    assert kinds(looked_up([run_of(old, B)], exists=True)) == ["unknown-files"]


def test_what_pytest_does_between_tests_is_counted_with_each() -> None:
    jobs = [job("a", actual=30.0, tests=20.0, between=6.0), job("b", actual=30.0, tests=20.0, between=6.0)]
    found = looked_up([run_of(A, B, jobs=jobs)])
    assert [file.seconds for file in found.files] == [(3.0, 4.0), (5.0,)]  # 6 s over 3 tests


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ([], None),
        (
            [job("a", actual=30.0, tests=20.0), job("b", actual=24.0, tests=20.0), job("c", actual=25.0, tests=20.0)],
            5.0,
        ),
        ([job("a", actual=30.0, tests=20.0), job("b", actual=1.0, tests=0.0, is_finished=False)], 10.0),
        ([job("a", actual=30.0, tests=20.0), job("absurd", actual=1e308, tests=0.0)], 10.0),
        ([job("xdist", actual=10.0, tests=38.0)], None),
    ],
)
def test_overhead_is_the_middle_of_what_finished_shards_took_beside_their_tests(
    jobs: list[object], expected: float | None
) -> None:
    found = looked_up([run_of(A, B, jobs=jobs)])  # type: ignore[arg-type]
    assert found.overhead_seconds == expected

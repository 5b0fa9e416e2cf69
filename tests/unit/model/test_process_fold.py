"""What one process says of itself while it runs, and how long it ran."""

from collections.abc import Sequence

import pytest
from journal_samples import (
    Journal,
    call,
    closed,
    collected,
    crashed,
    fold_attempt,
    fold_of,
    is_rerun,
    opened,
    outcomes,
    passes,
    setup,
    started,
    teardown,
    uncollectable,
)

from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.journal import (
    FileOpened,
    Selected,
)
from ci_toolkit.model.problem import Problem, ProblemKind
from ci_toolkit.model.process_fold import ProcessFold

ONE = collected("test_a.py", "test_a")


TWO = collected("test_a.py", "test_a", "test_b")


def test_a_process_knows_of_which_tests_it_said_that_another_died() -> None:
    fold = JournalFold(1)
    processes = fold_attempt(fold, {"gw0": [TWO, started(1)], "main": [crashed("test_a.py::test_b"), crashed("x.py")]})
    assert [test.node_id for test in processes["main"].died] == ["test_a.py::test_b"]
    assert processes["gw0"].died == []


@pytest.mark.parametrize(
    ("records", "importing", "is_collected"),
    [
        ([opened()], "", False),
        ([FileOpened(path="test_a.py")], "test_a.py", False),
        ([FileOpened(path="test_a.py"), FileOpened(path="test_b.py")], "test_b.py", False),
        ([FileOpened(path="test_a.py"), uncollectable("test_a.py")], "", False),
        ([FileOpened(path="test_a.py"), Selected(tests=0)], "", True),
    ],
)
def test_a_process_says_at_which_file_its_collection_stands(
    records: Journal, importing: str, *, is_collected: bool
) -> None:
    process = fold_attempt(JournalFold(1), {"main": records})["main"]
    assert (process.importing, process.is_collected) == (importing, is_collected)


@pytest.mark.parametrize(
    ("records", "running", "has_begun"),
    [
        ([], [], False),
        ([started(0)], ["test_a"], True),
        ([started(0), setup(0), call(0)], ["test_a"], True),
        (passes(0), [], True),
        ([*passes(0), started(1)], ["test_b"], True),
        ([started(0), *is_rerun(0)], ["test_a"], True),
        ([started(0), *is_rerun(0), setup(0), call(0), teardown(0)], [], True),
        ([started(1), teardown(0)], ["test_b"], True),
        ([started(1), teardown(0), teardown(1)], [], True),
        ([started(7)], [], True),
    ],
)
def test_a_process_says_which_test_is_at_work(records: Journal, running: list[str], *, has_begun: bool) -> None:
    process = fold_attempt(JournalFold(1), {"main": [TWO, *records]})["main"]
    assert [test.suffix for test in (process.running,) if test is not None] == running
    assert process.has_begun_a_test == has_begun


def test_a_record_is_about_the_test_that_it_numbers() -> None:
    process = ProcessFold(JournalFold(1), "journal/1-main.jsonl")
    assert process.take(collected("test_a.py", "test_a", "test_b", first=4)) is None
    test = process.tests[5]
    assert [process.take(record) for record in (started(5), setup(5), crashed("test_a.py::test_b"))] == [test] * 3
    assert [process.take(record) for record in (started(6), setup(6), crashed("x.py"), closed())] == [None] * 4


def test_a_process_is_whose_it_first_said() -> None:
    process = fold_attempt(JournalFold(1), {"main": [opened(at=5.0), opened(at=4.0), closed(1)]})["main"]
    assert process.opened == opened(at=5.0)
    assert process.closed == closed(1)


def test_the_shard_began_when_its_first_process_did() -> None:
    assert JournalFold(1).started_at == 0.0
    assert fold_of({"gw0": [opened(at=6.0)], "main": [opened(at=5.0)]}, {"main": [opened(at=7.0)]}).started_at == 5.0


@pytest.mark.parametrize("at", [-1.0, 1e11, float("inf"), float("nan")])
def test_what_began_at_no_time_is_damage_and_counts_for_no_time(at: float) -> None:
    fold = fold_of({"main": [opened(at=at), TWO, *passes(0, at=at), *passes(1, at=3.0)]})
    message = f"journal/1-main.jsonl tells of something that began at {at!r}, which is no time"
    assert fold.problems == [Problem(kind=ProblemKind.JOURNAL_DAMAGED, message=message, shard=1)] * 2
    assert (fold.started_at, fold.running_seconds) == (0.0, 0.75)
    assert outcomes(fold) == [("test_a.py::test_a", "passed"), ("test_a.py::test_b", "passed")]


@pytest.mark.parametrize("at", [0.0, 0.5, 99_999_999_999.5])
def test_a_clock_that_is_wrong_tells_a_time(at: float) -> None:
    fold = fold_of({"main": [opened(at=at), ONE, *passes(0, at=at)]})
    assert (fold.problems, fold.started_at) == ([], at)


def test_a_last_start_at_no_time_adds_only_what_its_test_took() -> None:
    fold = fold_of({"main": [TWO, *passes(0, at=3.0), *passes(1, at=1e12)]})
    assert fold.running_seconds == 0.75


@pytest.mark.parametrize(
    ("journals", "seconds"),
    [
        ([[TWO]], 0.0),
        ([[TWO, *passes(0, at=100.0)]], 0.75),  # what its three phases took
        ([[TWO, *passes(0, at=100.0), *passes(1, at=104.0)]], 4.75),
        ([[TWO, *passes(0, at=100.0), started(1, at=104.0)]], 4.0),
        ([[TWO, *passes(0, at=100.0), started(9, at=104.0)]], 4.0),
        ([[TWO, *passes(0, at=104.0), *passes(1, at=100.0)]], 0.75),  # a clock that was set back
        ([[TWO, *passes(0, at=100.0)], [TWO, *passes(1, at=500.0)]], 1.5),
        ([[TWO, *passes(0, at=0.0), *passes(1, at=2.0)]], 2.75),
        ([[TWO, *passes(0, at=100.0), *passes(1, at=100.5)]], 1.25),
        ([[TWO, *passes(0, at=100.5), *passes(1, at=100.0)]], 0.75),
        ([[TWO, *passes(0, at=0.0), *passes(1, at=1e11)]], 0.75),  # a last start at no time
        ([[TWO, *passes(0, at=-1.0)]], 0.0),
    ],
)
def test_a_process_runs_tests_from_its_first_start_to_the_end_of_its_last(
    journals: Sequence[Journal], seconds: float
) -> None:
    assert fold_of({f"gw{n}": journal for n, journal in enumerate(journals)}).running_seconds == seconds

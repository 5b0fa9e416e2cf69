from collections import Counter
from collections.abc import Sequence

import pytest
from journal_samples import (
    Attempt,
    Journal,
    call,
    closed,
    collected,
    crashed,
    fails,
    fold_attempt,
    fold_of,
    is_rerun,
    outcomes,
    passes,
    phase,
    setup,
    started,
    teardown,
    uncollectable,
)

from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.journal import (
    CollectedTest,
    FileCollected,
    JournalRecord,
    Selected,
)
from ci_toolkit.model.journal_end import Executed, Stop
from ci_toolkit.model.problem import Problem, ProblemKind
from ci_toolkit.model.process_fold import ProcessFold

ONE = collected("test_a.py", "test_a")
TWO = collected("test_a.py", "test_a", "test_b")
NAMESAKES = collected("test_a.py", "test_a", "test_a", "test_a")


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        ([{"main": [TWO, *passes(0), *fails(1)]}], ["passed", "failed"]),
        ([{"main": [TWO, *passes(1)]}], ["", "passed"]),
        ([{"main": [TWO, *passes(0), started(1)]}, {"main": [collected("test_a.py", "test_b"), *passes(0)]}],
         ["passed", "passed"]),
        ([{"gw0": [TWO, *passes(0)], "gw1": [TWO, *fails(1)]}], ["passed", "failed"]),
        ([{"gw0": [TWO, *passes(0), started(1)], "gw1": [TWO]}, {"main": [collected("test_a.py", "test_b")]}],
         ["passed", ""]),
    ],
)  # fmt: skip
def test_tests_keep_their_records_over_processes_and_attempts(attempts: Sequence[Attempt], expected: list[str]) -> None:
    assert [outcome for _, outcome in outcomes(fold_of(*attempts))] == expected


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        # Of one process: each namesake by its turn.
        ([{"main": [NAMESAKES, *passes(0), *fails(1), *passes(2)]}], ["passed", "failed", "passed"]),
        ([{"main": [ONE, collected("test_a.py", "test_a", first=1), *passes(0), *fails(1)]}], ["passed", "failed"]),
        # Of two workers: both know all of them.
        ([{"gw0": [NAMESAKES, *passes(0)], "gw1": [NAMESAKES, *passes(2), *fails(1)]}], ["passed", "failed", "passed"]),
        # Of a second attempt: it has those that are not over, in their order.
        ([{"main": [NAMESAKES, *passes(0)]}, {"main": [collected("test_a.py", "test_a", "test_a"), *fails(1)]}],
         ["passed", "", "failed"]),
        ([{"main": [NAMESAKES, *passes(1)]}, {"main": [collected("test_a.py", "test_a", "test_a"), *fails(0)]}],
         ["failed", "passed", ""]),
        ([{"main": [NAMESAKES, *passes(1)]}, {"gw0": [collected("test_a.py", "test_a", "test_a"), *fails(0)],
                                              "gw1": [collected("test_a.py", "test_a", "test_a"), *passes(1)]}],
         ["failed", "passed", "passed"]),
        # Of a third.
        ([{"main": [NAMESAKES, *passes(1)]}, {"main": [collected("test_a.py", "test_a", "test_a"), *fails(0)]},
          {"main": [collected("test_a.py", "test_a"), *passes(0)]}],
         ["failed", "passed", "passed"]),
        # One more than before is a new test.
        ([{"main": [NAMESAKES, *passes(0)]},
          {"main": [collected("test_a.py", "test_a", "test_a", "test_a"), *passes(0), *passes(1), *fails(2)]}],
         ["passed", "passed", "passed", "failed"]),
        ([{"main": [NAMESAKES, *passes(0), *passes(1), *passes(2)]},
          {"main": [collected("test_a.py", "test_a", "test_a"), *passes(0), *fails(1)]}],
         ["passed", "passed", "passed", "passed", "failed"]),
        ([{"main": [ONE]}, {"main": [NAMESAKES, *passes(1)]}], ["", "passed", ""]),
        ([{"main": [ONE, *passes(0)]}, {"main": [ONE, *fails(0)]}], ["passed", "failed"]),
    ],
)  # fmt: skip
def test_namesakes_are_as_many_tests_as_pytest_collects(attempts: Sequence[Attempt], expected: list[str]) -> None:
    assert outcomes(fold_of(*attempts)) == [("test_a.py::test_a", outcome) for outcome in expected]


def test_namesakes_that_a_later_attempt_finds_first_are_as_many() -> None:
    fold = fold_of(
        {"main": [collected("test_b.py", "test_b"), *passes(0)]},
        {"main": [NAMESAKES, *passes(0), *fails(1), *passes(2)]},
    )
    assert [outcome for _, outcome in outcomes(fold)] == ["passed", "passed", "failed", "passed"]


def test_namesakes_are_of_one_file() -> None:
    fold = fold_of({"main": [ONE, collected("test_b.py", "test_a", first=1), *fails(1)]})
    assert outcomes(fold) == [("test_a.py::test_a", ""), ("test_b.py::test_a", "failed")]


def test_numbers_of_a_file_hold_where_the_record_before_it_is_lost() -> None:
    fold = fold_of({"main": [collected("test_b.py", "test_b", first=5), *passes(5)]})
    assert outcomes(fold) == [("test_b.py::test_b", "passed")]


def test_open_are_the_tests_that_no_process_ended() -> None:
    fold = fold_of({"main": [NAMESAKES, *passes(0), started(1), setup(1), *is_rerun(2)]})
    assert [test.is_over for test in fold.tests()] == [True, False, False]
    assert [*fold.open_tests()] == [*fold.tests()][1:]


@pytest.mark.parametrize(
    ("critical", "expected"),
    [((), [False, False]), ((0,), [True, False]), ((1,), [False, True]), ((-1, 2, 99), [False, False])],
)
def test_mission_critical_tests_are_named_by_their_turn_in_the_file(
    critical: tuple[int, ...], expected: list[bool]
) -> None:
    fold = fold_of({"main": [collected("test_a.py", "test_a", "test_b", first=3, critical=critical)]})
    assert [test.is_critical for test in fold.tests()] == expected


def test_a_category_of_the_file_is_that_of_its_tests() -> None:
    tests = (CollectedTest(suffix="test_a"), CollectedTest(suffix="test_b", category="e2e"))
    fold = fold_of({"main": [FileCollected(path="test_a.py", first=0, tests=tests, category="unit")]})
    assert [test.category for test in fold.tests()] == ["unit", "e2e"]


# --- damage -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "journal",
    [
        [TWO, *passes(0), *passes(0)],
        [TWO, *passes(0), started(0)],
        [TWO, started(0), setup(0, "failed", message="no"), teardown(0), started(0)],
    ],
)
def test_a_test_that_begins_after_it_was_over_ran_twice(journal: Journal) -> None:
    message = "test_a.py::test_a ran twice in shard 1"
    assert fold_of({"main": journal}).problems == [Problem(kind=ProblemKind.RAN_TWICE, message=message, shard=1)]


@pytest.mark.parametrize(
    "attempts",
    [
        [{"main": [TWO, started(0), started(0)]}],
        [{"main": [TWO, started(0), *is_rerun(0), started(0), setup(0), call(0), teardown(0)]}],
        [{"main": [TWO, started(0), setup(0)]}, {"main": [TWO, *passes(0)]}],
        [{"main": [NAMESAKES, *passes(0), *passes(1), *passes(2)]}],
    ],
)
def test_a_test_that_was_not_over_may_begin_again(attempts: Sequence[Attempt]) -> None:
    assert fold_of(*attempts).problems == []


def test_two_workers_that_both_run_a_test_ran_it_twice() -> None:
    fold = fold_of({"gw0": [TWO, *passes(1)], "gw1": [TWO, *passes(1)]})
    assert [problem.kind for problem in fold.problems] == ["ran-twice"]


def test_a_test_that_was_never_named_is_damage_told_once_a_number() -> None:
    fold = fold_of({"main": [ONE, *passes(7), *passes(0), started(8), phase(8, "call")], "gw0": [call(7)]})
    assert [problem.message for problem in fold.problems] == [
        "journal/1-main.jsonl tells of test number 7, which it never named",
        "journal/1-main.jsonl tells of test number 8, which it never named",
        "journal/1-gw0.jsonl tells of test number 7, which it never named",
    ]
    assert {problem.kind for problem in fold.problems} == {ProblemKind.JOURNAL_DAMAGED}
    assert {problem.shard for problem in fold.problems} == {1}
    assert outcomes(fold) == [("test_a.py::test_a", "passed")]


def test_a_problem_is_of_its_shard() -> None:
    fold = JournalFold(3)
    fold_attempt(fold, {"main": [call(7)]})
    assert [problem.shard for problem in fold.problems] == [3]


def test_what_is_no_record_has_no_fold() -> None:
    process = ProcessFold(JournalFold(1), "journal/1-main.jsonl")
    with pytest.raises(AssertionError, match=r"^the fold does not know the record str$"):
        process.take("a line")  # type: ignore[arg-type]


# --- deaths -------------------------------------------------------------------------------------


def test_a_death_ends_the_test_that_was_at_work() -> None:
    fold = fold_of({"main": [NAMESAKES, *passes(0), started(1)], "supervisor": [crashed("test_a.py::test_a")]})
    assert [outcome for _, outcome in outcomes(fold)] == ["passed", "error", ""]
    assert fold.crashed_files == {}


def test_deaths_of_namesakes_in_two_attempts_are_two() -> None:
    death = {"supervisor": [crashed("test_a.py::test_a")]}
    fold = fold_of(
        {"main": [NAMESAKES, started(0)], **death},
        {"main": [collected("test_a.py", "test_a", "test_a"), *passes(0), started(1)], **death},
    )
    assert [outcome for _, outcome in outcomes(fold)] == ["error", "passed", "error"]


@pytest.mark.parametrize(
    ("journal", "death", "files"),
    [
        ([ONE], crashed("test_a.py::test_a"), []),  # it never began
        ([ONE, *passes(0)], crashed("test_a.py::test_a"), []),  # it was over
        ([ONE, started(0)], crashed("test_b.py::test_b"), []),  # nobody knows it
        ([ONE, started(0)], crashed("test_a.py::test_b", path="test_b.py"), []),
        ([ONE, started(0)], crashed("test_b.py"), ["test_b.py"]),
        ([ONE, started(0)], crashed("a::b/test_b.py", path="a::b/test_b.py"), ["a::b/test_b.py"]),
    ],
)
def test_a_death_that_is_no_tests_is_a_files_or_nobodys(
    journal: Journal, death: JournalRecord, files: list[str]
) -> None:
    fold = fold_of({"main": [*journal, death]})
    assert [*fold.crashed_files] == files
    assert not any(test.has_failed for test in fold.tests())


def test_a_death_at_an_item_that_is_its_file_is_the_items() -> None:
    fold = fold_of({"main": [collected("style.txt", ""), started(0), crashed("style.txt")]})
    assert outcomes(fold) == [("style.txt", "error")]
    assert fold.crashed_files == {}


def test_the_account_of_a_files_crash_is_kept() -> None:
    death = crashed("test_b.py", "killed by SIGSEGV during import", detail="the end of the output")
    assert fold_of({"supervisor": [death]}).crashed_files == {"test_b.py": death}


def test_a_death_is_of_a_test_collected_after_an_earlier_death() -> None:
    first: Attempt = {"main": [ONE, started(0), crashed("test_a.py::test_a")]}
    second: Attempt = {"main": [collected("test_b.py", "test_b"), started(0), crashed("test_b.py::test_b")]}
    assert outcomes(fold_of(first, second)) == [("test_a.py::test_a", "error"), ("test_b.py::test_b", "error")]


# --- files --------------------------------------------------------------------------------------


def test_a_file_is_what_its_first_account_says() -> None:
    fold = fold_of({"main": [TWO, *passes(0)]}, {"main": [collected("test_a.py", "test_b")]})
    assert fold.files == {"test_a.py": TWO}


@pytest.mark.parametrize(
    ("accounts", "kept"),
    [
        (["skipped"], 0),
        (["failed"], 0),
        (["skipped", "failed"], 1),
        (["failed", "skipped"], 0),
        (["failed", "failed"], 0),
        (["skipped", "skipped"], 1),
    ],
)
def test_a_file_that_failed_in_one_process_failed(accounts: list[str], kept: int) -> None:
    records = [uncollectable("test_a.py", outcome, f"number {n}") for n, outcome in enumerate(accounts)]
    fold = fold_of({f"gw{n}": [record] for n, record in enumerate(records)})
    assert fold.uncollectable == {"test_a.py": records[kept]}


@pytest.mark.parametrize(
    ("journal", "has_failures"),
    [
        ([TWO, *passes(0), *passes(1)], False),
        ([TWO, *passes(0), *fails(1)], True),
        ([TWO, started(0), *is_rerun(0)], False),
        ([TWO, started(0), setup(0, "skipped"), teardown(0)], False),
        ([TWO, uncollectable("test_b.py")], True),
        ([TWO, uncollectable("test_b.py", "skipped")], False),
        ([TWO, uncollectable("test_b.py"), uncollectable("test_c.py", "skipped")], True),
        ([TWO, crashed("test_b.py")], True),
        ([TWO, started(0), crashed("test_a.py::test_a")], True),
    ],
)
def test_a_shard_has_failures_where_a_test_or_a_file_failed(journal: Journal, *, has_failures: bool) -> None:
    assert fold_of({"main": journal}).has_failures() == has_failures


# --- processes ----------------------------------------------------------------------------------


def test_why_pytest_stopped_is_kept_where_it_says_so() -> None:
    stopped = closed(2, stop=Stop.FAILURES, reason="stopping after 1 failures")
    fold = fold_of({"main": [stopped]}, {"main": [closed()]}, {"main": [stopped]})
    assert fold.stops == ["stopping after 1 failures"] * 2


def test_the_first_word_on_a_source_counts() -> None:
    first, second = Executed(files=(("a.py", "1"), ("b.py", "2"))), Executed(files=(("a.py", "9"), ("c.py", "3")))
    assert fold_of({"main": [first]}, {"main": [second]}).sources == {"a.py": "1", "b.py": "2", "c.py": "3"}


def test_files_that_came_after_the_plan_are_named_once_however_many_processes_saw_them() -> None:
    fold = fold_of(
        {
            "gw0": [Selected(tests=0, unplanned=("late.py", "later.py"))],
            "gw1": [Selected(tests=0, unplanned=("latest.py", "late.py"))],
        }
    )
    assert [*fold.unplanned] == ["late.py", "later.py", "latest.py"]


def test_a_file_is_known_once_it_was_collected_or_somebody_says_why_not() -> None:
    fold = fold_of(
        {"main": [ONE, uncollectable("test_b.py", "skipped"), uncollectable("test_c.py::T"), crashed("d.py")]}
    )
    known = [fold.knows_file(path) for path in ("test_a.py", "test_b.py", "test_c.py", "d.py", "e.py")]
    assert known == [True, True, False, True, False]


def test_tests_come_in_the_order_of_their_collection() -> None:
    fold = fold_of({"gw0": [collected("test_b.py", "test_1", "test_0")], "gw1": [ONE]}, {"main": [TWO]})
    assert Counter(test.node_id for test in fold.tests()).total() == 4
    assert [test.node_id for test in fold.tests()] == [
        "test_b.py::test_1",
        "test_b.py::test_0",
        "test_a.py::test_a",
        "test_a.py::test_b",
    ]

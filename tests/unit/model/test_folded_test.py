from collections.abc import Sequence

import pytest
from journal_samples import (
    call,
    collected,
    crashed,
    fold_of,
    fold_one,
    is_rerun,
    passes,
    phase,
    setup,
    started,
    teardown,
)

from ci_toolkit.model.folded_test import FoldedTest
from ci_toolkit.model.journal import CollectedTest, Failure, JournalRecord, When
from ci_toolkit.model.result import Outcome, PhaseFailure, UnrunSubtest

START: JournalRecord = started(0)
SETUP: JournalRecord = setup(0)
CALL: JournalRecord = call(0)
TEARDOWN: JournalRecord = teardown(0)
CRASH: JournalRecord = crashed("test_a.py::test_a")


@pytest.mark.parametrize(
    ("records", "outcome"),
    [
        ([START, SETUP, CALL, TEARDOWN], "passed"),
        ([START, SETUP, call(0, "failed", message="no"), TEARDOWN], "failed"),
        ([START, SETUP, call(0, "failed"), TEARDOWN], "failed"),
        ([START, setup(0, "failed", message="no"), TEARDOWN], "error"),
        ([START, SETUP, CALL, teardown(0, "failed", message="no")], "error"),
        ([START, SETUP, call(0, "failed", message="no"), teardown(0, "failed", message="no")], "failed"),
        ([START, setup(0, "skipped", reason="why"), TEARDOWN], "skipped"),
        ([START, SETUP, call(0, "skipped", reason="why"), TEARDOWN], "skipped"),
        ([START, SETUP, call(0, "xfailed", reason="why"), TEARDOWN], "xfailed"),
        ([START, setup(0, "xfailed", reason="why"), TEARDOWN], "xfailed"),
        ([START, SETUP, call(0, "xpassed", reason="why"), TEARDOWN], "xpassed"),
        ([START, SETUP, call(0, "skipped"), teardown(0, "failed", message="no")], "error"),
        ([START, SETUP, call(0, "xfailed"), teardown(0, "skipped")], "skipped"),
        ([START, SETUP, call(0, "failed", message="no", subtest="[i=1]"), CALL, TEARDOWN], "failed"),
        ([START, SETUP, call(0, "skipped", reason="why", subtest="[i=1]"), CALL, TEARDOWN], "passed"),
        ([START, SETUP, call(0, "xfailed", subtest="[i=1]"), CALL, TEARDOWN], "passed"),
        ([START, SETUP, call(0, "passed", subtest="[i=1]"), CALL, TEARDOWN], "passed"),
        ([START, *is_rerun(0), SETUP, CALL, TEARDOWN], "passed"),
        ([START, *is_rerun(0), *is_rerun(0), SETUP, call(0, "failed", message="no"), TEARDOWN], "failed"),
        ([START, setup(0, "rerun", message="no"), TEARDOWN, SETUP, CALL, TEARDOWN], "passed"),
        ([START, SETUP, CALL, teardown(0, "rerun", message="no"), SETUP, CALL, TEARDOWN], "passed"),
        ([START, SETUP, call(0, "rerun", message="no"), CALL, TEARDOWN], "passed"),  # as pytest-retry has it
        ([START, SETUP, call(0, "rerun", message="no"), call(0, "failed", message="no"), TEARDOWN], "failed"),
        ([START, SETUP, CRASH], "error"),
        ([START, SETUP, call(0, "failed", message="no"), CRASH], "failed"),
        ([START, setup(0, "skipped"), CRASH], "error"),
        ([START, *is_rerun(0), SETUP, CRASH], "error"),
    ],
)
def test_records_of_a_test_amount_to_one_outcome(records: Sequence[JournalRecord], outcome: str) -> None:
    test = fold_one(records)
    assert test.is_over
    assert test.has_outcome
    assert test.outcome == test.result().outcome == outcome
    assert test.has_failed == test.outcome.is_failure


@pytest.mark.parametrize(
    ("records", "is_over"),
    [
        ([], False),
        ([START], False),
        ([START, SETUP], False),
        ([START, SETUP, CALL], False),
        ([START, setup(0, "skipped")], False),
        ([START, SETUP, call(0, "xfailed")], False),
        ([START, *is_rerun(0)], False),
        ([START, *is_rerun(0), SETUP, CALL], False),
        ([START, SETUP, TEARDOWN], True),
        ([TEARDOWN], True),
        ([START, setup(0, "skipped", subtest="[i=1]"), TEARDOWN], True),
        ([START, *is_rerun(0), SETUP, TEARDOWN], True),
    ],
)
def test_a_test_without_all_its_phases_has_no_outcome(records: Sequence[JournalRecord], *, is_over: bool) -> None:
    test = fold_one(records)
    assert not test.has_outcome
    assert not test.has_failed
    assert test.is_over == is_over


@pytest.mark.parametrize(
    "records",
    [
        [START, setup(0, "failed", message="no")],
        [START, SETUP, call(0, "failed", message="no")],
        [START, SETUP, call(0, "failed", message="no", subtest="[i=1]")],
        [START, *is_rerun(0), SETUP, call(0, "failed", message="no")],
    ],
)
def test_a_failure_is_an_outcome_at_once_though_its_test_is_not_over(records: Sequence[JournalRecord]) -> None:
    test = fold_one(records)
    assert test.has_outcome
    assert test.has_failed
    assert not test.is_over
    assert test.outcome.is_failure


def test_a_failure_keeps_its_phase_subtest_and_text() -> None:
    records = [
        START,
        SETUP,
        call(0, "failed", message="assert 1 == 2", subtest="[i=1]"),
        call(0, "failed", reason="it says no"),
        teardown(0, "failed", message="left open"),
    ]
    in_subtest, in_call, in_teardown = fold_one(records).result().failures
    first = Failure(message="assert 1 == 2", detail="traceback of assert 1 == 2")
    assert in_subtest == PhaseFailure(when=When.CALL, failure=first, subtest="[i=1]")
    assert in_call == PhaseFailure(when=When.CALL, failure=Failure(message="it says no"))
    last = Failure(message="left open", detail="traceback of left open")
    assert in_teardown == PhaseFailure(when=When.TEARDOWN, failure=last)


def test_a_test_that_failed_before_it_passed_is_flaky_and_keeps_each_earlier_failure() -> None:
    result = fold_one([START, *is_rerun(0, "one"), *is_rerun(0, "two"), SETUP, CALL, TEARDOWN]).result()
    assert result.is_flaky
    assert [(rerun.when, rerun.failure.message) for rerun in result.reruns] == [("call", "one"), ("call", "two")]
    assert result.failures == ()


def test_seconds_are_those_of_the_last_try() -> None:
    first = [phase(0, "setup", seconds=8.0), phase(0, "call", "rerun", seconds=8.0), phase(0, "teardown", seconds=8.0)]
    last = [phase(0, "setup", seconds=1.0), phase(0, "call", seconds=2.0), phase(0, "teardown", seconds=4.0)]
    result = fold_one([START, *first, *last]).result()
    assert (result.setup_seconds, result.call_seconds, result.teardown_seconds) == (1.0, 2.0, 4.0)


def test_a_try_that_is_not_set_up_anew_took_the_setup_of_the_first() -> None:
    again = [
        phase(0, "setup", seconds=1.0),
        phase(0, "call", "rerun", seconds=8.0),
        phase(0, "call", seconds=2.0),
        TEARDOWN,
    ]
    result = fold_one([START, *again]).result()
    assert (result.setup_seconds, result.call_seconds) == (1.0, 2.0)
    assert result.is_flaky


@pytest.mark.parametrize(
    ("says", "took"),
    [(0.0, 0.0), (2.0, 2.0), (1e9, 1e9), (1e9 + 1, 0.0), (-0.5, 0.0), (float("inf"), 0.0), (float("nan"), 0.0)],
)
def test_what_no_test_can_take_counts_for_nothing(says: float, took: float) -> None:
    assert fold_one([START, SETUP, phase(0, "call", seconds=says), TEARDOWN]).result().call_seconds == took


def test_a_try_without_a_call_takes_no_seconds_of_the_try_before() -> None:
    records = [
        START,
        SETUP,
        phase(0, "call", seconds=8.0),
        teardown(0, "rerun", message="no"),
        setup(0, "failed", message="no"),
        TEARDOWN,
    ]
    result = fold_one(records).result()
    assert (result.setup_seconds, result.call_seconds, result.teardown_seconds) == (0.25, 0.0, 0.25)


def test_a_try_that_died_takes_no_seconds_of_the_try_before() -> None:
    result = fold_one([START, *is_rerun(0), SETUP, CALL, TEARDOWN, *is_rerun(0), SETUP, CRASH]).result()
    assert (result.setup_seconds, result.call_seconds, result.teardown_seconds) == (0.25, 0.0, 0.0)


def test_seconds_of_a_subtest_are_part_of_its_tests_call() -> None:
    records = [START, SETUP, phase(0, "call", subtest="[i=1]", seconds=8.0), phase(0, "call", seconds=9.0), TEARDOWN]
    assert fold_one(records).result().call_seconds == 9.0


def test_phases_that_never_came_took_no_time() -> None:
    result = fold_one([START, CRASH]).result()
    assert (result.setup_seconds, result.call_seconds, result.teardown_seconds) == (0.0, 0.0, 0.0)
    assert result.properties == ()


def test_the_last_account_of_a_death_replaces_those_before() -> None:
    fold = fold_of({"main": [collected("test_a.py", "test_a"), START, call(0, "failed", message="no")]})
    fold.take_crash(crashed("test_a.py::test_a", "its worker died"))
    fold.take_crash(crashed("test_a.py::test_a", "ran over its time limit of 2 s", detail="stacks"))
    (test,) = fold.tests()
    failed, died = test.result().failures
    assert failed.failure.message == "no"
    assert died == PhaseFailure(
        when=When.SETUP,
        failure=Failure(message="ran over its time limit of 2 s", detail="stacks", path="test_a.py"),
    )


@pytest.mark.parametrize(
    ("records", "is_at_work"),
    [
        ([], False),
        ([START], True),
        ([START, SETUP, CALL], True),
        ([START, SETUP, CALL, TEARDOWN], False),
        ([START, SETUP, call(0, "failed", message="no"), TEARDOWN], False),
        ([START, *is_rerun(0)], True),
        ([START, CRASH], False),
    ],
)
def test_a_test_is_at_work_from_its_start_until_it_is_over(
    records: Sequence[JournalRecord], *, is_at_work: bool
) -> None:
    assert fold_one(records).is_at_work == is_at_work


@pytest.mark.parametrize(
    ("records", "is_plain", "was_rerun"),
    [
        ([*passes(0)], True, False),
        ([START, SETUP, call(0, "skipped"), TEARDOWN], False, False),
        ([START, *is_rerun(0), SETUP, CALL, TEARDOWN], False, True),
        ([START, CRASH], False, False),
    ],
)
def test_a_plain_test_passed_at_its_first_try(
    records: Sequence[JournalRecord], *, is_plain: bool, was_rerun: bool
) -> None:
    test = fold_one(records)
    assert (test.is_plain, test.was_rerun) == (is_plain, was_rerun)


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([START, setup(0, "skipped", reason="no database"), TEARDOWN], "no database"),
        ([START, SETUP, call(0, "xfailed", reason="a bug"), teardown(0, "failed", reason="later")], "a bug"),
        ([START, SETUP, call(0, "skipped", reason="a subtest's", subtest="[i=1]"), CALL, TEARDOWN], ""),
        ([*passes(0)], ""),
        ([START, CRASH], ""),
    ],
)
def test_the_reason_is_of_the_first_phase_that_did_not_simply_pass(
    records: Sequence[JournalRecord], reason: str
) -> None:
    assert fold_one(records).result().reason == reason


@pytest.mark.parametrize("outcome", ["skipped", "xfailed"])
def test_subtests_that_did_not_run_are_told_beside_the_outcome_of_their_test(outcome: str) -> None:
    result = fold_one([START, SETUP, call(0, outcome, reason="why", subtest="(i=1)"), CALL, TEARDOWN]).result()
    unrun = UnrunSubtest(subtest="(i=1)", outcome=Outcome(outcome), reason="why")
    assert (result.outcome, result.unrun_subtests, result.is_plain) == ("passed", (unrun,), False)


def test_properties_come_with_the_teardown() -> None:
    records = [START, SETUP, CALL, phase(0, "teardown", properties=(("ticket", "7"),))]
    assert fold_one(records).result().properties == (("ticket", "7"),)


@pytest.mark.parametrize(
    ("own", "of_file", "category"), [("", "unit", "unit"), ("e2e", "unit", "e2e"), ("e2e", "", "e2e"), ("", "", "")]
)
def test_a_tests_own_category_goes_before_its_files(own: str, of_file: str, category: str) -> None:
    test = FoldedTest("test_a.py", CollectedTest(suffix="test_a", category=own), of_file)
    assert test.category == test.result().category == category


@pytest.mark.parametrize(("location", "path"), [("", "test_a.py"), ("base.py", "base.py")])
def test_an_inherited_test_is_shown_where_it_is_defined(location: str, path: str) -> None:
    result = FoldedTest("test_a.py", CollectedTest(suffix="T::test", line=7, location=location), "").result()
    assert (result.node_id, result.path, result.line) == ("test_a.py::T::test", path, 7)


def test_an_item_that_is_its_file_goes_by_the_path_alone() -> None:
    test = FoldedTest("style.txt", CollectedTest(suffix=""), "")
    assert (test.node_id, test.suffix) == ("style.txt", "")


def test_a_result_says_whether_its_test_is_mission_critical() -> None:
    test = fold_one(passes(0))
    assert not test.result().is_critical
    test.is_critical = True
    assert test.result().is_critical
    assert test.outcome is Outcome.PASSED

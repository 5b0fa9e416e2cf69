import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from bundle_samples import bundle_of, journal_of, leave_bundle, plan_of, seals_of, told, write_card
from journal_samples import (
    Attempt,
    collected,
    crashed,
    fails,
    is_rerun,
    opened,
    passes,
    setup,
    started,
    teardown,
    uncollectable,
)

from ci_toolkit.merge.journals import CHUNK_BYTES, LONGEST_LINE
from ci_toolkit.merge.results import BundleReading
from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.journal import Failure, Opened, When
from ci_toolkit.model.record import encode
from ci_toolkit.model.result import Outcome, PhaseFailure, TestResult
from ci_toolkit.model.verdict import LostTest

PLAN = plan_of(["test_a.py"], ["test_b.py"])
TWO = collected("test_a.py", "test_1", "test_2")


def read(results: Path, *attempts: Attempt) -> BundleReading:
    leave_bundle(results, PLAN, 1, *attempts)
    return BundleReading(bundle_of(results, PLAN))


def outcomes(reading: BundleReading) -> list[tuple[str, str]]:
    return [(result.node_id, str(result.outcome)) for result in reading.results()]


def damaged(results: Path, damage: Callable[[Path], object], *, is_sealed_after: bool = False) -> BundleReading:
    """Read a bundle of two tests that passed, with damage done to its journal."""
    folder = leave_bundle(results, PLAN, 1, {"main": [TWO, *passes(0), *passes(1)]})
    damage(journal_of(folder))
    if is_sealed_after:
        write_card(folder, PLAN, 1)
    return BundleReading(bundle_of(results, PLAN))


# --- what became of tests -----------------------------------------------------------------------


def test_every_test_with_an_outcome_has_one_result(tmp_path: Path) -> None:
    reading = read(tmp_path, {"main": [TWO, *passes(0), *fails(1)]})
    assert outcomes(reading) == [("test_a.py::test_1", "passed"), ("test_a.py::test_2", "failed")]
    assert [*reading.without_outcome("why")] == []
    assert reading.problems == []


def test_attempts_are_read_by_number_and_processes_of_one_together(tmp_path: Path) -> None:
    namesakes = collected("test_a.py", "test_1", "test_1")
    first: Attempt = {"gw0": [namesakes, *passes(0)], "gw1": [namesakes, started(1)], "main": []}
    deaths: list[Attempt] = [{"main": []}] * 8
    rest = collected("test_a.py", "test_1")
    reading = read(tmp_path, first, *deaths, {"gw0": [rest, *fails(0)], "gw1": [rest], "main": []})
    assert outcomes(reading) == [("test_a.py::test_1", "passed"), ("test_a.py::test_1", "failed")]
    assert [*reading.without_outcome("why")] == []
    assert reading.problems == []


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([], "never ran (why)"),
        ([started(0)], "was running when its process ended (why)"),
        ([started(0), *is_rerun(0)], "was running when its process ended (why)"),
        ([started(0), setup(0), teardown(0)], "was set up and torn down, and its call never ran"),
    ],
)
def test_a_test_without_an_outcome_is_lost_by_name(tmp_path: Path, records: Sequence[object], reason: str) -> None:
    reading = read(tmp_path, {"main": [collected("test_a.py", "test_1", critical=(0,)), *records]})  # type: ignore[list-item]
    lost = LostTest(node_id="test_a.py::test_1", shard=1, reason=reason, is_critical=True)
    assert [*reading.without_outcome("why")] == [lost]
    assert [*reading.results()] == []


def test_a_test_that_failed_is_not_lost_although_its_process_died_then(tmp_path: Path) -> None:
    reading = read(tmp_path, {"main": [TWO, *fails(0)[:3], crashed("x.py")]})
    assert outcomes(reading) == [("test_a.py::test_1", "failed")]
    assert [lost.node_id for lost in reading.without_outcome("why")] == ["test_a.py::test_2"]


def test_each_process_counts_for_the_time_that_tests_took(tmp_path: Path) -> None:
    reading = read(tmp_path, {"gw0": [TWO, *passes(0)], "gw1": [TWO, *passes(1)], "main": []})
    assert reading.fold.running_seconds == 1.5


# --- what became of files -----------------------------------------------------------------------


def test_a_file_that_cannot_be_imported_is_one_error(tmp_path: Path) -> None:
    reading = read(tmp_path, {"main": [uncollectable("test_a.py", is_critical=True)]})
    failure = PhaseFailure(when=When.SETUP, failure=Failure(message="ImportError: no"))
    assert [*reading.results_of_files()] == [
        TestResult(
            node_id="test_a.py",
            path="test_a.py",
            line=0,
            category="",
            outcome=Outcome.ERROR,
            failures=(failure,),
            setup_seconds=0.5,
        )
    ]


@pytest.mark.parametrize("is_critical", [False, True])
def test_a_file_that_skipped_itself_is_one_skip_with_its_reason(tmp_path: Path, *, is_critical: bool) -> None:
    record = uncollectable("test_a.py::T", "skipped", "needs a GPU", is_critical=is_critical)
    reading = read(tmp_path, {"main": [record]})
    assert [*reading.results_of_files()] == [
        TestResult(
            node_id="test_a.py::T",
            path="test_a.py",
            line=0,
            category="",
            outcome=Outcome.SKIPPED,
            is_critical=is_critical,
            reason="needs a GPU",
            setup_seconds=0.5,
        )
    ]


def test_a_file_whose_import_killed_the_process_is_one_error(tmp_path: Path) -> None:
    death = crashed("test_a.py", "killed by SIGSEGV during import", detail="the end of the output")
    reading = read(tmp_path, {"main": [], "supervisor": [death]})
    failure = Failure(message="killed by SIGSEGV during import", detail="the end of the output", path="test_a.py")
    assert [*reading.results_of_files()] == [
        TestResult(
            node_id="test_a.py",
            path="test_a.py",
            line=0,
            category="",
            outcome=Outcome.ERROR,
            failures=(PhaseFailure(when=When.SETUP, failure=failure),),
        )
    ]
    assert reading.problems == []  # a supervisor's journal begins with what it has to say


# --- damage -------------------------------------------------------------------------------------

MAIN = "shard-1/journal/1-main.jsonl"
NOT_ITS_OWN = f"{MAIN} is not the journal that its shard wrote: "


def replace(old: bytes, new: bytes, count: int = -1) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(path.read_bytes().replace(old, new, count))


@pytest.mark.parametrize(
    ("damage", "wrong"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-5]), "it is cut short, "),
        (lambda path: path.write_bytes(path.read_bytes() + encode(started(0)) + b"\n"), "lines were added to it"),
        (
            lambda path: path.write_bytes(path.read_bytes() + encode(started(0)) + b"\n" + b" " * 3 * CHUNK_BYTES),
            "lines were added to it",
        ),
        (replace(b'"i":1', b'"i":0', 1), "its digest differs"),
    ],
)
def test_a_journal_that_is_not_what_the_card_seals_is_damaged(
    tmp_path: Path, damage: Callable[[Path], object], wrong: str
) -> None:
    problems = told(damaged(tmp_path, damage).problems)
    assert ("journal-damaged", NOT_ITS_OWN + wrong) in [
        (kind, text[: len(NOT_ITS_OWN + wrong)]) for kind, text in problems
    ]


def test_a_record_longer_than_what_is_read_at_once_is_one_line(tmp_path: Path) -> None:
    folder = leave_bundle(tmp_path, PLAN, 1, {"main": [TWO, *fails(0, "x" * 3 * CHUNK_BYTES), *passes(1)]})
    journal_of(folder).write_bytes(journal_of(folder).read_bytes() + b"no record\n")
    write_card(folder, PLAN, 1)
    reading = BundleReading(bundle_of(tmp_path, PLAN))
    assert outcomes(reading) == [("test_a.py::test_1", "failed"), ("test_a.py::test_2", "passed")]
    ((_, message),) = told(reading.problems)
    lines = journal_of(folder).read_bytes().count(b"\n")
    assert message.startswith(f"{MAIN} line {lines} is garbled: ")


def test_a_line_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    def lengthen(path: Path) -> None:
        os.truncate(path, path.stat().st_size + LONGEST_LINE + 2 * CHUNK_BYTES)

    reading = damaged(tmp_path, lengthen)
    ((_, message),) = told(reading.problems)
    assert message.endswith(f" is longer than {LONGEST_LINE} bytes")
    assert len(outcomes(reading)) == 2


def test_what_a_dying_process_left_of_its_last_record_is_no_damage(tmp_path: Path) -> None:
    reading = damaged(tmp_path, lambda path: path.write_bytes(path.read_bytes() + b'{"t":"star'))
    assert reading.problems == []
    assert len(outcomes(reading)) == 2


@pytest.mark.parametrize("garbage", [b'{"t":"st\rart"}', b"\xff", b"{", b'{"t":"phase"}', b"[" * 5000])
def test_a_garbled_line_costs_that_line_alone_and_is_named(tmp_path: Path, garbage: bytes) -> None:
    start = encode(started(0)) + b"\n"
    reading = damaged(tmp_path, replace(start, garbage + b"\n" + start), is_sealed_after=True)
    ((kind, message),) = told(reading.problems)
    assert kind == "journal-damaged"
    assert message.startswith(f"{MAIN} line 3 is garbled: ")
    assert len(outcomes(reading)) == 2


@pytest.mark.parametrize("garbage", [b"{", encode(collected("x.py"))])
def test_after_a_first_line_that_is_no_beginning_the_rest_still_counts(tmp_path: Path, garbage: bytes) -> None:
    def damage(path: Path) -> None:
        path.write_bytes(garbage + b"\n" + path.read_bytes().partition(b"\n")[2])

    reading = damaged(tmp_path, damage, is_sealed_after=True)
    ((kind, message),) = told(reading.problems)
    assert kind == "journal-damaged"
    assert message.startswith((f"{MAIN} line 1 is garbled: ", f"{MAIN} does not begin as a journal does"))
    assert len(outcomes(reading)) == 2


def test_an_empty_journal_is_damaged(tmp_path: Path) -> None:
    reading = damaged(tmp_path, lambda path: path.write_bytes(b""), is_sealed_after=True)
    assert told(reading.problems) == [("journal-damaged", f"{MAIN} is empty")]


@pytest.mark.parametrize(("sealed", "problems"), [(b"", []), (b"x\n", [("journal-damaged", f"{MAIN} is empty")])])
def test_a_shard_that_was_stopped_before_it_wrote_left_no_damage(
    tmp_path: Path, sealed: bytes, problems: list[tuple[str, str]]
) -> None:
    folder = leave_bundle(tmp_path, PLAN, 1, {"main": [TWO]})
    journal = journal_of(folder)
    journal.write_bytes(sealed)
    write_card(folder, PLAN, 1, state=ShardState.STOPPED)
    journal.write_bytes(b"")
    assert told(BundleReading(bundle_of(tmp_path, PLAN)).problems)[:1] == problems


def begin_as(record: Opened) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(encode(record) + b"\n" + path.read_bytes().partition(b"\n")[2])


@pytest.mark.parametrize(
    ("record", "whose"),
    [
        (opened(plan_id="0" * 64), f"attempt 1 of shard 1 of plan {'0' * 12}"),
        (opened(plan_id=PLAN.plan_id, shard=2), f"attempt 1 of shard 2 of plan {PLAN.plan_id[:12]}"),
        (opened(plan_id=PLAN.plan_id, attempt=2), f"attempt 2 of shard 1 of plan {PLAN.plan_id[:12]}"),
    ],
)
def test_a_journal_of_another_plan_shard_or_attempt_does_not_count(tmp_path: Path, record: Opened, whose: str) -> None:
    reading = damaged(tmp_path, begin_as(record), is_sealed_after=True)
    assert told(reading.problems) == [("journal-of-another-plan", f"{MAIN} is of {whose}")]
    assert [problem.shard for problem in reading.problems] == [1]
    assert outcomes(reading) == []
    assert reading.fold.files == {}


def test_a_journal_of_another_format_does_not_count(tmp_path: Path) -> None:
    reading = damaged(tmp_path, replace(b'"schema":1', b'"schema":99', 1), is_sealed_after=True)
    message = f"{MAIN} has format version 99; this ci-toolkit reads version 1"
    assert told(reading.problems) == [("journal-damaged", message)]
    assert outcomes(reading) == []


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("2-main.jsonl", "which the shard did not write"),
        ("1-gw0.jsonl", "which the shard did not write"),
        ("1-main.jsonl.orig", "which is no journal"),
        ("0-main.jsonl", "which is no journal"),
        ("1-someone.jsonl", "which is no journal"),
    ],
)
def test_a_file_among_the_journals_that_is_none_of_them_does_not_count(tmp_path: Path, name: str, what: str) -> None:
    def copy(path: Path) -> None:
        path.with_name(name).write_bytes(path.read_bytes())

    reading = damaged(tmp_path, copy)
    assert told(reading.problems) == [("journal-unknown", f"shard-1/journal holds {name!r}, {what}")]
    assert len(outcomes(reading)) == 2


def test_a_journal_that_is_gone_is_missing(tmp_path: Path) -> None:
    reading = damaged(tmp_path, Path.unlink)
    assert told(reading.problems) == [("journal-missing", f"{MAIN} is missing")]


def test_a_journal_folder_that_is_a_link_holds_nothing(tmp_path: Path) -> None:
    def move(path: Path) -> None:
        path.parent.rename(tmp_path / "elsewhere")
        path.parent.symlink_to(tmp_path / "elsewhere")

    reading = damaged(tmp_path, move)
    assert told(reading.problems) == [("journal-missing", f"{MAIN} is missing")]
    assert outcomes(reading) == []


def test_a_journal_that_is_a_pipe_or_a_link_is_not_read(tmp_path: Path) -> None:
    folder = leave_bundle(tmp_path, PLAN, 1, {"main": [TWO], "gw0": [TWO]})
    journal_of(folder).rename(tmp_path / "elsewhere")
    journal_of(folder).symlink_to(tmp_path / "elsewhere")
    journal_of(folder, "1-gw0.jsonl").unlink()
    os.mkfifo(journal_of(folder, "1-gw0.jsonl"))
    reading = BundleReading(bundle_of(tmp_path, PLAN))
    texts = [message for _, message in told(reading.problems)]
    assert any(text.startswith("shard-1/journal/1-gw0.jsonl cannot be read: ") for text in texts)
    assert any(text.startswith(f"{MAIN} cannot be read: ") for text in texts)
    assert {kind for kind, _ in told(reading.problems)} == {"journal-damaged"}


def test_a_record_that_makes_no_sense_among_sound_ones_is_damage_of_its_shard(tmp_path: Path) -> None:
    folder = leave_bundle(tmp_path, PLAN, 2, {"main": [collected("test_b.py", "test_1"), *passes(99)]})
    reading = BundleReading(bundle_of(tmp_path, PLAN, 2))
    assert seals_of(folder)
    message = "shard-2/journal/1-main.jsonl tells of test number 99, which it never named"
    assert told(reading.problems) == [("journal-damaged", message)]
    assert [problem.shard for problem in reading.problems] == [2]


def test_a_test_that_two_workers_ran_ran_twice(tmp_path: Path) -> None:
    reading = read(tmp_path, {"gw0": [TWO, *passes(0)], "gw1": [TWO, *passes(0)], "main": []})
    assert told(reading.problems) == [("ran-twice", "test_a.py::test_1 ran twice in shard 1")]


def test_the_journals_of_a_killed_shard_count_although_nothing_seals_them(tmp_path: Path) -> None:
    journal = [TWO, *passes(0), started(1)]
    leave_bundle(tmp_path, PLAN, 1, {"main": journal}, state=ShardState.RUNNING, journals=())
    reading = BundleReading(bundle_of(tmp_path, PLAN))
    assert reading.problems == []
    assert outcomes(reading) == [("test_a.py::test_1", "passed")]
    assert [lost.node_id for lost in reading.without_outcome("why")] == ["test_a.py::test_2"]


def test_the_order_until_a_test_is_that_of_its_process(tmp_path: Path) -> None:
    tests = collected("test_a.py", "test_1", "test_2", "test_3")
    reading = read(tmp_path, {"gw0": (tests, *passes(1), *passes(0)), "gw1": (tests, *passes(2))})
    assert reading.order_until("test_a.py::test_1") == ("test_a.py::test_2", "test_a.py::test_1")
    assert reading.order_until("test_a.py::test_3") == ("test_a.py::test_3",)
    assert reading.order_until("test_a.py::test_4") == ()

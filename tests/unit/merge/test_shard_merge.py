from pathlib import Path
from typing import Any

import msgspec
import pytest
from bundle_samples import bundle_of, leave_bundle, piece, plan_of, told
from journal_samples import (
    Journal,
    call,
    closed,
    collected,
    crashed,
    fails,
    is_rerun,
    passes,
    phase,
    piece_of,
    setup,
    started,
    teardown,
    uncollectable,
)

from ci_toolkit.merge.shard_files import FileState
from ci_toolkit.merge.shard_merge import ShardMerge, add_files, merge_shard
from ci_toolkit.model.bundle import ShardState, StopKind
from ci_toolkit.model.journal import Selected
from ci_toolkit.model.journal_end import Stop
from ci_toolkit.model.merged import CategoryClash, CriticalTest
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.verdict import Counts

PLAN = plan_of(["test_a.py", "test_b.py"])
TWO = collected("test_a.py", "test_1", "test_2")
ONE_OPEN = (TWO, uncollectable("test_b.py", "skipped"), *passes(0), started(1))


def merge_of(
    results: Path,
    *records: Any,
    plan: Plan = PLAN,
    critical: frozenset[str] = frozenset(),
    learns: bool = False,
    **card: Any,
) -> ShardMerge:
    leave_bundle(results, plan, 1, {"main": records}, **card)
    return merge_shard(bundle_of(results, plan), plan.shard(1), results / "1.xml", critical, learns)


def test_a_shard_amounts_to_its_tests_and_what_they_took(tmp_path: Path) -> None:
    merge = merge_of(tmp_path, TWO, collected("test_b.py", first=2), *passes(0), *fails(1), closed(1))
    assert merge.counts == Counts(total=2, passed=1, failed=1)
    assert (merge.seconds, merge.started_at) == (1.5, 1000.0)
    assert (merge.shard.index, merge.shard.state, merge.shard.tests) == (1, ShardState.FINISHED, 2)
    assert (merge.shard.actual_seconds, merge.shard.tests_seconds) == (9.0, 1.5)
    assert [failure.node_id for failure in merge.failures] == ["test_a.py::test_2"]
    assert [slow.node_id for slow in merge.slowest] == ["test_a.py::test_1", "test_a.py::test_2"]
    assert (merge.lost, merge.left_out, merge.problems, merge.stops) == ((), (), (), ())
    assert Path(merge.fragment).read_text().count("<testcase ") == 2


def test_what_pytest_does_between_tests_and_at_import_is_part_of_what_they_took(tmp_path: Path) -> None:
    files = [msgspec.structs.replace(TWO, import_seconds=2.0), collected("test_b.py", first=2)]
    merge = merge_of(tmp_path, *files, *passes(0, at=1000.0), *passes(1, at=1004.0))
    assert merge.shard.tests_seconds == 6.75


@pytest.mark.parametrize(
    ("card", "why"),
    [
        ({}, "the journal is cut short: the shard itself says that it finished"),
        ({"state": ShardState.RUNNING, "journals": ()}, "the shard was killed"),
        ({"state": ShardState.BROKEN, "reason": "the disk is full"}, "the shard broken: the disk is full"),
        (
            {"state": ShardState.STOPPED, "reason": "SIGTERM", "stopped_by": StopKind.SIGNAL},
            "the shard stopped: SIGTERM",
        ),
        ({"state": ShardState.STOPPED, "reason": "unknown"}, "the shard stopped: unknown"),
        ({"state": ShardState.BROKEN, "reason": "x", "stopped_by": StopKind.BUDGET}, "the shard broken: x"),
    ],
)
def test_what_has_no_outcome_is_lost_and_the_end_of_the_shard_says_why(
    tmp_path: Path, card: dict[str, Any], why: str
) -> None:
    merge = merge_of(tmp_path, TWO, *passes(0), started(1), critical=frozenset({"test_b.py"}), **card)
    in_flight, unseen = merge.lost
    assert (in_flight.node_id, in_flight.shard) == ("test_a.py::test_2", 1)
    assert in_flight.reason == f"was running when its process ended ({why})"
    assert (unseen.node_id, unseen.shard) == ("test_b.py", 1)
    assert unseen.reason == f"planned for shard 1 and never collected ({why})"
    assert (in_flight.is_critical, unseen.is_critical) == (False, True)
    assert merge.counts == Counts(total=3, passed=1, lost=2)
    assert merge.left_out == ()
    assert merge.shard.stopped_by is StopKind.NOBODY


@pytest.mark.parametrize("kind", [kind for kind in StopKind if kind.is_by_rule])
def test_what_never_began_under_a_rule_that_stopped_the_shard_is_left_out(tmp_path: Path, kind: StopKind) -> None:
    merge = merge_of(tmp_path, TWO, *passes(0), state=ShardState.STOPPED, reason="a rule", stopped_by=kind)
    assert [left.node_id for left in merge.left_out] == ["test_a.py::test_2", "test_b.py"]
    assert [left.reason for left in merge.left_out] == [
        "never ran (the shard stopped: a rule)",
        "planned for shard 1 and never collected (the shard stopped: a rule)",
    ]
    assert merge.lost == ()
    assert merge.counts == Counts(total=3, passed=1, left_out=2)
    assert merge.shard.stopped_by is kind


def test_a_file_that_the_plan_gives_to_nobody_here_is_a_problem(tmp_path: Path) -> None:
    merge = merge_of(
        tmp_path, TWO, collected("test_b.py", first=2), collected("test_c.py", "test_1", first=2), *passes(2)
    )
    message = "shard 1 ran 'test_c.py', which the plan does not give it"
    assert told(merge.problems) == [("ran-unplanned", message)]
    assert [problem.shard for problem in merge.problems] == [1]


@pytest.mark.parametrize("number", [0, 2])
def test_a_piece_that_the_plan_gives_to_another_shard_is_a_problem(tmp_path: Path, number: int) -> None:
    plan = plan_of([piece("test_a.py", 1)], [piece("test_a.py", 2)])
    record = piece_of("test_a.py", number, ["test_1"], ["test_1"])
    merge = merge_of(tmp_path, record, *passes(0), plan=plan)
    assert told(merge.problems) == [("ran-unplanned", "shard 1 ran 'test_a.py', which the plan does not give it")]


def test_a_file_that_came_after_the_plan_is_a_problem(tmp_path: Path) -> None:
    merge = merge_of(
        tmp_path, TWO, collected("test_b.py", first=2), Selected(tests=2, unplanned=("late.py",)), *passes(0)
    )
    message = "'late.py' is in no shard: it came after the plan was made; plan again with it in place"
    assert told(merge.problems) == [("file-unplanned", message)]
    assert [problem.shard for problem in merge.problems] == [1]


@pytest.mark.parametrize(
    ("also", "is_empty"), [({}, True), ({"deselected": 1}, False), ({"removed": 1}, False), ({"piece": 1}, False)]
)
def test_a_planned_file_without_tests_is_named(tmp_path: Path, also: dict[str, int], *, is_empty: bool) -> None:
    plan = plan_of([piece("test_b.py", 1)]) if "piece" in also else PLAN
    merge = merge_of(tmp_path, TWO, msgspec.structs.replace(collected("test_b.py", first=2), **also), plan=plan)
    assert merge.empty_files == (("test_b.py",) if is_empty else ())


@pytest.mark.parametrize(
    ("broken", "empty"), [("test_b.py::T", ()), ("test_b.py2::T", ("test_b.py",))], ids=["its own", "a like name's"]
)
def test_a_file_whose_only_class_cannot_be_collected_is_not_without_tests(
    tmp_path: Path, broken: str, empty: tuple[str, ...]
) -> None:
    merge = merge_of(tmp_path, TWO, collected("test_b.py", first=2), uncollectable(broken))
    assert merge.empty_files == empty


@pytest.mark.parametrize(
    ("records", "state", "tests"),
    [
        ([TWO], FileState.COLLECTED, 2),
        ([TWO, crashed("test_a.py")], FileState.COLLECTED, 2),
        ([crashed("test_a.py"), uncollectable("test_a.py", "skipped")], FileState.FAILED, 0),
        ([uncollectable("test_a.py")], FileState.FAILED, 0),
        ([uncollectable("test_a.py", "skipped")], FileState.SKIPPED, 0),
        ([uncollectable("test_a.py::T")], FileState.UNSEEN, 0),
        ([], FileState.UNSEEN, 0),
    ],
)
def test_each_planned_file_is_accounted_for(tmp_path: Path, records: Journal, state: FileState, tests: int) -> None:
    account, other = merge_of(tmp_path, *records).files
    assert (account.path, account.state, account.tests, account.piece) == ("test_a.py", state, tests, 0)
    assert other.state is FileState.UNSEEN


def test_a_piece_is_accounted_for_with_what_the_whole_file_holds(tmp_path: Path) -> None:
    plan = plan_of([piece("test_a.py", 1)], [piece("test_a.py", 2)])
    record = piece_of("test_a.py", 1, ["test_1"], ["test_1", "test_2", "test_3"])
    record = msgspec.structs.replace(record, deselected=1, removed=2, added=1)
    (account,) = merge_of(tmp_path, record, plan=plan).files
    assert (account.piece, account.tests, account.piece_total) == (1, 3, 1)
    assert (account.claims_digest, account.ids_digest) == (record.claims_digest, record.ids_digest)


def test_mission_critical_tests_that_were_kept_from_their_work_are_named(tmp_path: Path) -> None:
    file = collected("test_a.py", "test_1", "test_2", critical=(0, 1))
    file = msgspec.structs.replace(file, deselected=2, critical_left_out=("test_3",))
    skips = (started(0), setup(0, "skipped", reason="no database"), teardown(0))
    merge = merge_of(tmp_path, file, collected("test_b.py", first=2), *skips, *passes(1))
    assert merge.critical == (
        CriticalTest(node_id="test_a.py::test_1", how="skipped", reason="no database"),
        CriticalTest(node_id="test_a.py::test_3", how="deselected"),
    )
    assert merge.deselected == 2


def test_tests_of_two_categories_are_named(tmp_path: Path) -> None:
    file = msgspec.structs.replace(TWO, clashes=((1, "is marked e2e and unit"), (2, "no such test"), (-1, "nor this")))
    merge = merge_of(tmp_path, file, *passes(0), *passes(1))
    assert merge.clashes == (CategoryClash(node_id="test_a.py::test_2", what="is marked e2e and unit"),)


def test_a_flaky_test_is_named_and_why_pytest_stopped_is_kept(tmp_path: Path) -> None:
    retried = (started(0), *is_rerun(0), setup(0), call(0), teardown(0))
    merge = merge_of(tmp_path, TWO, *retried, closed(2, stop=Stop.EXIT, reason="Exit: enough"))
    assert [flaky.message for flaky in merge.flaky] == ["at first"]
    assert merge.stops == ("Exit: enough",)


def test_files_without_tests_are_handed_on_and_added_once_it_is_known_whose_they_are(tmp_path: Path) -> None:
    merge = merge_of(tmp_path, TWO, uncollectable("test_b.py"), *passes(0), *fails(1))
    assert merge.counts == Counts(total=2, passed=1, failed=1)
    (file,) = merge.without_tests
    added = add_files(merge, [file])
    assert added.counts == Counts(total=3, passed=1, failed=1, errors=1)
    assert added.shard.tests == 3
    assert [failure.node_id for failure in added.failures] == ["test_b.py", "test_a.py::test_2"]
    assert added.seconds == merge.seconds + 0.5
    assert Path(added.fragment).read_text().count("<testcase ") == 3


def test_a_mission_critical_file_that_skipped_itself_is_named(tmp_path: Path) -> None:
    merge = merge_of(tmp_path, TWO, uncollectable("test_b.py", "skipped", "not here", is_critical=True), *passes(0))
    added = add_files(merge, merge.without_tests)
    assert added.critical == (CriticalTest(node_id="test_b.py", how="skipped", reason="not here"),)


def test_history_learns_only_where_it_is_kept_and_nothing_from_a_bundle_with_problems(tmp_path: Path) -> None:
    journal = (TWO, collected("test_b.py", first=2), *passes(0), *passes(1))
    taught = merge_of(tmp_path / "kept", *journal, learns=True)
    assert [run.path for run in taught.learned] == ["test_a.py", "test_b.py"]
    assert taught.job is not None
    assert (taught.job.shard, taught.job.tests, taught.job.is_finished) == (1, 2, True)
    for merge in (
        merge_of(tmp_path / "not-kept", *journal),
        merge_of(tmp_path / "doubtful", *journal, *passes(9), learns=True),
        merge_of(tmp_path / "unplanned", *journal, collected("test_c.py", first=2), learns=True),
    ):
        assert (merge.learned, merge.job) == ((), None)


def test_history_learns_whole_microseconds(tmp_path: Path) -> None:
    phases = (
        phase(0, when, "passed", seconds=seconds)
        for when, seconds in (("setup", 0.1), ("call", 0.2000004), ("teardown", 0.3))
    )
    (run,) = merge_of(tmp_path, collected("test_a.py", "test_1"), started(0), *phases, learns=True).learned
    assert (run.seconds, run.setup, run.teardown) == (b"[0.6]", b"[0.1]", b"[0.3]")


def test_the_card_says_how_the_shard_ended(tmp_path: Path) -> None:
    merge = merge_of(tmp_path, *ONE_OPEN, state=ShardState.BROKEN, reason="why", unexplained_exit="pytest died")
    assert (merge.shard.state, merge.shard.reason) == (ShardState.BROKEN, "why")
    assert merge.shard.unexplained_exit == "pytest died"

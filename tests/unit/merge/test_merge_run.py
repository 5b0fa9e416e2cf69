import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from bundle_samples import halves, leave_bundle, merged, piece, plan_of
from journal_samples import Attempt, collected, fails, passes, uncollectable

from ci_toolkit.merge.merge import merge_run
from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.history import RunRecord
from ci_toolkit.model.plan import PlanNote, Unit
from ci_toolkit.model.verdict import Counts

PLAN = plan_of(["test_a.py"], ["test_b.py"])
FIRST: Attempt = {"main": [collected("test_a.py", "test_1", "test_2"), *passes(0), *fails(1)]}
SECOND: Attempt = {"main": [collected("test_b.py", "test_1"), *passes(0)]}


def test_a_run_is_all_its_shards_together(tmp_path: Path) -> None:
    leave_bundle(tmp_path / "results", PLAN, 1, FIRST)
    leave_bundle(tmp_path / "results", PLAN, 2, SECOND)
    heard: list[str] = []
    run = merge_run(PLAN, tmp_path / "results", tmp_path / "out", tell=heard.append)
    assert heard == ["merging 2 of 2 bundles"]
    assert run.counts == Counts(total=3, passed=2, failed=1)
    assert [shard.index for shard in run.shards] == [1, 2]
    assert (run.lost, run.problems, run.notes, run.history) == ((), (), (), RunRecord())
    root = ET.fromstring((tmp_path / "out" / "junit.xml").read_bytes())
    assert [(suite.attrib["name"], suite.attrib["tests"]) for suite in root] == [("shard-1", "2"), ("shard-2", "1")]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["junit.xml"]


def test_a_shard_without_a_bundle_is_missing_and_all_that_it_was_to_run_is_lost(tmp_path: Path) -> None:
    plan = plan_of(["test_a.py"], ["test_b.py", "test_c.py"])
    leave_bundle(tmp_path / "results", plan, 1, FIRST)
    run = merged(tmp_path / "results", plan)
    assert run.counts == Counts(total=4, passed=1, failed=1, lost=2)
    assert [(lost.node_id, lost.shard) for lost in run.lost] == [("test_b.py", 2), ("test_c.py", 2)]
    assert {lost.reason for lost in run.lost} == {"shard 2 left no bundle that counts"}
    missing = run.shards[1]
    assert (missing.state, missing.reason) == (ShardState.MISSING, "no bundle that counts came back")
    assert (missing.tests, missing.actual_seconds) == (0, 0.0)


def test_what_is_lost_with_a_shard_counts_in_tests_where_past_runs_know_them_and_each_file_once(tmp_path: Path) -> None:
    cut = halves("test_c.py", ["test_1"], ["test_2", "test_3"])
    known = [Unit(path="test_b.py", estimated_seconds=1.0, tests=17), Unit(path="test_d.py", estimated_seconds=1.0)]
    plan = plan_of(
        [*known, Unit(path="test_c.py", estimated_seconds=1.0, piece=1, pieces=2, tests=1)],
        [Unit(path="test_c.py", estimated_seconds=1.0, piece=2, pieces=2, tests=2)],
        cuts=[cut],
    )
    (tmp_path / "results").mkdir()
    run = merged(tmp_path / "results", plan)
    assert {lost.node_id: (lost.tests, lost.shard) for lost in run.lost} == {
        "test_b.py": (17, 1),
        "test_d.py": (0, 1),
        "test_c.py": (3, 1),
    }
    assert run.counts == Counts(total=21, lost=21)
    (cut_file,) = [lost for lost in run.lost if lost.node_id == "test_c.py"]
    assert cut_file.reason == "shard 1 left no bundle that counts; more of the file on shard 2"


@pytest.mark.parametrize(
    ("accounts", "counts", "owner"),
    [
        (["failed", "failed"], Counts(total=1, errors=1), 1),
        (["skipped", "failed"], Counts(total=1, errors=1), 2),
        (["failed", "skipped"], Counts(total=1, errors=1), 1),
        (["skipped", "skipped"], Counts(total=1, skipped=1), 1),
    ],
)
def test_a_cut_file_that_no_shard_can_import_is_one_error_of_one_file(
    tmp_path: Path, accounts: list[str], counts: Counts, owner: int
) -> None:
    cut = halves("test_a.py", ["test_1"], ["test_2"])
    plan = plan_of([piece("test_a.py", 1)], [piece("test_a.py", 2)], cuts=[cut])
    for index, outcome in enumerate(accounts, start=1):
        leave_bundle(tmp_path / "results", plan, index, {"main": [uncollectable("test_a.py", outcome)]})
    run = merged(tmp_path / "results", plan)
    assert run.counts == counts
    assert [shard.tests for shard in run.shards] == [int(owner == 1), int(owner == 2)]
    assert len(run.failures) == counts.errors


def test_the_slowest_of_all_shards_come_first(tmp_path: Path) -> None:
    leave_bundle(tmp_path / "results", PLAN, 1, FIRST)
    leave_bundle(tmp_path / "results", PLAN, 2, SECOND)
    slowest = merged(tmp_path / "results", PLAN).slowest
    assert [slow.node_id for slow in slowest] == ["test_a.py::test_1", "test_a.py::test_2", "test_b.py::test_1"]


def test_notes_are_of_the_plan_and_of_shards_with_arguments_of_their_own(tmp_path: Path) -> None:
    plan = plan_of(["test_a.py"], ["test_b.py"], notes=(PlanNote(kind="stale", message="the history is stale"),))
    leave_bundle(tmp_path / "results", plan, 1, FIRST)
    leave_bundle(tmp_path / "results", plan, 2, SECOND, own_arguments=("-k", "fast"))
    notes = merged(tmp_path / "results", plan).notes
    assert notes == ("the history is stale", "shard 2 was given arguments of its own: -k fast")


def test_history_keeps_what_a_run_teaches_where_it_is_asked_to(tmp_path: Path) -> None:
    leave_bundle(tmp_path / "results", PLAN, 1, FIRST)
    leave_bundle(tmp_path / "results", PLAN, 2, SECOND)
    run = merge_run(PLAN, tmp_path / "results", tmp_path / "out", tell=lambda _: None, learns=True)
    assert [(file.path, file.tests) for _, file in run.history.files] == [("test_a.py", 2), ("test_b.py", 1)]
    assert run.history.suite == ("test_a.py", "test_b.py")
    assert [job.shards for job in run.history.jobs] == [2, 2]


def test_a_test_that_failed_in_an_earlier_try_of_its_shard_and_passes_now_is_flaky(tmp_path: Path) -> None:
    mended: Attempt = {"main": [collected("test_a.py", "test_1", "test_2"), *passes(0), *passes(1)]}
    leave_bundle(tmp_path / "results" / "try-1", PLAN, 1, FIRST, run_attempt=1)
    leave_bundle(tmp_path / "results" / "try-2", PLAN, 1, mended, run_attempt=2)
    leave_bundle(tmp_path / "results", PLAN, 2, SECOND)
    run = merged(tmp_path / "results", PLAN)
    assert run.counts == Counts(total=3, passed=3, flaky=1)
    assert [failure.node_id for failure in run.flaky] == ["test_a.py::test_2"]
    assert run.problems == ()
    assert run.notes == (
        (
            "shard 1 was run again: an earlier try (finished) counts no more; 1 of its tests failed, "
            "of which 1 passed when they ran again"
        ),
    )


def test_a_run_that_was_planned_again_leaves_out_what_followed_the_plan_before(tmp_path: Path) -> None:
    earlier = plan_of(["test_a.py", "test_b.py"]).of_run("run-before")
    both = [collected("test_a.py", "test_1"), collected("test_b.py", "test_1"), *passes(0), *passes(1)]
    leave_bundle(tmp_path / "results" / "shard-1-attempt-1", earlier, 1, {"main": both}, run_attempt=1)
    again = PLAN.of_run("run-again", run_attempt=2)
    first = leave_bundle(tmp_path / "results" / "shard-1-attempt-2", again, 1, FIRST, run_attempt=2)
    leave_bundle(tmp_path / "results" / "shard-2-attempt-2", again, 2, SECOND, run_attempt=2)
    run = merged(tmp_path / "results", again)
    assert (run.problems, run.counts.lost, run.counts.total) == ((), 0, 3)
    assert "bundles of an earlier attempt, which had a plan of its own, count no more" in str(run.notes)
    shutil.rmtree(first)
    assert merged(tmp_path / "results", again).counts.lost == 1, "it is no evidence either"


@pytest.mark.parametrize(
    "again",
    [
        [collected("test_a.py", "test_1", "test_2"), *passes(0), *fails(1)],  # it fails
        [collected("test_a.py", "test_1", "test_2"), *passes(0)],  # it did not run
    ],
)
def test_a_test_that_failed_before_and_did_not_pass_is_not_flaky(tmp_path: Path, again: list[object]) -> None:
    leave_bundle(tmp_path / "results" / "try-1", PLAN, 1, FIRST, run_attempt=1)
    leave_bundle(tmp_path / "results" / "try-2", PLAN, 1, {"main": again}, run_attempt=2)  # type: ignore[dict-item]
    leave_bundle(tmp_path / "results", PLAN, 2, SECOND)
    run = merged(tmp_path / "results", PLAN)
    assert run.flaky == ()
    assert run.counts.failed + run.counts.lost == 1

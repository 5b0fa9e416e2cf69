from pathlib import Path
from typing import Any

import pytest
from bundle_samples import leave_bundle, merged, plan_of
from journal_samples import collected, passes

from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.journal import JournalRecord
from ci_toolkit.model.journal_end import Snapshots
from ci_toolkit.model.merged import MergedRun
from ci_toolkit.verdict.judge import Thresholds, judge

PLAN = plan_of(["test_a.py"], ["test_b.py"])
FIRST, SECOND, THIRD = (("a.ambr", f"test_{number}") for number in (1, 2, 3))


def snapshots(kept: tuple[Any, ...] = (), unused: tuple[Any, ...] = (), *, is_demanded: bool = True) -> Snapshots:
    return Snapshots(kept=kept, unused=unused, is_demanded=is_demanded)


def run_with(folder: Path, *records: JournalRecord, **second: Any) -> MergedRun:
    """Merge two shards, of which each ends with one of ``records``; the second's card says ``second``."""
    for index, (path, record) in enumerate(zip(("test_a.py", "test_b.py"), records, strict=False), start=1):
        journal = {"main": [collected(path, "test_1"), *passes(0), record]}
        leave_bundle(folder, PLAN, index, journal, **(second if index > 1 else {}))
    return merged(folder, PLAN)


@pytest.mark.parametrize(
    ("first", "second", "unused"),
    [
        (snapshots((FIRST,), (SECOND,)), snapshots((SECOND,), (FIRST,)), ()),  # each is used somewhere
        (snapshots((FIRST,), (SECOND, THIRD)), snapshots((SECOND,), (FIRST, THIRD)), ("a.ambr: test_3",)),
        (snapshots((FIRST,), (THIRD,)), snapshots((SECOND,)), ("a.ambr: test_3",)),  # the other did not look there
        (snapshots((FIRST,)), snapshots((SECOND,)), ()),
        (snapshots((FIRST,), (("b.ambr", ""),)), snapshots(), ("b.ambr",)),  # a file without a name
    ],
)
def test_a_snapshot_is_unused_where_no_shard_used_it(
    tmp_path: Path, first: Snapshots, second: Snapshots, unused: tuple[str, ...]
) -> None:
    run = run_with(tmp_path, first, second)
    assert (run.unused_snapshots.names if run.unused_snapshots else ()) == unused


@pytest.mark.parametrize("second", [{"state": ShardState.STOPPED}, {"attempts": 2}])
def test_what_is_unused_is_unknown_where_a_shard_did_not_end_in_one_process(
    tmp_path: Path, second: dict[str, Any]
) -> None:
    assert run_with(tmp_path, snapshots(unused=(FIRST,)), snapshots(), **second).unused_snapshots is None


def test_what_is_unused_is_unknown_where_a_shard_is_missing(tmp_path: Path) -> None:
    assert run_with(tmp_path, snapshots(unused=(FIRST,))).unused_snapshots is None


@pytest.mark.parametrize("is_demanded", [True, False])
def test_unused_snapshots_fail_the_run_where_the_suite_says_so_and_are_noted_elsewhere(
    tmp_path: Path, *, is_demanded: bool
) -> None:
    unused = tuple(("a.ambr", f"test_{number}") for number in range(7))
    records = [snapshots(unused=some, is_demanded=is_demanded) for some in (unused, ())]
    verdict = judge(run_with(tmp_path, *records), Thresholds())
    message = (
        "no test used 7 snapshots: a.ambr: test_0, a.ambr: test_1, a.ambr: test_2, a.ambr: test_3, a.ambr: test_4 "
        "and 2 more; `pytest --snapshot-update` removes what is unused, if it runs the whole suite by itself"
    )
    if is_demanded:
        assert [(breach.gate, breach.message) for breach in verdict.breaches] == [("unused-snapshots", message)]
        assert (verdict.status, verdict.exit_code, verdict.notes) == ("failed", 1, ())
    else:
        assert (verdict.status, verdict.exit_code, verdict.notes) == ("passed", 0, (message,))

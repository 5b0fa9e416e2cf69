import msgspec
import pytest
from run_samples import FAILURE, a_run, a_shard

from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.merged import MergedRun, UnusedSnapshots
from ci_toolkit.model.verdict import Counts, Gate
from ci_toolkit.verdict.judge import Thresholds, judge


@pytest.mark.parametrize(
    ("counts", "skipped_files", "note"),
    [
        (Counts(total=3, skipped=3), 2, "nothing ran: all 3 tests were skipped"),
        (Counts(total=3, skipped=2, passed=1), 1, None),
        (Counts(total=2, skipped=2), 2, None),  # that is a breach
    ],
)
def test_a_run_that_only_skipped_says_so(counts: Counts, skipped_files: int, note: str | None) -> None:
    notes = judge(a_run(counts=counts, skipped_files=skipped_files), Thresholds()).notes
    assert [told for told in notes if told.startswith("nothing ran")] == ([note] if note else [])


@pytest.mark.parametrize(
    ("deselected", "notes"),
    [
        (0, ()),
        (1, ("1 test deselected by options, plugins or the choice of categories",)),
        (2, ("2 tests deselected by options, plugins or the choice of categories",)),
    ],
)
def test_a_reader_hears_of_deselected_tests(deselected: int, notes: tuple[str, ...]) -> None:
    assert judge(a_run(deselected=deselected), Thresholds()).notes == notes


@pytest.mark.parametrize(("removed", "told"), [(0, ""), (1, "1 test was "), (2, "2 tests were ")])
def test_a_reader_hears_of_tests_that_a_plugin_removed_in_silence(removed: int, told: str) -> None:
    what = (
        "collected and then removed by a plugin or a conftest that did not tell pytest so (pytest_deselected): "
        "see what pytest_collection_modifyitems does"
    )
    assert judge(a_run(removed=removed), Thresholds()).notes == ((told + what,) if told else ())


def test_notes_of_the_run_come_first() -> None:
    verdict = judge(a_run(notes=("the history is stale",), deselected=1), Thresholds())
    assert verdict.notes[0] == "the history is stale"
    assert len(verdict.notes) == 2


@pytest.mark.parametrize(
    ("run", "is_told"),
    [
        (a_run(), False),
        (a_run(failures=(FAILURE,)), True),
        (a_run(failures=(msgspec.structs.replace(FAILURE, shard=1),)), False),
        (a_run(shards=(a_shard(1), a_shard(2, unexplained_exit="pytest died"))), True),
        (a_run(shards=(a_shard(1), a_shard(2, ShardState.BROKEN, reason="why"))), True),
    ],
)
def test_logs_of_services_are_named_where_a_shard_went_wrong(run: MergedRun, *, is_told: bool) -> None:
    logs = ("results/shard-2/services/postgresql.log", "results/shard-2/services/redis.log")
    first, second = (msgspec.structs.replace(shard, service_logs=logs) for shard in run.shards)
    shards = (msgspec.structs.replace(first, service_logs=()), second)
    verdict = judge(msgspec.structs.replace(run, shards=shards), Thresholds())
    note = f"what the services of shard 2 said: {logs[0]}, {logs[1]}"
    assert verdict.notes == ((note,) if is_told else ())


def test_no_log_is_named_where_there_is_none() -> None:
    assert judge(a_run(failures=(FAILURE,)), Thresholds()).notes == ()


@pytest.mark.parametrize(
    ("count", "which"),
    [
        (1, "1 snapshot: s1"),
        (2, "2 snapshots: s1, s2"),
        (5, "5 snapshots: s1, s2, s3, s4, s5"),
        (6, "6 snapshots: s1, s2, s3, s4, s5 and 1 more"),
        (17, "17 snapshots: s1, s2, s3, s4, s5 and 12 more"),
    ],
)
@pytest.mark.parametrize("is_demanded", [False, True])
def test_unused_snapshots_break_a_rule_where_the_suite_demands_it_and_are_else_a_note(
    count: int, which: str, *, is_demanded: bool
) -> None:
    names = tuple(f"s{number}" for number in range(1, count + 1))
    snapshots = UnusedSnapshots(names=names, is_demanded=is_demanded)
    verdict = judge(a_run(unused_snapshots=snapshots), Thresholds())
    removal = "`pytest --snapshot-update` removes what is unused, if it runs the whole suite by itself"
    message = f"no test used {which}; {removal}"
    breaches = [(breach.gate, breach.message) for breach in verdict.breaches]
    assert breaches == ([(Gate.UNUSED_SNAPSHOTS, message)] if is_demanded else [])
    assert verdict.notes == (() if is_demanded else (message,))


def test_without_snapshots_nothing_is_said_of_them() -> None:
    verdict = judge(a_run(unused_snapshots=None), Thresholds())
    assert (verdict.notes, verdict.breaches) == ((), ())

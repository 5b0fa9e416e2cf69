"""What a reader of the verdict should know that breaks no rule."""

from collections.abc import Iterator

from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.merged import MergedRun, UnusedSnapshots
from ci_toolkit.model.wording import number_of, some_of
from ci_toolkit.verdict.guide_rules import left_out_note


def notes_on(run: MergedRun) -> tuple[str, ...]:
    """Return the notes on ``run`` beside those that it brings along, in the order in which they are shown."""
    said = (_all_skipped(run), _deselected(run), _removed(run), left_out_note(run), _unused_without_demand(run))
    return (*filter(None, said), *_logs(run))


def unused(snapshots: UnusedSnapshots) -> str:
    """Return which snapshots no test used, at most five of them by name."""
    which = number_of(len(snapshots.names), "snapshot")
    removal = "`pytest --snapshot-update` removes what is unused, if it runs the whole suite by itself"
    return f"no test used {which}: {some_of(snapshots.names)}; {removal}"


def _all_skipped(run: MergedRun) -> str:
    counts = run.counts
    if counts.total > run.skipped_files and counts.skipped == counts.total:
        all_of_them = "the only test was" if counts.total == 1 else f"all {counts.total} tests were"
        return f"nothing ran: {all_of_them} skipped"
    return ""


def _deselected(run: MergedRun) -> str:
    count = run.deselected
    return (
        f"{count} test{'s' * (count != 1)} deselected by options, plugins or the choice of categories" if count else ""
    )


def _removed(run: MergedRun) -> str:
    count = run.removed
    if not count:
        return ""
    return (
        f"{count} test{'s were' if count != 1 else ' was'} collected and then removed by a plugin or a conftest "
        "that did not tell pytest so (pytest_deselected): see what pytest_collection_modifyitems does"
    )


def _logs(run: MergedRun) -> Iterator[str]:
    """Say where the services' logs are that may explain what went wrong."""
    failed = {failure.shard for failure in run.failures}
    for shard in run.shards:
        went_wrong = shard.index in failed or shard.unexplained_exit or shard.state is not ShardState.FINISHED
        if shard.service_logs and went_wrong:
            yield f"what the services of shard {shard.index} said: {', '.join(shard.service_logs)}"


def _unused_without_demand(run: MergedRun) -> str:
    snapshots = run.unused_snapshots
    return unused(snapshots) if snapshots is not None and not snapshots.is_demanded else ""

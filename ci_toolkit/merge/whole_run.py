"""What a whole run teaches history: its jobs, and its files with the pieces of cut files put together."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from ci_toolkit.merge.learned import PASSED, short_digest
from ci_toolkit.merge.shard_merge import ShardMerge
from ci_toolkit.model.history import FileRun, JobRun, RunRecord
from ci_toolkit.model.plan import Plan

_EMPTY_COLUMN = b"[]"


def run_learned(plan: Plan, merges: Sequence[ShardMerge], *, pieces_differ: bool) -> RunRecord:
    """Return what history should keep of the run. Where ``pieces_differ``, cut files teach nothing."""
    untrusted = {cut.path for cut in plan.cuts} if pieces_differ else set()
    jobs = tuple(_job(merge.job, plan) for merge in merges if merge.job is not None)
    pieces = (
        (merge.job.environment, run)
        for merge in merges
        if merge.job is not None
        for run in merge.learned
        if run.path not in untrusted
    )
    return RunRecord(jobs=jobs, files=tuple(_join_pieces(pieces)), suite=_whole_suite(plan))


def _job(job: JobRun, plan: Plan) -> JobRun:
    return msgspec.structs.replace(job, shards=len(plan.shards), commit=plan.commit)


def _whole_suite(plan: Plan) -> tuple[str, ...]:
    # Any pytest argument can narrow what is collected (--ignore, -c, a path), and a category always does.
    if plan.arguments or plan.pytest_args or plan.categories or plan.mode:
        return ()
    return tuple(sorted({unit.path for shard in plan.shards for unit in shard.units}))


def _join_pieces(pieces: Iterable[tuple[str, FileRun]]) -> Iterator[tuple[str, FileRun]]:
    """Put the pieces of each cut file together: one (environment, file run) for each environment and path."""
    together: dict[tuple[str, str], list[FileRun]] = {}
    for environment, run in pieces:
        together.setdefault((environment, run.path), []).append(run)
    for (environment, _), runs in sorted(together.items()):
        yield environment, runs[0] if len(runs) == 1 else _join(sorted(runs, key=lambda run: run.key))


def _join(runs: list[FileRun]) -> FileRun:
    imports = [run.import_seconds for run in runs if run.import_seconds is not None]
    outcomes = "".join(run.outcomes or PASSED * run.tests for run in runs)
    return FileRun(
        path=runs[0].path,
        key=short_digest("/".join(run.key for run in runs)),
        at=max(run.at for run in runs),
        tests=sum(run.tests for run in runs),
        total=max(run.total for run in runs),
        category=runs[0].category,
        import_seconds=max(imports, default=None),
        suffixes=_concatenate(run.suffixes for run in runs),
        seconds=_concatenate(run.seconds for run in runs),
        setup=_concatenate(run.setup for run in runs),
        teardown=_concatenate(run.teardown for run in runs),
        outcomes="" if outcomes.strip(PASSED) == "" else outcomes,
    )


def _concatenate(columns: Iterable[bytes]) -> bytes:
    return b"[" + b",".join(column[1:-1] for column in columns if column != _EMPTY_COLUMN) + b"]"

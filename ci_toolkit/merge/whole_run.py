"""What a whole run teaches history: its jobs, and its files with the pieces of cut files put together."""

from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec

from ci_toolkit.merge.completeness import CutFiles
from ci_toolkit.merge.learned import PASSED, by_function, short_digest
from ci_toolkit.merge.outcomes_learned import numbered, outcomes_by_function
from ci_toolkit.merge.shard_merge import ShardMerge
from ci_toolkit.model.history import FileRun, JobRun, RunRecord
from ci_toolkit.model.node_id import function_of
from ci_toolkit.model.outcomes import TryOutcomes
from ci_toolkit.model.plan import Plan

_EMPTY_COLUMN = b"[]"


def run_learned(
    plan: Plan, merges: Sequence[ShardMerge], cut_files: CutFiles, earlier: Sequence[TryOutcomes] = ()
) -> RunRecord:
    """Return what history should keep of the run.

    A file whose test ids differ from shard to shard is kept by function: its ids will not come back. One whose pieces
    do not add up for another reason teaches nothing.
    """
    untrusted = cut_files.torn.keys() - cut_files.unsteady
    jobs = tuple(_job(merge.job, plan) for merge in merges if merge.job is not None)
    pieces = (
        (merge.job.environment, run)
        for merge in merges
        if merge.job is not None
        for run in merge.learned
        if run.path not in untrusted
    )
    tries = (*earlier, *(merge.outcomes for merge in merges if merge.outcomes is not None))
    return RunRecord(
        jobs=jobs,
        files=tuple(_join_pieces(pieces, plan, cut_files)),
        outcomes=tuple(_steady(of_try, cut_files.unsteady, untrusted) for of_try in tries),
        suite=plan.whole_suite,
    )


def _steady(of_try: TryOutcomes, unsteady: Collection[str], untrusted: Collection[str]) -> TryOutcomes:
    if not (unsteady or untrusted):
        return of_try
    files = (file for file in of_try.files if file.path not in untrusted)
    goes = (go for go in of_try.goes if go.path not in untrusted)
    return msgspec.structs.replace(
        of_try,
        files=tuple(outcomes_by_function(file) if file.path in unsteady else file for file in files),
        goes=numbered(
            msgspec.structs.replace(go, suffix=function_of(go.suffix)) if go.path in unsteady else go for go in goes
        ),
    )


def _job(job: JobRun, plan: Plan) -> JobRun:
    return msgspec.structs.replace(job, shards=len(plan.shards), commit=plan.commit)


def _join_pieces(
    pieces: Iterable[tuple[str, FileRun]], plan: Plan, cut_files: CutFiles
) -> Iterator[tuple[str, FileRun]]:
    """Put the pieces of each cut file together: one (environment, file run) for each environment and path."""
    wanted = {cut.path: len(cut.pieces) for cut in plan.cuts}
    together: dict[tuple[str, str], list[FileRun]] = {}
    for environment, run in pieces:
        together.setdefault((environment, run.path), []).append(run)
    for (environment, _), runs in sorted(together.items()):
        path = runs[0].path
        is_all = len(runs) >= wanted.get(path, 1) and path not in cut_files.torn
        run = runs[0] if len(runs) == 1 else _join(sorted(runs, key=lambda run: run.key))
        if not is_all:
            run = msgspec.structs.replace(run, total=run.total + 1)
        yield environment, by_function(run) if path in cut_files.unsteady else run


def _join(runs: list[FileRun]) -> FileRun:
    imports = [run.import_seconds for run in runs if run.import_seconds is not None]
    outcomes = "".join(run.outcomes or PASSED * run.tests for run in runs)
    return FileRun(
        path=runs[0].path,
        key=short_digest("/".join(run.key for run in runs)),
        at=max(run.at for run in runs),
        tests=sum(run.tests for run in runs),
        total=sum(run.total for run in runs),
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

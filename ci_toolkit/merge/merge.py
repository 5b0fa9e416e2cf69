"""Merges the bundles of a run into one: results, JUnit and coverage, with every doubt told."""

import gc
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from ci_toolkit.files import make_folder
from ci_toolkit.merge.bundles import Bundle, open_delivery
from ci_toolkit.merge.completeness import prove
from ci_toolkit.merge.coverage_data import merge_coverage
from ci_toolkit.merge.junit import write_junit
from ci_toolkit.merge.shard_merge import ShardMerge, add_files, merge_shard
from ci_toolkit.merge.tally import SLOWEST, add_counts, add_llm_use
from ci_toolkit.merge.whole_run import run_learned
from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.history import RunRecord
from ci_toolkit.model.merged import MergedRun, MergedShard
from ci_toolkit.model.plan import Plan, PlannedShard
from ci_toolkit.model.verdict import Counts, LostTest

Tell = Callable[[str], None]


def merge_run(
    plan: Plan,
    results: Path,
    out: Path,
    *,
    tell: Tell,
    coverage_categories: Iterable[str] = (),
    learns: bool = False,
) -> MergedRun:
    """Merge the bundles below ``results`` and write junit.xml and the coverage files to ``out``.

    ``tell`` hears a line about each step. With ``learns`` the merged run holds what history should keep.
    Raises FormatError if there is no folder ``results``.
    """
    delivery = open_delivery(results, plan)
    make_folder(out)
    bundles = [delivery.bundles[index] for index in sorted(delivery.bundles)]
    tell(f"merging {len(bundles)} of {len(plan.shards)} bundles")
    with tempfile.TemporaryDirectory(prefix=".junit-", dir=out) as folder:
        merges = _settle_files(_merge_shards(plan, bundles, Path(folder), learns=learns))
        write_junit(
            out / "junit.xml",
            ((f"shard-{m.shard.index}", m.counts, m.seconds, m.started_at, Path(m.fragment)) for m in merges),
        )
    missing = [shard for shard in plan.shards if shard.index not in delivery.bundles]
    lost = [*(test for merge in merges for test in merge.lost), *_lost_with(missing)]
    unknown = len(lost_units(missing))
    counts = add_counts([*(merge.counts for merge in merges), Counts(total=unknown, lost=unknown)])
    coverage, coverage_problems = merge_coverage(bundles, out, coverage_categories, config_file=_coverage_config(plan))
    proof, doubts = prove(plan, merges, counts)
    shards = [*(merge.shard for merge in merges), *map(_missing_shard, missing)]
    return MergedRun(
        plan=plan,
        counts=counts,
        shards=tuple(sorted(shards, key=lambda shard: shard.index)),
        lost=tuple(lost),
        left_out=tuple(test for merge in merges for test in merge.left_out),
        critical=tuple(test for merge in merges for test in merge.critical),
        clashes=tuple(clash for merge in merges for clash in merge.clashes),
        failures=tuple(failure for merge in merges for failure in merge.failures),
        flaky=tuple(flaky for merge in merges for flaky in merge.flaky),
        slowest=tuple(sorted((s for m in merges for s in m.slowest), key=lambda s: (-s.seconds, s.node_id))[:SLOWEST]),
        problems=(*delivery.problems, *(p for m in merges for p in m.problems), *coverage_problems, *doubts),
        coverage=coverage,
        proof=proof,
        deselected=sum(merge.deselected for merge in merges),
        notes=(*(note.message for note in plan.notes), *_arguments_of_their_own(bundles)),
        llm=add_llm_use(merge.llm for merge in merges),
        history=run_learned(plan, merges, pieces_differ=bool(doubts)) if learns else RunRecord(),
    )


def _arguments_of_their_own(bundles: Iterable[Bundle]) -> Iterable[str]:
    for bundle in bundles:
        if bundle.card.own_arguments:
            yield f"shard {bundle.card.index} was given arguments of its own: {' '.join(bundle.card.own_arguments)}"


def _coverage_config(plan: Plan) -> str:
    # What the shards measured by is what the report must exclude by.
    option = "--cov-config="
    return next((arg.removeprefix(option) for arg in reversed(plan.pytest_args) if arg.startswith(option)), "")


def _merge_shards(plan: Plan, bundles: Sequence[Bundle], folder: Path, *, learns: bool) -> list[ShardMerge]:
    critical = frozenset(plan.critical_files)
    jobs = [
        (bundle, plan.shard(bundle.card.index), folder / f"{bundle.card.index}.xml", critical, learns)
        for bundle in bundles
    ]
    workers = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, len(jobs))
    if workers <= 1 or _is_small(bundles):
        return [merge_shard(*job) for job in jobs]
    # Results hold no cycles: looking for some would take an eighth of the time.
    with ProcessPoolExecutor(workers, initializer=gc.disable) as pool:
        return list(pool.map(merge_shard, *zip(*jobs, strict=True)))


def _is_small(bundles: Sequence[Bundle], bytes_worth_a_process: int = 8_000_000) -> bool:
    sizes = (path.lstat().st_size for bundle in bundles for path in Path(bundle.folder).glob("journal/*.jsonl"))
    return sum(sizes) < bytes_worth_a_process


def _settle_files(merges: Sequence[ShardMerge]) -> list[ShardMerge]:
    # Each shard with a piece of a file that cannot be imported says so; it is one error of one file. Where one shard
    # skipped the file and another failed, the failure counts.
    accounts = [(file, number) for number, merge in enumerate(merges) for file in merge.without_tests]
    accounts.sort(key=lambda account: not account[0].outcome.is_failure)
    owner: dict[str, int] = {}
    for file, number in accounts:
        owner.setdefault(file.node_id, number)
    return [
        add_files(merge, [file for file in merge.without_tests if owner[file.node_id] == number])
        for number, merge in enumerate(merges)
    ]


def lost_units(missing: Iterable[PlannedShard]) -> list[tuple[int, str]]:
    """Return (shard, path) of each file, or piece of one, that a missing shard was to run."""
    return [(shard.index, unit.path) for shard in missing for unit in shard.units]


def _lost_with(missing: Sequence[PlannedShard]) -> Iterable[LostTest]:
    for index, path in lost_units(missing):
        yield LostTest(node_id=path, shard=index, reason=f"shard {index} left no bundle that counts")


def _missing_shard(shard: PlannedShard) -> MergedShard:
    reason = "no bundle that counts came back"
    return MergedShard(index=shard.index, state=ShardState.MISSING, reason=reason, tests=0, actual_seconds=0.0)

"""Merges the bundles of a run into one: read them, account for each shard, prove it whole, write the reports."""

import gc
import os
import posixpath
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from ci_toolkit.files import make_folder
from ci_toolkit.merge.accounts import Accounts
from ci_toolkit.merge.adjudication import read_adjudication
from ci_toolkit.merge.agreement import disagreements
from ci_toolkit.merge.asked import settled
from ci_toolkit.merge.attachments import BroughtAttachments
from ci_toolkit.merge.bundles import Bundle, open_delivery
from ci_toolkit.merge.changed_coverage import FileCoverage, changed_coverage
from ci_toolkit.merge.completeness import compare_pieces, prove
from ci_toolkit.merge.coverage_settings import config_of, demand_of, projects_own_plugins
from ci_toolkit.merge.covered_alone import NOT_MEASURED, Excusing, covered_alone
from ci_toolkit.merge.earlier_tries import read_earlier_tries
from ci_toolkit.merge.junit import write_junit
from ci_toolkit.merge.results import skipped_folder
from ci_toolkit.merge.separation import separated_tests
from ci_toolkit.merge.shard_merge import ShardMerge, add_files, merge_shard
from ci_toolkit.merge.snapshots import unused_snapshots
from ci_toolkit.merge.warnings_met import limit_of, shown, warnings_met
from ci_toolkit.merge.whole_run import run_learned
from ci_toolkit.model.changed_lines import ChangedLines
from ci_toolkit.model.history import RunRecord
from ci_toolkit.model.merged import MeasuredCoverage, MergedRun
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.problem import Problem
from ci_toolkit.model.quarantine import CoveredAlone
from ci_toolkit.model.syntax_tree import sources_only_read
from ci_toolkit.model.wording import number_of, some_of

Tell = Callable[[str], None]


def merge_run(  # noqa: PLR0913 (what a caller can want of a merge, one word each)
    plan: Plan,
    results: Path,
    out: Path,
    *,
    tell: Tell,
    coverage_categories: Iterable[str] = (),
    changes: ChangedLines | None = None,
    learns: bool = False,
    asked: tuple[str, ...] = (),
    excusing: Excusing | None = None,
) -> MergedRun:
    """Merge the bundles below ``results`` and write junit.xml and the coverage files to ``out``.

    ``tell`` hears a line about each step. With ``learns`` the merged run holds what history should keep. ``asked`` are
    tests, of which it says whether they are there. Where one of the tests of ``excusing`` failed, it says what of their
    change only they cover.
    Raises FormatError if there is no folder ``results``.
    """
    delivery = open_delivery(results, plan)
    bundles = [delivery.bundles[index] for index in sorted(delivery.bundles)]
    tell(f"merging {len(bundles)} of {number_of(len(plan.shards), 'bundle')}")
    make_folder(out)
    with tempfile.TemporaryDirectory(prefix=".junit-", dir=out) as folder:
        merges = _account_for_shards(plan, bundles, Path(folder), learns=learns, asked=asked)
        write_junit(
            out / "junit.xml",
            ((f"shard-{m.shard.index}", m.counts, m.seconds, m.started_at, Path(m.fragment)) for m in merges),
        )
    adjudication = read_adjudication(results, plan, delivery.bundles, merges)
    earlier = read_earlier_tries(plan, delivery.superseded, merges, learns=learns)
    accounts = Accounts(plan, merges, earlier.flaky)
    attachments = BroughtAttachments(out)
    summaries = [record for merge in merges for record in merge.summaries]
    cut_files = compare_pieces(plan, merges)
    proof = prove(plan, merges, accounts.counts, pieces_add_up=not cut_files.torn)
    at_stake = excusing if excusing is not None and excusing.have_failed(accounts.failures) else None
    with projects_own_plugins(bundles), sources_only_read():
        coverage, coverage_problems = _merge_coverage(bundles, out, coverage_categories, at_stake)
        lines = _lines_of_change(changes, at_stake, bundles, out) if coverage is not None else {}
        changed = changed_coverage(changes, lines) if coverage is not None and changes is not None else None
        alone = _covered_alone(at_stake, coverage, lines, plan) if at_stake is not None else CoveredAlone()
        own_reports = _write_own_reports(bundles, out)
    return MergedRun(
        plan=plan,
        counts=accounts.counts,
        shards=accounts.shards,
        lost=accounts.lost,
        left_out=accounts.left_out,
        critical=accounts.critical,
        clashes=accounts.clashes,
        asked=settled(plan, asked, (merge.asked for merge in merges)),
        failures=attachments.bring(accounts.failures),
        flaky=attachments.bring(accounts.flaky),
        skipped=accounts.skipped,
        xfailed=accounts.xfailed,
        xpassed=accounts.xpassed,
        shows=shown(summaries),
        slowest=accounts.slowest,
        problems=(
            *delivery.problems,
            *adjudication.problems,
            *accounts.problems,
            *coverage_problems,
            *cut_files.problems,
            *separated_tests(merges),
        ),
        disagreements=disagreements(bundles, merges),
        coverage=coverage,
        changed=changed,
        covered_alone=alone,
        coverage_demand=demand_of(bundles),
        unused_snapshots=unused_snapshots(plan, bundles, merges),
        warnings=warnings_met(summaries),
        warnings_limit=limit_of(summaries),
        proof=proof,
        skipped_files=accounts.skipped_files,
        deselected=accounts.deselected,
        removed=accounts.removed,
        notes=(
            *(note.message for note in plan.notes),
            *_empty_files(accounts.empty_files),
            *_unsteady_files(sorted(cut_files.unsteady - cut_files.torn.keys())),
            *_arguments_of_their_own(bundles),
            *earlier.notes,
            *_earlier_plans(delivery.left_out),
            *own_reports,
            *_sources_gone(coverage),
        ),
        llm=accounts.llm,
        trials=(*accounts.trials, *adjudication.trials),
        has_other_machine=adjudication.is_there,
        trials_ended=accounts.trials_ended,
        history=run_learned(plan, merges, cut_files, earlier.outcomes) if learns else RunRecord(),
    )


def _merge_coverage(
    bundles: Sequence[Bundle], out: Path, categories: Iterable[str], at_stake: Excusing | None
) -> tuple[MeasuredCoverage | None, Sequence[Problem]]:
    if not any(bundle.card.measures_coverage or bundle.card.files for bundle in bundles):
        return None, ()
    from ci_toolkit.merge.coverage_data import merge_coverage

    apart = at_stake.tests if at_stake is not None else ()
    changed = _written(at_stake.changes()) if at_stake is not None else ()
    return merge_coverage(bundles, out, categories, config_file=config_of(bundles), apart=apart, changed=changed)


def _covered_alone(
    at_stake: Excusing, coverage: MeasuredCoverage | None, lines: Mapping[str, FileCoverage], plan: Plan
) -> CoveredAlone:
    if coverage is None:
        return CoveredAlone(unknown=NOT_MEASURED)
    suite = {posixpath.normpath(posixpath.join(plan.root, path)) for path in plan.files()}
    return covered_alone(at_stake, coverage, lines, suite)


def _lines_of_change(
    changes: ChangedLines | None, at_stake: Excusing | None, bundles: Sequence[Bundle], out: Path
) -> Mapping[str, FileCoverage]:
    change = at_stake.changes() if at_stake is not None else changes
    if change is None:
        return {}
    from ci_toolkit.merge.line_coverage import read_line_coverage

    return read_line_coverage(out / "coverage.json", _written(change), config_file=config_of(bundles))


def _written(changes: ChangedLines) -> Sequence[str]:
    return [path for path, file in changes.files.items() if file.written]


def _write_own_reports(bundles: Sequence[Bundle], out: Path) -> tuple[str, ...]:
    if not any(bundle.card.own_reports for bundle in bundles):
        return ()
    from ci_toolkit.merge.own_reports import write_own_reports

    return write_own_reports(bundles, out, config_file=config_of(bundles))


def _empty_files(paths: Sequence[str]) -> Iterator[str]:
    if paths:
        files = number_of(len(paths), "planned file") + (" holds" if len(paths) == 1 else " hold")
        yield f"{files} no test: {some_of(paths)}"


def _unsteady_files(paths: Sequence[str]) -> Iterator[str]:
    if paths:
        yield f"test ids differ from process to process, so no function is divided between shards: {some_of(paths)}"


def _arguments_of_their_own(bundles: Iterable[Bundle]) -> Iterator[str]:
    for bundle in bundles:
        if bundle.card.own_arguments:
            yield f"shard {bundle.card.index} was given arguments of its own: {' '.join(bundle.card.own_arguments)}"


def _earlier_plans(folders: Sequence[str]) -> Iterator[str]:
    if folders:
        yield f"bundles of an earlier attempt, which had a plan of its own, count no more: {some_of(folders)}"


def _sources_gone(coverage: MeasuredCoverage | None) -> Iterator[str]:
    gone = coverage.gone if coverage is not None else ()
    if gone:
        yield f"coverage leaves out what tests made and removed, or compiled from no file: {some_of(gone)}"
    kept = coverage.kept if coverage is not None else ()
    if kept:
        yield f"coverage counts what is not in this checkout by copies that the shards kept: {some_of(kept)}"


def _account_for_shards(
    plan: Plan, bundles: Sequence[Bundle], folder: Path, *, learns: bool, asked: tuple[str, ...]
) -> list[ShardMerge]:
    critical = frozenset(plan.critical_files)
    jobs = [
        (bundle, plan.shard(bundle.card.index), folder / f"{bundle.card.index}.xml", critical, learns, asked)
        for bundle in bundles
    ]
    workers = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, len(jobs))
    if workers <= 1 or _is_small(bundles):
        return _settle_files(plan, [merge_shard(*job) for job in jobs])
    # Results hold no cycles: looking for some would take an eighth of the time.
    with ProcessPoolExecutor(workers, initializer=gc.disable) as pool:
        return _settle_files(plan, list(pool.map(merge_shard, *zip(*jobs, strict=True))))


def _is_small(bundles: Sequence[Bundle], bytes_worth_a_process: int = 8_000_000) -> bool:
    return sum(seal.size for bundle in bundles for seal in bundle.card.journals) < bytes_worth_a_process


def _settle_files(plan: Plan, merges: Sequence[ShardMerge]) -> list[ShardMerge]:
    # Each shard with a piece of a file that cannot be imported says so; it is one error of one file. Where one shard
    # skipped the file and another failed, the failure counts. What no shard can say, for the plan leaves the folder
    # out, stands with the first one's.
    accounts = [(file, number) for number, merge in enumerate(merges) for file in merge.without_tests]
    accounts.sort(key=lambda account: not account[0].outcome.is_failure)
    owner: dict[str, int] = {}
    for file, number in accounts:
        owner.setdefault(file.node_id, number)
    settled = [[file for file in merge.without_tests if owner[file.node_id] == n] for n, merge in enumerate(merges)]
    if settled:
        settled[0] += [skipped_folder(folder, reason) for folder, reason in plan.skipped_folders]
    return [add_files(merge, files) for merge, files in zip(merges, settled, strict=True)]

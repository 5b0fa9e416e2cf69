"""``ci-toolkit run``: everything on one machine, from the suite to the verdict."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ci_toolkit.config.project import project_root
from ci_toolkit.errors import ExitCode
from ci_toolkit.model.category import USUAL_SERVICES
from ci_toolkit.model.last_run import OfLastRun
from ci_toolkit.model.mode import FailFast
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.quarantine import QuarantineInForce
from ci_toolkit.model.record import Record
from ci_toolkit.model.suite import Suite
from ci_toolkit.model.verdict import Verdict
from ci_toolkit.model.wording import number_of
from ci_toolkit.plan.of_last_run import Choice
from ci_toolkit.plan.request import Keep, PlanRequest
from ci_toolkit.plan.stages import StagedPlan
from ci_toolkit.workflow.adjudication import adjudicate_shards, again_of, court_of, tracked_for
from ci_toolkit.workflow.category_coverage import is_kept_by_category
from ci_toolkit.workflow.category_selection import CategorySelection, select_categories
from ci_toolkit.workflow.changed_lines import change_of
from ci_toolkit.workflow.history import load_durations
from ci_toolkit.workflow.last_run import choose_tests
from ci_toolkit.workflow.merging import Judging, judge_bundles
from ci_toolkit.workflow.observer import Observer
from ci_toolkit.workflow.planning import find_suite_of, plan_stages, save_plan
from ci_toolkit.workflow.quarantine import quarantine_in_force
from ci_toolkit.workflow.reports import remove_reports
from ci_toolkit.workflow.run_identity import named
from ci_toolkit.workflow.run_services import ServiceOptions, services_for
from ci_toolkit.workflow.shard_options import shard_options
from ci_toolkit.workflow.shards import ShardWork, run_shards
from ci_toolkit.workflow.stop_rules import StopRules, stop_rules
from ci_toolkit.workflow.thresholds import thresholds_of

_SHARDS = 2


class RunRequest(ServiceOptions, frozen=True, kw_only=True):
    """The options of ``ci-toolkit run``, one field each."""

    paths: tuple[str, ...]
    pytest_args: tuple[str, ...]
    shards: int | str | None
    """How many for each stage: ``auto`` is as many as run at a time, None the default."""
    jobs: int | None
    show_output: bool = False
    """Whether what passed tests printed is shown, too."""
    of_last_run: OfLastRun = OfLastRun.NOTHING
    """Which tests of the last run, whose reports are in ``out``, are asked for."""
    maxfail: int | None = None
    """Failures that end the run, stronger than the other rules; 0 is no end, None leaves it to them."""
    categories: tuple[str, ...]
    mode: str
    keep: Keep = Keep.NOTHING
    """Which tests stay in one shard."""
    test_files: tuple[str, ...]
    parallel: bool
    workers: int | None
    coverage: bool
    test_timeout: float | None
    fail_fast: FailFast | None
    fast_fail: bool
    budget: float | None
    coverage_threshold: float | None
    category_thresholds: tuple[tuple[str, float], ...]
    diff_threshold: float | None
    diff_base: str
    no_quarantine: bool = False
    """Whether the quarantine excuses nothing."""
    history: str
    """Where the run is recorded; ``""`` is nowhere."""
    results: Path
    out: Path
    begun_at: float
    """When the command began, on the monotonic clock: the budget counts from there."""

    @property
    def is_parallel(self) -> bool:
        """Whether each shard runs its tests side by side."""
        return self.parallel or self.workers is not None

    @property
    def shards_of_a_stage(self) -> int:
        """How many shards each stage has."""
        if isinstance(self.shards, int):
            return self.shards
        if self.is_parallel:
            return 1
        return _SHARDS if self.shards is None else self.jobs or os.cpu_count() or 1

    @property
    def jobs_at_a_time(self) -> int:
        """How many shards run at a time."""
        return min(self.jobs or os.cpu_count() or 1, self.shards_of_a_stage)

    @property
    def xdist_args(self) -> tuple[str, ...]:
        """What pytest-xdist is told: the workers that were asked for, else the cores that the shards leave to each."""
        if not self.is_parallel:
            return ()
        return ("-n", str(self.workers or max(1, (os.cpu_count() or 1) // self.jobs_at_a_time)))

    @property
    def measures_coverage(self) -> bool:
        """Whether coverage is measured: it was asked for, or has to reach something."""
        thresholds = (self.coverage_threshold, self.diff_threshold)
        return self.coverage or any(t is not None for t in thresholds) or bool(self.category_thresholds)


_FIRST_FAILURES = (
    "if `pytest` passes, a test may need what another file leaves behind (`pytest FILE` fails then), or the folder or "
    "port of another shard (`--jobs 1` passes then)"
)


class RunEnd(Record, frozen=True, kw_only=True):
    """How a run ended."""

    verdict: Verdict
    is_interrupted: bool
    """Whether Ctrl-C or SIGTERM ended it; the verdict is then on what ran until then."""
    hint: str = ""
    """What a user may want to know of failures, or ``""``."""

    @property
    def exit_code(self) -> int:
        """The exit code of the verdict, unless the run was interrupted."""
        return ExitCode.INTERRUPTED if self.is_interrupted else self.verdict.exit_code


def run_locally(request: RunRequest, folder: Path, observer: Observer) -> RunEnd:
    """Select, plan, start the services, run the shards, merge and judge the suite of ``folder``."""
    remove_reports(request.out)
    root = project_root(folder)
    selection = select_categories(root, mode=request.mode, categories=request.categories)
    thresholds = thresholds_of(
        request.coverage_threshold, request.diff_threshold, request.category_thresholds, selection
    )
    quarantine = None if request.no_quarantine else quarantine_in_force(root)
    court = court_of(root, folder)
    rules = _rules(request, selection, quarantine)
    choice = choose_tests(_find(request, folder, selection, rules), request.out, request.of_last_run, observer)
    suite = choice.suite
    staged = _plan(request, folder, choice, selection, rules)
    observer.say(_planned(staged.plan, request.jobs_at_a_time))
    remove_bundles(request.results)
    save_plan(staged.plan, request.out / "plan.json")
    needed = selection.services_of(selection.files_of(suite)) or USUAL_SERVICES
    with services_for(request.needs(needed, rules.seconds_left), root, observer.say) as services:
        work = _shard_work(request, folder, staged, selection, rules, services.variables)
        again = again_of(court, staged.plan, quarantine, folder)
        work = msgspec.structs.replace(work, options=msgspec.structs.replace(work.options, again=again))
        tracked = tracked_for(court, folder)
        end = run_shards(work, observer, save_logs=services.save_logs)
        heard = None
        if court is not None and end.has_failures and not end.is_interrupted:
            heard = adjudicate_shards(work, court, tracked, observer, history=request.history)
        failure = services.failure(request.results / "shard-*")
    judging = Judging(
        thresholds=thresholds,
        strictness=selection.mode.strictness,
        change=change_of(request.diff_base, folder),
        quarantine=quarantine,
        court=court,
        service_failure=failure,
        begun_at=request.begun_at,
        steps=choice.steps,
    )
    verdict = judge_bundles(staged.plan, request.results, request.out, judging, request.history, observer)
    is_interrupted = end.is_interrupted or (heard is not None and heard.is_interrupted)
    is_first = len(staged.plan.shards) > 1 and not staged.plan.has_times
    hint = _FIRST_FAILURES if verdict.failures and is_first else ""
    return RunEnd(verdict=verdict, is_interrupted=is_interrupted, hint=hint)


def _planned(plan: Plan, jobs: int) -> str:
    files = len({unit.path for shard in plan.shards for unit in shard.units})
    shards = number_of(len(plan.shards), "shard")
    return f"{number_of(files, 'test file')} in {shards}, {jobs} at a time"


def remove_bundles(results: Path) -> None:
    """Remove the bundles in ``results``: one of an earlier run with more shards would be a stranger in this one."""
    for folder in results.glob("shard-*"):
        if (folder / "shard.json").is_file() and not folder.is_symlink():
            shutil.rmtree(folder)


def _rules(request: RunRequest, selection: CategorySelection, quarantine: QuarantineInForce | None) -> StopRules:
    return stop_rules(
        selection.mode,
        request.fail_fast,
        fast_fail=request.fast_fail,
        maxfail=request.maxfail,
        budget=request.budget,
        begun_at=request.begun_at,
        quarantine=quarantine,
    )


def _find(request: RunRequest, folder: Path, selection: CategorySelection, rules: StopRules) -> Suite:
    paths = (*request.paths, *request.test_files)
    return find_suite_of(folder, paths, request.pytest_args, selection, seconds=rules.seconds_left)


def _plan(
    request: RunRequest, folder: Path, choice: Choice, selection: CategorySelection, rules: StopRules
) -> StagedPlan:
    suite = choice.suite
    shape = PlanRequest(
        shards=request.shards_of_a_stage,
        pytest_args=request.pytest_args,
        keep=request.keep,
        only=choice.only,
        first=choice.first,
    )
    durations = load_durations(request.history, suite, folder / suite.root)
    staged = plan_stages(suite, durations, shape, selection, critical_first=bool(rules.budget_seconds))
    return msgspec.structs.replace(staged, plan=named(staged.plan, os.environ))


def _shard_work(
    request: RunRequest,
    folder: Path,
    staged: StagedPlan,
    selection: CategorySelection,
    rules: StopRules,
    variables: Mapping[str, str],
) -> ShardWork:
    plan = staged.plan
    options = msgspec.structs.replace(
        shard_options(plan, folder, selection, rules, variables),
        pytest_args=(*request.xdist_args, *plan.pytest_args, *plan.arguments),
        measures_coverage=request.measures_coverage,
        coverage_by_category=request.measures_coverage
        and (
            bool(request.category_thresholds)
            or is_kept_by_category(plan, folder, selection, os.environ, sys.version_info[:2])
        ),
        test_seconds=request.test_timeout,
        shares_services=request.jobs_at_a_time > 1,
        keeps_output=request.show_output,
    )
    return ShardWork(
        plan=plan,
        stages=staged.stages,
        results=request.results,
        options=options,
        jobs=request.jobs_at_a_time,
        rules=rules,
    )

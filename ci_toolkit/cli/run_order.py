"""Carries out ``ci-toolkit run``: choose, plan, bring up what is to be real, run, merge, judge."""

import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import click

from ci_toolkit.cli.choice import Choice, read_choice
from ci_toolkit.cli.finish import finish, forget_earlier_reports
from ci_toolkit.cli.history_options import chosen_history, recall
from ci_toolkit.cli.options import thresholds_of
from ci_toolkit.cli.real_parts import RealParts, real_parts
from ci_toolkit.cli.rules import RunRules, rules_of
from ci_toolkit.cli.running import run_shards
from ci_toolkit.cli.staging import chosen_files, find_chosen, plan_in_stages, request_for
from ci_toolkit.config.project import project_root
from ci_toolkit.errors import ExitCode
from ci_toolkit.files import make_folder, replace_file
from ci_toolkit.model.mode import FailFast
from ci_toolkit.model.plan import plan_to_json
from ci_toolkit.model.record import Record
from ci_toolkit.model.suite import Suite
from ci_toolkit.plan.request import PlanRequest
from ci_toolkit.plan.stages import StagedPlan
from ci_toolkit.suite.options import ShardOptions

_SHARDS = 2


class RunOrder(Record, frozen=True, kw_only=True):
    """The options of the command, one field each."""

    paths: tuple[str, ...]
    pytest_args: tuple[str, ...]
    shards: int | None
    jobs: int | None
    categories: tuple[str, ...]
    mode: str
    test_files: tuple[str, ...]
    parallel: bool
    workers: int | None
    real_services: bool
    provider: str | None
    real_llm: bool
    no_alpine: bool
    dynamic_ports: bool
    force_recreate: bool
    coverage: bool
    test_timeout: float | None
    fail_fast: FailFast | None
    fast_fail: bool
    budget: float | None
    coverage_threshold: float | None
    category_thresholds: tuple[str, ...]
    history: str
    no_history: bool
    results: Path
    out: Path

    @property
    def is_parallel(self) -> bool:
        """Whether each shard runs its tests side by side."""
        return self.parallel or self.workers is not None

    @property
    def shards_of_a_stage(self) -> int:
        """How many shards each stage has."""
        return self.shards or (1 if self.is_parallel else _SHARDS)

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
        return self.coverage or self.coverage_threshold is not None or bool(self.category_thresholds)


def carry_out(order: RunOrder) -> ExitCode | int:
    """Run the suite as ``order`` says, leave the reports, and return the exit code of the verdict."""
    begun_at = time.monotonic()
    folder = Path.cwd()
    root = project_root(folder)
    choice = read_choice(root, mode=order.mode, categories=order.categories)
    thresholds = thresholds_of(order.coverage_threshold, order.category_thresholds, choice)
    rules = rules_of(choice.mode, order.fail_fast, fast_fail=order.fast_fail, budget=order.budget, begun_at=begun_at)
    forget_earlier_reports(order.out)
    history = chosen_history(order.history, no_history=order.no_history)
    suite, staged = _planned(order, folder, choice, rules, history)
    parts = _real_parts(order, choice, suite, rules.seconds_left)
    with real_parts(parts, root, lambda line: click.echo(f"ci-toolkit: {line}", err=True)) as real:
        options = _shard_options(order, folder, staged, choice, rules, real.variables)
        ran = run_shards(
            staged.plan,
            staged.stages,
            order.results,
            options,
            order.jobs_at_a_time,
            rules,
            save_logs=real.save_logs,
        )
        trouble = real.trouble(order.results / "shard-*")
    verdict = finish(
        staged.plan,
        order.results,
        order.out,
        thresholds,
        strictness=choice.mode.strictness,
        history=history,
        trouble=trouble,
    )
    return ExitCode.INTERRUPTED if ran.is_interrupted else verdict.exit_code


def _planned(order: RunOrder, folder: Path, choice: Choice, rules: RunRules, history: str) -> tuple[Suite, StagedPlan]:
    paths = (*order.paths, *order.test_files)
    suite = find_chosen(folder, paths, order.pytest_args, choice, seconds=rules.seconds_left)
    request = request_for(choice, PlanRequest(shards=order.shards_of_a_stage, pytest_args=order.pytest_args))
    durations = recall(history, suite, folder / suite.root)
    staged = plan_in_stages(suite, durations, request, choice, critical_first=bool(rules.budget_seconds))
    _forget_earlier_shards(order.results)
    make_folder(order.out)
    replace_file(order.out / "plan.json", plan_to_json(staged.plan))
    return suite, staged


def _real_parts(order: RunOrder, choice: Choice, suite: Suite, seconds: float | None) -> RealParts:
    return RealParts(
        services=choice.services(chosen_files(suite, choice)) if order.real_services else None,
        provider=order.provider or "",
        llm=order.real_llm,
        alpine=not order.no_alpine,
        dynamic_ports=order.dynamic_ports,
        force_recreate=order.force_recreate,
        seconds=seconds,
    )


def _shard_options(
    order: RunOrder, folder: Path, staged: StagedPlan, choice: Choice, rules: RunRules, variables: Mapping[str, str]
) -> ShardOptions:
    plan = staged.plan
    return ShardOptions(
        root=str((folder / plan.root).resolve()),
        folder=str(folder),
        pytest_args=(*order.xdist_args, *plan.pytest_args, *plan.arguments),
        measures_coverage=order.measures_coverage,
        coverage_by_category=order.measures_coverage,
        test_seconds=order.test_timeout,
        categories=choice.categories.every,
        critical_first=rules.may_end_early,
        variables=tuple(variables.items()),
    )


def _forget_earlier_shards(results: Path) -> None:
    # A bundle of an earlier run with more shards would be a stranger in this one.
    for folder in results.glob("shard-*"):
        if (folder / "shard.json").is_file() and not folder.is_symlink():
            shutil.rmtree(folder)

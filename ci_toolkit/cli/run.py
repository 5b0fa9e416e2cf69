"""``ci-toolkit run``: everything on one machine; also the guide's unified test runner."""

import os
import shutil
import time
from pathlib import Path

import click

from ci_toolkit.cli.history_options import chosen_history, history_options, recall
from ci_toolkit.cli.options import OUT, RESULTS, choosing_options, judging_options, running_options, thresholds_of
from ci_toolkit.cli.passthrough import PytestCommand, pytest_args
from ci_toolkit.model.mode import FailFast

_SHARDS = 2


@click.command(cls=PytestCommand)
@click.argument("paths", nargs=-1)
@click.option(
    "--shards",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many shards, for each stage of categories.  [default: 2; 1 with --parallel]",
)
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="J", help="How many shards at a time.  [default: the cores]"
)
@choosing_options
@click.option("--test-file", "test_files", multiple=True, metavar="F", help="Run this file alone (repeatable).")
@click.option("--parallel", is_flag=True, help="Run the tests of a shard side by side, by pytest-xdist.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="pytest-xdist's workers in each shard.")
@click.option("--real-services", is_flag=True, help="Bring up the services that the categories need, and wait.")
@click.option(
    "--provider",
    type=click.Choice(["external", "native", "docker"]),
    help="The only provider of real services to use.  [default: the first of these that can]",
)
@click.option("--real-llm", is_flag=True, help="Tests with a real LLM must have one: CI_TOOLKIT_REAL_LLM=1.")
@click.option("--no-alpine", is_flag=True, help="Real services from full images in place of the Alpine ones.")
@click.option("--dynamic-ports", is_flag=True, help="Real services on free ports in place of the table's.")
@click.option("--force-recreate", is_flag=True, help="Real services made anew, whatever is there.")
@running_options
@judging_options
@history_options
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=OUT, show_default=True)
def command(  # noqa: PLR0913 (one parameter an option)
    paths: tuple[str, ...],
    *,
    shards: int | None,
    jobs: int | None,
    categories: tuple[str, ...],
    mode: str,
    test_files: tuple[str, ...],
    parallel: bool,
    workers: int | None,
    real_services: bool,
    provider: str | None,
    real_llm: bool,
    no_alpine: bool,
    dynamic_ports: bool,
    force_recreate: bool,
    coverage: bool,
    test_timeout: float | None,
    fail_fast: FailFast | None,
    fast_fail: bool,
    budget: float | None,
    coverage_threshold: float | None,
    category_thresholds: tuple[str, ...],
    history: str,
    no_history: bool,
    results: Path,
    out: Path,
) -> int:
    """Plan, run, merge and judge the suite on this machine; exit with the verdict.

    With a mode or categories, mission-critical tests run first, and each category after those that it depends on.
    What follows `--` goes to pytest.
    """
    from ci_toolkit.cli.choice import read_choice  # noqa: PLC0415 (start-up time)
    from ci_toolkit.cli.finish import finish  # noqa: PLC0415
    from ci_toolkit.cli.real_parts import RealParts, real_parts  # noqa: PLC0415
    from ci_toolkit.cli.rules import rules_of  # noqa: PLC0415
    from ci_toolkit.cli.running import run_shards  # noqa: PLC0415
    from ci_toolkit.cli.staging import chosen_files, find_chosen, plan_in_stages, request_for  # noqa: PLC0415
    from ci_toolkit.config.project import project_root  # noqa: PLC0415
    from ci_toolkit.errors import ExitCode  # noqa: PLC0415
    from ci_toolkit.files import make_folder, replace_file  # noqa: PLC0415
    from ci_toolkit.model.plan import plan_to_json  # noqa: PLC0415
    from ci_toolkit.plan.request import PlanRequest  # noqa: PLC0415
    from ci_toolkit.suite.options import ShardOptions  # noqa: PLC0415

    begun_at = time.monotonic()
    folder = Path.cwd()
    root = project_root(folder)
    choice = read_choice(root, mode=mode, categories=categories)
    thresholds = thresholds_of(coverage_threshold, category_thresholds, choice)
    measures = coverage or coverage_threshold is not None or bool(category_thresholds)
    rules = rules_of(choice.mode, fail_fast, fast_fail=fast_fail, budget=budget, begun_at=begun_at)
    (out / "verdict.json").unlink(missing_ok=True)  # that of an earlier run must not speak for one that cannot begin
    is_parallel = parallel or workers is not None
    shards = shards or (1 if is_parallel else _SHARDS)
    jobs = jobs or os.cpu_count() or 1
    critical_first = bool(rules.budget_seconds)
    kept = chosen_history(history, no_history=no_history)
    suite = find_chosen(folder, (*paths, *test_files), pytest_args(), choice)
    request = request_for(choice, PlanRequest(shards=shards, pytest_args=pytest_args()))
    staged = plan_in_stages(
        suite, recall(kept, suite, folder / suite.root), request, choice, critical_first=critical_first
    )
    plan = staged.plan
    _forget_earlier_shards(results)
    make_folder(out)
    replace_file(out / "plan.json", plan_to_json(plan))
    parts = RealParts(
        services=choice.services(chosen_files(suite, choice)) if real_services else None,
        provider=provider or "",
        llm=real_llm,
        alpine=not no_alpine,
        dynamic_ports=dynamic_ports,
        force_recreate=force_recreate,
    )
    with real_parts(parts, root, lambda line: click.echo(f"ci-toolkit: {line}", err=True)) as variables:
        options = ShardOptions(
            root=str((folder / plan.root).resolve()),
            folder=str(folder),
            pytest_args=(*_workers(workers, jobs, is_parallel=is_parallel), *plan.pytest_args, *plan.arguments),
            measures_coverage=measures,
            coverage_by_category=measures,
            test_seconds=test_timeout,
            categories=choice.categories.every,
            critical_first=rules.may_end_early,
            variables=tuple(variables.items()),
        )
        ran = run_shards(plan, staged.stages, results, options, jobs, rules)
    verdict = finish(plan, results, out, thresholds, strictness=choice.mode.strictness, history=kept)
    return ExitCode.INTERRUPTED if ran.is_interrupted else verdict.exit_code


def _workers(workers: int | None, jobs: int, *, is_parallel: bool) -> tuple[str, ...]:
    if not is_parallel:
        return ()
    return ("-n", str(workers or max(1, (os.cpu_count() or 1) // jobs)))


def _forget_earlier_shards(results: Path) -> None:
    # A bundle of an earlier run with more shards would be a stranger in this one.
    for folder in results.glob("shard-*"):
        if (folder / "shard.json").is_file() and not folder.is_symlink():
            shutil.rmtree(folder)

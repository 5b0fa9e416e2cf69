"""``ci-toolkit run``: everything on one machine."""

import os
import shutil
from pathlib import Path

import click

from ci_toolkit.cli.history_options import chosen_history, history_options
from ci_toolkit.cli.options import OUT, RESULTS, judging_options, running_options, thresholds_of
from ci_toolkit.cli.passthrough import PytestCommand, pytest_args


@click.command(cls=PytestCommand)
@click.argument("paths", nargs=-1)
@click.option(
    "--shards", type=click.IntRange(min=1), default=2, show_default=True, metavar="N", help="How many shards."
)
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="J", help="How many shards at a time.  [default: the cores]"
)
@click.option("--category", "categories", multiple=True, metavar="C", help="Only this category (repeatable).")
@running_options
@judging_options
@history_options
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=OUT, show_default=True)
def command(  # noqa: PLR0913 (one parameter an option)
    paths: tuple[str, ...],
    *,
    shards: int,
    jobs: int | None,
    categories: tuple[str, ...],
    coverage: bool,
    test_timeout: float,
    coverage_threshold: float | None,
    category_thresholds: tuple[str, ...],
    history: str,
    no_history: bool,
    results: Path,
    out: Path,
) -> int:
    """Plan, run, merge and judge the suite on this machine; exit with the verdict.

    What follows `--` goes to pytest.
    """
    from ci_toolkit.cli.finish import finish  # noqa: PLC0415
    from ci_toolkit.cli.plan import make_plan  # noqa: PLC0415
    from ci_toolkit.cli.running import run_shards  # noqa: PLC0415
    from ci_toolkit.errors import ExitCode  # noqa: PLC0415
    from ci_toolkit.files import make_folder, replace_file  # noqa: PLC0415
    from ci_toolkit.model.plan import plan_to_json  # noqa: PLC0415
    from ci_toolkit.plan.request import PlanRequest  # noqa: PLC0415
    from ci_toolkit.suite.options import ShardOptions  # noqa: PLC0415

    thresholds = thresholds_of(coverage_threshold, category_thresholds)
    measures = coverage or coverage_threshold is not None or bool(category_thresholds)
    kept = chosen_history(history, no_history=no_history)
    folder = Path.cwd()
    request = PlanRequest(shards=shards, categories=categories)
    plan = make_plan(folder, paths, pytest_args(), request=request, history=kept)
    _forget_earlier_shards(results)
    make_folder(out)
    replace_file(out / "plan.json", plan_to_json(plan))
    options = ShardOptions(
        root=str((folder / plan.root).resolve()),
        folder=str(folder),
        pytest_args=(*plan.pytest_args, *plan.arguments),
        measures_coverage=measures,
        coverage_by_category=measures,
        test_seconds=test_timeout,
    )
    indexes = [shard.index for shard in plan.shards]
    ran = run_shards(plan, indexes, results, options, jobs or os.cpu_count() or 1)
    verdict = finish(plan, results, out, thresholds, history=kept)
    return ExitCode.INTERRUPTED if ran.stopped_by else verdict.exit_code


def _forget_earlier_shards(results: Path) -> None:
    # A bundle of an earlier run with more shards would be a stranger in this one.
    for folder in results.glob("shard-*"):
        if (folder / "shard.json").is_file() and not folder.is_symlink():
            shutil.rmtree(folder)

"""``ci-toolkit shard``: runs one shard and leaves its bundle."""

from pathlib import Path

import click

from ci_toolkit.cli.options import RESULTS, read_plan, running_options
from ci_toolkit.cli.passthrough import PytestCommand, pytest_args


@click.command(cls=PytestCommand)
@click.argument("index", type=click.IntRange(min=1), metavar="I")
@click.option("--plan", "plan_path", type=click.Path(path_type=Path), default=Path("plan.json"), show_default=True)
@click.option(
    "--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True, help="Where to leave DIR/shard-I."
)
@running_options
def command(index: int, *, plan_path: Path, results: Path, coverage: bool, test_timeout: float) -> int:
    """Run shard I (from 1) of a plan and leave its bundle in DIR/shard-I.

    Run it in the folder in which the plan was made.
    """
    from ci_toolkit.cli.running import check_commit, run_shards  # noqa: PLC0415
    from ci_toolkit.suite.options import ShardOptions  # noqa: PLC0415

    plan = read_plan(plan_path)
    folder = Path.cwd()
    check_commit(plan, folder)
    plan.shard(index)
    options = ShardOptions(
        root=str((folder / plan.root).resolve()),
        folder=str(folder),
        pytest_args=(*plan.pytest_args, *pytest_args(), *plan.arguments),
        measures_coverage=coverage,
        coverage_by_category=coverage,
        test_seconds=test_timeout,
    )
    return run_shards(plan, [index], results, options, jobs=1).exit_code

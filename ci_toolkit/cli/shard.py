"""``ci-toolkit shard``: runs one shard and leaves its bundle."""

import time
from pathlib import Path

import click

from ci_toolkit.cli.options import RESULTS, read_plan, running_options
from ci_toolkit.cli.passthrough import PytestCommand, pytest_args
from ci_toolkit.errors import ExitCode
from ci_toolkit.model.mode import FailFast


@click.command(cls=PytestCommand)
@click.argument("index", type=click.IntRange(min=1), metavar="I")
@click.option("--plan", "plan_path", type=click.Path(path_type=Path), default=Path("plan.json"), show_default=True)
@click.option(
    "--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True, help="Where to leave DIR/shard-I."
)
@running_options
def command(  # noqa: PLR0913 (one parameter an option)
    index: int,
    *,
    plan_path: Path,
    results: Path,
    coverage: bool,
    test_timeout: float | None,
    fail_fast: FailFast | None,
    fast_fail: bool,
    budget: float | None,
) -> int:
    """Run shard I (from 1) of a plan and leave its bundle in DIR/shard-I.

    Run it in the folder in which the plan was made. The plan's mode says what ends the shard early.
    """
    from ci_toolkit.cli.choice import read_choice  # noqa: PLC0415
    from ci_toolkit.cli.real_parts import RealParts, real_parts  # noqa: PLC0415
    from ci_toolkit.cli.rules import rules_of  # noqa: PLC0415
    from ci_toolkit.cli.running import check_commit, run_shards  # noqa: PLC0415
    from ci_toolkit.config.project import project_root  # noqa: PLC0415
    from ci_toolkit.suite.options import ShardOptions  # noqa: PLC0415

    begun_at = time.monotonic()
    plan = read_plan(plan_path)
    folder = Path.cwd()
    check_commit(plan, folder)
    plan.shard(index)
    choice = read_choice(project_root(folder), mode=plan.mode)
    rules = rules_of(choice.mode, fail_fast, fast_fail=fast_fail, budget=budget, begun_at=begun_at)
    options = ShardOptions(
        root=str((folder / plan.root).resolve()),
        folder=str(folder),
        pytest_args=(*plan.pytest_args, *pytest_args(), *plan.arguments),
        own_arguments=pytest_args(),
        measures_coverage=coverage,
        coverage_by_category=coverage,
        test_seconds=test_timeout,
        categories=choice.categories.every,
        critical_first=rules.may_end_early,
    )
    with real_parts(RealParts(services=None), project_root(folder), _tell) as real:
        ran = run_shards(plan, [[index]], results, options, 1, rules, save_logs=real.save_logs)
        trouble = real.trouble(results / f"shard-{index}")
    if trouble:
        _tell(trouble)
    return ExitCode.INFRASTRUCTURE if trouble and not ran.is_interrupted else ran.exit_code


def _tell(line: str) -> None:
    click.echo(f"ci-toolkit: {line}", err=True)

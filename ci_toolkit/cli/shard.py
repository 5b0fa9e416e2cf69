"""``ci-toolkit shard``: runs one shard and leaves its bundle."""

from pathlib import Path
from typing import Any

import click

from ci_toolkit.cli.clock import BEGUN_AT
from ci_toolkit.cli.options import RESULTS, running_options
from ci_toolkit.cli.output import Terminal
from ci_toolkit.cli.passthrough import PytestCommand, pytest_args


@click.command(cls=PytestCommand)
@click.argument("index", type=click.IntRange(min=1), metavar="I")
@click.option(
    "--plan",
    "plan_path",
    type=click.Path(path_type=Path),
    default=Path("plan.json"),
    show_default=True,
    help="The plan to follow.",
)
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=RESULTS,
    show_default=True,
    help="The folder for the bundle, DIR/shard-I.",
)
@running_options
def command(index: int, **options: Any) -> int:
    """Run shard I (from 1) of a plan and leave its bundle in DIR/shard-I.

    Run it in the folder in which the plan was made. The plan's mode says what ends the shard early.
    """
    from ci_toolkit.workflow.one_shard import ShardRequest, run_one_shard

    request = ShardRequest(index=index, pytest_args=pytest_args(), begun_at=BEGUN_AT, **options)
    return run_one_shard(request, Path.cwd(), Terminal())

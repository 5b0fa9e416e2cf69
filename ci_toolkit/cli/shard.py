"""``ci-toolkit shard``: runs one shard and leaves its bundle."""

from pathlib import Path
from typing import Any

import click

from ci_toolkit.cli.clock import BEGUN_AT
from ci_toolkit.cli.history_options import chosen_history, history_options
from ci_toolkit.cli.options import plan_option, results_option, running_options, service_options
from ci_toolkit.cli.output import Terminal
from ci_toolkit.cli.passthrough import PytestCommand, pytest_args
from ci_toolkit.cli.values import ShardCount


@click.command(cls=PytestCommand)
@click.argument("index", type=ShardCount(), metavar="I|auto")
@plan_option("The plan to follow.")
@results_option("The folder for the bundle, DIR/shard-I.")
@service_options
@running_options
@history_options
def command(index: int | str, *, history: str, no_history: bool, **options: Any) -> int:
    """Run shard I (from 1) of a plan and leave its bundle in DIR/shard-I.

    With `auto`, GitLab CI, CircleCI, Buildkite, Semaphore or Bitbucket says by its variables which shard this job is;
    it must run as many jobs as the plan has shards. Run it in the folder in which the plan was made. The plan's mode
    says what ends the shard early. --real-services starts what the categories of this shard need, and nothing else.
    Where [tool.ci-toolkit.flaky] lets trials judge what failed, they read the history; a shard never writes it.
    """
    from ci_toolkit.workflow.one_shard import ShardRequest, run_one_shard

    asked = None if isinstance(index, str) else index
    known = chosen_history(history, no_history=no_history)
    request = ShardRequest(index=asked, pytest_args=pytest_args(), history=known, begun_at=BEGUN_AT, **options)
    return run_one_shard(request, Path.cwd(), Terminal())

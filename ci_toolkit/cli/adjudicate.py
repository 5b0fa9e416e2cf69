"""``ci-toolkit adjudicate``: tries on a fresh machine what failed on those of the shards."""

from pathlib import Path
from typing import Any

import click

from ci_toolkit.cli.history_options import chosen_history, history_options
from ci_toolkit.cli.options import plan_option, results_option, service_options, test_timeout_option
from ci_toolkit.cli.output import Terminal
from ci_toolkit.cli.passthrough import PytestCommand, pytest_args


@click.command(cls=PytestCommand)
@plan_option("The plan that the shards followed.")
@results_option("The folder with the bundles of the shards; the trials go to DIR/adjudication.")
@test_timeout_option
@service_options
@history_options
def command(*, history: str, no_history: bool, **options: Any) -> int:
    """Try on this machine, which must be another one, what failed in the shards and is still open.

    For a job of its own between the shards and the merge, in the folder in which the plan was made. It is for projects
    with [tool.ci-toolkit.flaky] in pyproject.toml; without that table nothing is tried.
    """
    from ci_toolkit.workflow.elsewhere import AdjudicationRequest, adjudicate_elsewhere

    known = chosen_history(history, no_history=no_history)
    request = AdjudicationRequest(pytest_args=pytest_args(), history=known, **options)
    return adjudicate_elsewhere(request, Path.cwd(), Terminal())

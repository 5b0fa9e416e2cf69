"""``ci-toolkit run``: everything on one machine; also the guide's unified test runner."""

from pathlib import Path
from typing import Any

import click

from ci_toolkit.cli.clock import BEGUN_AT
from ci_toolkit.cli.history_options import chosen_history, history_options
from ci_toolkit.cli.options import OUT, RESULTS, choosing_options, judging_options, running_options
from ci_toolkit.cli.output import Terminal, print_verdict, remove_reports
from ci_toolkit.cli.passthrough import PytestCommand, pytest_args


@click.command(cls=PytestCommand, remove_outputs=remove_reports)
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
def command(paths: tuple[str, ...], *, history: str, no_history: bool, out: Path, **options: Any) -> int:
    """Plan, run, merge and judge the suite on this machine; exit with the verdict.

    With a mode or categories, mission-critical tests run first, and each category after those that it depends on.
    What follows `--` goes to pytest.
    """
    from ci_toolkit.workflow.local_run import RunRequest, run_locally

    request = RunRequest(
        paths=paths,
        pytest_args=pytest_args(),
        history=chosen_history(history, no_history=no_history),
        out=out,
        begun_at=BEGUN_AT,
        **options,
    )
    end = run_locally(request, Path.cwd(), Terminal())
    print_verdict(end.verdict, out)
    return end.exit_code

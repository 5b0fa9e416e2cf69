"""``ci-toolkit run``: everything on one machine; also the guide's unified test runner."""

from pathlib import Path
from typing import Any

import click

from ci_toolkit.cli.clock import BEGUN_AT
from ci_toolkit.cli.history_options import chosen_history, history_options
from ci_toolkit.cli.keep import keep_option
from ci_toolkit.cli.options import (
    choosing_options,
    judging_options,
    out_option,
    results_option,
    running_options,
    service_options,
)
from ci_toolkit.cli.output import Terminal, columns, print_verdict, remove_reports
from ci_toolkit.cli.passthrough import PytestCommand, pytest_args
from ci_toolkit.cli.selecting import refuse_what_runs_no_shard, selecting_options, showing_options, take_words
from ci_toolkit.cli.settings import OneCall
from ci_toolkit.cli.values import ShardCount


@click.command(cls=PytestCommand, remove_outputs=remove_reports)
@click.argument("paths", nargs=-1, type=click.Path())
@click.option(
    "--shards",
    type=ShardCount(),
    metavar="N|auto",
    help="The number of shards, for each stage of categories; 'auto' takes as many as run at the same time.  "
    "[default: 2, or 1 with --parallel]",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="J",
    help="The number of shards that run at the same time.  [default: the number of cores]",
)
@selecting_options
@choosing_options
@keep_option
@click.option(
    "--test-file", "test_files", multiple=True, type=click.Path(), metavar="F", help="Run only this file (repeatable)."
)
@click.option("--parallel", is_flag=True, help="Run the tests of each shard in parallel, with pytest-xdist.")
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="The number of pytest-xdist workers in each shard."
)
@service_options
@running_options
@click.option(
    "--show-output",
    cls=OneCall,
    is_flag=True,
    help="Show what passed tests printed, too, as each ends. What failed tests printed is always shown.",
)
@judging_options
@showing_options
@history_options
@results_option("The folder for the bundles of the shards.")
@out_option
def command(paths: tuple[str, ...], *, keep: str, history: str, no_history: bool, out: Path, **options: Any) -> int:
    """Plan, run, merge and judge the suite on this machine; exit with the verdict.

    With a mode or categories, mission-critical tests run first, and each category after those that it depends on.
    What follows `--` goes to pytest.
    """
    words = take_words(options, width=columns())
    refuse_what_runs_no_shard(pytest_args())
    terminal = Terminal(words.view.verbosity)
    terminal.say("looking for the tests")  # before the imports, which take longer than a reader likes to wait
    from ci_toolkit.plan.request import Keep
    from ci_toolkit.workflow.local_run import RunRequest, run_locally

    request = RunRequest(
        paths=paths,
        pytest_args=(*words.pytest_args, *pytest_args()),
        of_last_run=words.of_last_run,
        maxfail=words.maxfail,
        history=chosen_history(history, no_history=no_history),
        out=out,
        keep=Keep(keep),
        begun_at=BEGUN_AT,
        **options,
    )
    end = run_locally(request, Path.cwd(), terminal)
    print_verdict(end.verdict, out, words.view)
    if end.hint:
        terminal.say(end.hint)
    return end.exit_code

"""``ci-toolkit plan``: writes which shard runs what."""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from ci_toolkit.cli.history_options import chosen_history, history_options
from ci_toolkit.cli.options import OUT, choosing_options
from ci_toolkit.cli.output import Terminal, columns, remove_plan
from ci_toolkit.cli.passthrough import PytestCommand, pytest_args
from ci_toolkit.cli.plan_shape import read_shape, shaping_options
from ci_toolkit.cli.selecting import (
    Words,
    refuse_steps,
    refuse_what_runs_no_shard,
    selecting_options,
    showing_options,
    take_words,
)
from ci_toolkit.model.plan import Plan


@click.command(cls=PytestCommand, remove_outputs=remove_plan)
@click.argument("paths", nargs=-1, type=click.Path())
@shaping_options
@selecting_options
@choosing_options
@showing_options
@history_options
@click.option("--collect", is_flag=True, help="Import the suite and list every test, so that files are cut exactly.")
@click.option("--explain", is_flag=True, help="Draw the shards as bars, and show what keeps the run from being faster.")
@click.option(
    "--github-output",
    is_flag=True,
    help="Append `matrix`, `plan-id` and, where trials judge failures, `judges` to the outputs of the GitHub step.",
)
@click.option(
    "--last-run",
    type=click.Path(path_type=Path),
    default=OUT,
    show_default=True,
    help="The folder with the reports of the last run, for --failed, --lf and --ff.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("plan.json"),
    show_default=True,
    help="The file for the plan.",
)
def command(  # noqa: PLR0913 (one parameter an option)
    paths: tuple[str, ...],
    *,
    categories: tuple[str, ...],
    mode: str,
    history: str,
    no_history: bool,
    collect: bool,
    explain: bool,
    github_output: bool,
    previous: Path | None,
    last_run: Path,
    out: Path,
    **options: Any,
) -> int:
    """Write the plan: which shard runs what. What follows `--` goes to pytest in every shard."""
    words = take_words(options, width=columns())
    refuse_what_runs_no_shard(pytest_args())
    refuse_steps(words.of_last_run)
    terminal = Terminal(words.view.verbosity)
    terminal.say("looking for the tests")  # before the imports, which take longer than a reader likes to wait
    from ci_toolkit.config.flaky import read_flaky
    from ci_toolkit.config.project import project_root
    from ci_toolkit.github.outputs import append_outputs, output_file, outputs_of
    from ci_toolkit.workflow.planning import PlanningRequest, write_plan

    outputs = output_file(os.environ) if github_output else None
    request = PlanningRequest(
        paths=paths,
        shape=read_shape(
            **options,
            previous=previous,
            is_collected=collect,
            pytest_args=(*words.pytest_args, *_of_durations(words), *pytest_args()),
        ),
        previous=previous,
        categories=categories,
        mode=mode,
        of_last_run=words.of_last_run,
        last_run=last_run,
        history=chosen_history(history, no_history=no_history),
        out=out,
    )
    plan = write_plan(request, Path.cwd(), terminal)
    if outputs is not None:
        has_trials = read_flaky(project_root(Path.cwd())) is not None
        append_outputs(outputs, outputs_of(plan, has_trials=has_trials))
    show_plan(plan, explain=explain, is_quiet=words.view.verbosity < 0)
    return 0


def _of_durations(words: Words) -> tuple[str, ...]:
    # Each shard's pytest lists its own in its output; a merge of the shards takes the same word for all of them.
    return () if words.view.slowest is None else (f"--durations={words.view.slowest}",)


def show_plan(plan: Plan, *, explain: bool, is_quiet: bool = False) -> None:
    """Print the plan, and to standard error what a reader should hear about it; its last line where ``is_quiet``."""
    from ci_toolkit.report.plan_picture import draw_plan, list_plan, sum_of_plan
    from ci_toolkit.report.text import one_line

    for note in plan.notes:
        click.echo(f"ci-toolkit: note: {one_line(note.message, 500)}", err=True)
    if is_quiet:
        click.echo(sum_of_plan(plan))
    elif explain:
        draws_blocks = "utf" in ((sys.__stdout__ or sys.stdout).encoding or "").lower()
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 100
        click.echo(draw_plan(plan, width=width, is_ascii=not draws_blocks), nl=False)
    else:
        click.echo(list_plan(plan), nl=False)

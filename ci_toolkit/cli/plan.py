"""``ci-toolkit plan``: writes which shard runs what."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from ci_toolkit.cli.choice import Choice, read_choice
from ci_toolkit.cli.history_options import chosen_history, history_options, recall
from ci_toolkit.cli.options import choosing_options
from ci_toolkit.cli.passthrough import PytestCommand, pytest_args
from ci_toolkit.cli.plan_shape import read_shape, shaping_options
from ci_toolkit.cli.staging import find_chosen, notes_on, request_for
from ci_toolkit.config.project import project_root
from ci_toolkit.files import make_folder, replace_file
from ci_toolkit.github.outputs import append_outputs, output_file, outputs_of
from ci_toolkit.model.plan import Plan, plan_to_json
from ci_toolkit.plan.build import build_plan
from ci_toolkit.plan.request import PlanRequest
from ci_toolkit.report.plan_picture import draw_plan, list_plan
from ci_toolkit.report.terminal import one_line


@click.command(cls=PytestCommand)
@click.argument("paths", nargs=-1)
@shaping_options
@choosing_options
@history_options
@click.option("--collect", is_flag=True, help="Import the suite and list every test, for exact pieces.")
@click.option("--explain", is_flag=True, help="Draw the shards as bars, with the bound and what sets it.")
@click.option("--github-output", is_flag=True, help="Append `matrix` and `plan-id` to the step's outputs.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("plan.json"), show_default=True)
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
    out: Path,
    **shape: Any,
) -> int:
    """Write the plan: which shard runs what. What follows `--` goes to pytest in every shard."""
    outputs = output_file(os.environ) if github_output else None
    kept = chosen_history(history, no_history=no_history)
    choice = read_choice(project_root(Path.cwd()), mode=mode, categories=categories)
    request = msgspec.structs.replace(read_shape(**shape), is_collected=collect)
    plan = make_plan(Path.cwd(), paths, pytest_args(), request=request, choice=choice, history=kept)
    make_folder(out.parent)
    replace_file(out, plan_to_json(plan))
    if outputs is not None:
        append_outputs(outputs, outputs_of(plan))
    show_plan(plan, explain=explain)
    return 0


def show_plan(plan: Plan, *, explain: bool) -> None:
    """Print the plan, and to standard error what a reader should hear about it."""
    for note in plan.notes:
        click.echo(f"ci-toolkit: note: {one_line(note.message, 500)}", err=True)
    if explain:
        draws_blocks = "utf" in (sys.stdout.encoding or "").lower()
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 100
        click.echo(draw_plan(plan, width=width, is_ascii=not draws_blocks), nl=False)
    else:
        click.echo(list_plan(plan), nl=False)


def make_plan(
    folder: Path,
    paths: Sequence[str],
    arguments: Sequence[str],
    *,
    request: PlanRequest,
    choice: Choice,
    history: str = "",
) -> Plan:
    """Return the plan of what was chosen of the suite that ``pytest ARGUMENTS PATHS`` collects in ``folder``."""
    suite = find_chosen(folder, paths, arguments, choice, is_collected=request.is_collected)
    request = request_for(choice, msgspec.structs.replace(request, pytest_args=tuple(arguments)))
    durations = recall(history, suite, folder / suite.root)
    notes = (*durations.notes, *notes_on(suite, choice))
    return build_plan(suite, msgspec.structs.replace(durations, notes=notes), request)

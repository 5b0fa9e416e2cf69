"""``ci-toolkit plan``: writes which shard runs what."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from ci_toolkit.cli.history_options import chosen_history, history_options, recall
from ci_toolkit.cli.passthrough import PytestCommand, pytest_args
from ci_toolkit.files import replace_file
from ci_toolkit.github.outputs import append_outputs, output_file, outputs_of
from ci_toolkit.model.plan import Plan, plan_to_json
from ci_toolkit.plan.build import build_plan
from ci_toolkit.plan.request import PlanRequest
from ci_toolkit.suite.discover import collect_suite, find_suite


@click.command(cls=PytestCommand)
@click.argument("paths", nargs=-1)
@click.option("--shards", type=click.IntRange(min=1), required=True, metavar="N", help="How many shards.")
@click.option("--category", "categories", multiple=True, metavar="C", help="Only this category (repeatable).")
@history_options
@click.option("--collect", is_flag=True, help="Import the suite and list every test, for exact pieces.")
@click.option("--github-output", is_flag=True, help="Append `matrix` and `plan-id` to the step's outputs.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("plan.json"), show_default=True)
def command(  # noqa: PLR0913 (one parameter an option)
    paths: tuple[str, ...],
    *,
    shards: int,
    categories: tuple[str, ...],
    history: str,
    no_history: bool,
    collect: bool,
    github_output: bool,
    out: Path,
) -> int:
    """Write the plan: which shard runs what. What follows `--` goes to pytest in every shard."""
    outputs = output_file(os.environ) if github_output else None
    kept = chosen_history(history, no_history=no_history)
    plan = make_plan(
        Path.cwd(), paths, pytest_args(), shards=shards, categories=categories, history=kept, collects=collect
    )
    replace_file(out, plan_to_json(plan))
    if outputs is not None:
        append_outputs(outputs, outputs_of(plan))
    for shard in plan.shards:
        click.echo(f"shard {shard.index:4}: {shard.estimated_seconds:9.1f} s  {len(shard.units)} files")
    click.echo(f"{len(plan.shards)} shards, {plan.makespan_seconds:.1f} s, bound {plan.lower_bound_seconds:.1f} s")
    return 0


def make_plan(
    folder: Path,
    paths: Sequence[str],
    arguments: Sequence[str],
    *,
    shards: int,
    categories: Sequence[str],
    history: str = "",
    collects: bool = False,
) -> Plan:
    """Return the plan for the suite that ``pytest ARGUMENTS PATHS`` collects in ``folder``."""
    suite = collect_suite(folder, paths, arguments) if collects else find_suite(folder, paths, arguments)
    request = PlanRequest(
        shards=shards, categories=tuple(categories), pytest_args=tuple(arguments), is_collected=collects
    )
    return build_plan(suite, recall(history, suite, folder / suite.root), request)

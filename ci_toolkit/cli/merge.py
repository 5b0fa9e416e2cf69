"""``ci-toolkit merge``: from bundles to one verdict."""

from pathlib import Path

import click

from ci_toolkit.cli.history_options import chosen_history, history_options
from ci_toolkit.cli.options import OUT, RESULTS, judging_options, read_plan, thresholds_of
from ci_toolkit.cli.settings import ToolkitCommand


@click.command(cls=ToolkitCommand)
@click.option("--plan", "plan_path", type=click.Path(path_type=Path), default=Path("plan.json"), show_default=True)
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=RESULTS,
    show_default=True,
    help="The folder with the bundles.",
)
@click.option("--out", type=click.Path(path_type=Path), default=OUT, show_default=True)
@judging_options
@history_options
def command(
    *,
    plan_path: Path,
    results: Path,
    out: Path,
    coverage_threshold: float | None,
    category_thresholds: tuple[str, ...],
    history: str,
    no_history: bool,
) -> int:
    """Merge the bundles of all shards into one verdict, and exit with it.

    Writes verdict.json, junit.xml, coverage.xml, coverage.json, .coverage, summary.md and report.html.
    """
    from ci_toolkit.cli.choice import read_choice  # noqa: PLC0415
    from ci_toolkit.cli.finish import finish  # noqa: PLC0415 (start-up time)
    from ci_toolkit.config.project import project_root  # noqa: PLC0415

    plan = read_plan(plan_path)
    choice = read_choice(project_root(Path.cwd()), mode=plan.mode, categories=plan.categories)
    thresholds = thresholds_of(coverage_threshold, category_thresholds, choice)
    kept = chosen_history(history, no_history=no_history)
    return finish(plan, results, out, thresholds, strictness=choice.mode.strictness, history=kept).exit_code

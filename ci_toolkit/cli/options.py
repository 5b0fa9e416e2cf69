"""Options that several commands share, and what they turn into."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ci_toolkit.cli.values import PERCENT, CategoryThreshold, TimeSpan
from ci_toolkit.files import STATE_FOLDER
from ci_toolkit.model.mode import FailFast, read_fail_fast

F = TypeVar("F", bound=Callable[..., Any])

RESULTS = Path(STATE_FOLDER) / "results"
OUT = Path(STATE_FOLDER) / "out"


def plan_option(meaning: str) -> Callable[[F], F]:
    """Return the decorator that adds ``--plan``, the plan that a command reads; ``meaning`` is its help."""
    return click.option(
        "--plan",
        "plan_path",
        type=click.Path(path_type=Path),
        default=Path("plan.json"),
        show_default=True,
        help=meaning,
    )


def results_option(meaning: str) -> Callable[[F], F]:
    """Return the decorator that adds ``--results``, where bundles are; ``meaning`` is its help."""
    return click.option("--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True, help=meaning)


out_option = click.option(
    "--out", type=click.Path(path_type=Path), default=OUT, show_default=True, help="The folder for the reports."
)
"""Where a command that ends in a verdict leaves its reports."""
test_timeout_option = click.option(
    "--test-timeout",
    type=TimeSpan(),
    help="Fail a test that takes longer, such as 30s; the others go on. 0: none.  [default: its category's]",
)


def running_options(function: F) -> F:
    """Add what a command that runs tests takes."""
    for decorate in (
        test_timeout_option,
        click.option("--coverage", is_flag=True, help="Measure coverage, as `pytest --cov` does."),
        click.option(
            "--fail-fast",
            metavar="RULE",
            callback=_read_rule,
            help="When failures end the run early: never, first, category, critical, 5 or 10%.  [default: the mode's]",
        ),
        click.option("--fast-fail", is_flag=True, help="The same as --fail-fast first."),
        click.option(
            "--budget",
            type=TimeSpan(),
            help="The wall time of the whole run, such as 2m, reports included. 0: no budget.  [default: the mode's]",
        ),
    ):
        function = decorate(function)
    return function


def service_options(function: F) -> F:
    """Add what a command that brings services up for its tests takes."""
    for decorate in (
        click.option(
            "--force-recreate", is_flag=True, help="First stop services that are running, and make new snapshots."
        ),
        click.option("--dynamic-ports", is_flag=True, help="Use free ports for the services instead of the table's."),
        click.option(
            "--no-alpine", is_flag=True, help="Use the regular images of the services, not the small (Alpine) ones."
        ),
        click.option(
            "--real-llm",
            is_flag=True,
            help="Fail tests that need a real LLM where there is none, instead of skipping them.",
        ),
        click.option(
            "--provider",
            type=click.Choice(["external", "native", "docker"]),
            help="Use only this provider of real services.  [default: the first of these that can start the service]",
        ),
        click.option(
            "--real-services",
            is_flag=True,
            help="Start the services that the categories need, and wait until they answer.",
        ),
    ):
        function = decorate(function)
    return function


def choosing_options(function: F) -> F:
    """Add what a command that chooses tests takes."""
    for decorate in (
        click.option(
            "--execution-mode",
            "--mode",
            "mode",
            default="",
            metavar="M",
            help="The execution mode: fast_feedback, commit, ci, nightly, full, or one of your own.",
        ),
        click.option(
            "--category", "categories", multiple=True, metavar="C", help="Run only this category (repeatable)."
        ),
    ):
        function = decorate(function)
    return function


def _read_rule(ctx: click.Context, param: click.Parameter, value: str | None) -> FailFast | None:
    try:
        return None if value is None else read_fail_fast(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error


def judging_options(function: F) -> F:
    """Add what a command that ends in a verdict takes."""
    for decorate in (
        click.option(
            "--category-threshold",
            "category_thresholds",
            multiple=True,
            metavar="NAME=P",
            type=CategoryThreshold(),
            help="The lowest coverage that the tests of a category may reach, in percent (repeatable).",
        ),
        click.option(
            "--diff-base",
            default="",
            metavar="REF",
            help="What --diff-threshold compares with, such as origin/main.  [default: the base that CI or git names]",
        ),
        click.option(
            "--diff-threshold",
            type=PERCENT,
            metavar="P",
            help="The lowest coverage that the lines of the change may reach, in percent, without rounding.",
        ),
        click.option(
            "--coverage-threshold",
            type=PERCENT,
            metavar="P",
            help="The lowest coverage that the run may reach, in percent, without rounding.",
        ),
        click.option("--no-quarantine", is_flag=True, help="Excuse no failure by quarantine.toml."),
    ):
        function = decorate(function)
    return function

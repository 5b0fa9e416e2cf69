"""Options that several commands share, and what they turn into."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ci_toolkit.cli.choice import Choice
from ci_toolkit.config.project import nearest
from ci_toolkit.errors import FormatError
from ci_toolkit.files import STATE_FOLDER
from ci_toolkit.model.mode import FailFast, read_fail_fast
from ci_toolkit.model.plan import Plan, plan_from_json
from ci_toolkit.verdict.judge import Thresholds

F = TypeVar("F", bound=Callable[..., Any])

RESULTS = Path(STATE_FOLDER) / "results"
OUT = Path(STATE_FOLDER) / "out"
_PERCENT = click.FloatRange(0, 100)


def running_options(function: F) -> F:
    """Add what a command that runs tests takes."""
    for decorate in (
        click.option(
            "--test-timeout",
            type=click.FloatRange(min=0),
            metavar="SECONDS",
            help="End a test that takes longer; the rest goes on. 0 is no limit.  [default: its category's]",
        ),
        click.option("--coverage", is_flag=True, help="Measure coverage, as `pytest --cov` does."),
        click.option(
            "--fail-fast",
            metavar="RULE",
            callback=_read_rule,
            help="When failures end the run: never, first, category, critical, 5 or 10%.  [default: the mode's]",
        ),
        click.option("--fast-fail", is_flag=True, help="The same as --fail-fast first."),
        click.option(
            "--budget",
            type=click.FloatRange(min=0),
            metavar="SECONDS",
            help="The wall time that the run keeps, whatever its tests do. 0 is none.  [default: the mode's]",
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
            help="fast_feedback, commit, ci, nightly, full, or your own.",
        ),
        click.option("--category", "categories", multiple=True, metavar="C", help="Only this category (repeatable)."),
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
            help="The least coverage of one category's tests, in percent (repeatable).",
        ),
        click.option(
            "--coverage-threshold",
            type=_PERCENT,
            metavar="P",
            help="The least coverage, in percent; exact, no rounding.",
        ),
    ):
        function = decorate(function)
    return function


def thresholds_of(overall: float | None, by_category: tuple[str, ...], choice: Choice) -> Thresholds:
    """Return the thresholds. Raises UsageError for what is not NAME=P."""
    wanted = {}
    for text in by_category:
        name, _, percent = text.partition("=")
        known = choice.categories.names
        if name not in known:
            raise click.UsageError(f"'{name}' is no category. {nearest(name, known, 'categories')}")
        wanted[name] = _PERCENT(percent)
    return Thresholds(overall=overall, by_category=wanted, if_measured=choice.category_thresholds)


def read_plan(path: Path) -> Plan:
    """Return the plan in ``path``. Raises FormatError if it is missing or no plan of this version."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(
            f"{path} cannot be read: {error.strerror}",
            advice="Write a plan with `ci-toolkit plan --shards N --out plan.json`.",
        ) from error
    return plan_from_json(data, origin=str(path))

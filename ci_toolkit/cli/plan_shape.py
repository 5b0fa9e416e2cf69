"""The options that shape a plan: how many shards, by which rule, and close to which earlier plan."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import click

from ci_toolkit.cli.keep import keep_option
from ci_toolkit.cli.values import AUTO, MOST_SHARDS, ShardCount, TimeSpan
from ci_toolkit.plan.request import DEFAULT_TARGET_SECONDS, MATRIX_LIMIT, Algorithm, Keep, PlanRequest

F = TypeVar("F", bound=Callable[..., Any])


def shaping_options(function: F) -> F:
    """Add what decides the form of a plan; a command hands them all to `read_shape`."""
    for decorate in reversed(_SHAPING):
        function = decorate(function)
    return function


def read_shape(  # noqa: PLR0913 (one parameter an option)
    *,
    shards: int | str,
    target: float,
    max_shards: int,
    overhead: float | None,
    price: float,
    algorithm: str,
    keep: str,
    previous: Path | None,
    is_collected: bool = False,
    pytest_args: tuple[str, ...] = (),
) -> PlanRequest:
    """Return the request that the shaping options make; the workflow reads the plan that ``previous`` names."""
    if previous is not None and algorithm != Algorithm.FILES:
        raise click.UsageError(f"--previous works only with --algorithm {Algorithm.FILES}.")
    return PlanRequest(
        shards=shards if isinstance(shards, int) else None,
        target_seconds=target,
        max_shards=max_shards,
        overhead_seconds=overhead,
        price_per_minute=price,
        algorithm=Algorithm(algorithm),
        keep=Keep(keep),
        is_collected=is_collected,
        pytest_args=pytest_args,
    )


def _one_of(option: str, default: StrEnum, about: str) -> Callable[[F], F]:
    """Return the option whose value is one of the kind of ``default``."""
    choices = click.Choice([choice.value for choice in type(default)])
    return click.option(option, type=choices, default=default.value, show_default=True, help=about)


_SHAPING: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--shards",
        type=ShardCount(),
        required=True,
        metavar="N|auto",
        help=f"The number of shards; '{AUTO}' takes the smallest number that meets --target.",
    ),
    click.option(
        "--target",
        type=TimeSpan(),
        default=DEFAULT_TARGET_SECONDS,
        show_default="5m",
        help=f"The wall time to aim at with --shards {AUTO}, such as 90s, 2m or 1m30s; overhead counts.",
    ),
    click.option(
        "--max-shards",
        type=click.IntRange(min=1, max=MOST_SHARDS),
        default=MATRIX_LIMIT,
        show_default=True,
        metavar="M",
        help=f"The most shards that --shards {AUTO} may choose; a GitHub matrix takes {MATRIX_LIMIT} jobs.",
    ),
    click.option(
        "--overhead",
        type=TimeSpan(),
        help="The time that each job takes besides its tests.  [default: from history, else 0]",
    ),
    click.option(
        "--price",
        type=click.FloatRange(min=0),
        default=0.0,
        metavar="P",
        help="The price of one minute of a job: print what the run costs, with more and fewer shards too.",
    ),
    _one_of(
        "--algorithm", Algorithm.FILES, "How tests are distributed; the last two are the algorithms of pytest-split."
    ),
    keep_option,
    click.option(
        "--previous",
        type=click.Path(path_type=Path),
        metavar="PLAN",
        help="An earlier plan.json to stay close to: few tests move, for a run that is up to 2% longer.",
    ),
)

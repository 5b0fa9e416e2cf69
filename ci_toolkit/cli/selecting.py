"""pytest's own words for choosing tests and for what is shown, and what they turn into."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from ci_toolkit.cli.settings import OneCall
from ci_toolkit.model.last_run import OfLastRun
from ci_toolkit.model.pytest_options import RUNS_NO_TEST
from ci_toolkit.model.record import Record
from ci_toolkit.report.text import View

F = TypeVar("F", bound=Callable[..., Any])

_NO_DEBUGGER = ("--pdb", "--trace")
"""pytest's options that need a terminal of the test's own."""


class Words(Record, frozen=True, kw_only=True):
    """What somebody says in pytest's own words."""

    of_last_run: OfLastRun = OfLastRun.NOTHING
    maxfail: int | None = None
    """Failures that end the run; 0 is no end, None leaves it to other rules."""
    pytest_args: tuple[str, ...] = ()
    """What pytest itself is told."""
    view: View = View()


def selecting_options(function: F) -> F:
    """Add pytest's words for choosing tests and for when to stop."""
    for decorate in reversed(_SELECTING):
        function = decorate(function)
    return function


def showing_options(function: F) -> F:
    """Add pytest's words for what is shown."""
    for decorate in reversed(_SHOWING):
        function = decorate(function)
    return function


def take_words(options: dict[str, Any], *, width: int | None) -> Words:
    """Take what `selecting_options` and `showing_options` added out of ``options``; ``width`` is the terminal's."""
    said = {name: options.pop(name, None) for name in _NAMES}
    verbosity = (said["verbose"] or 0) - (said["quiet"] or 0)
    of_last_run = _of_last_run({name: bool(said[name]) for name, _ in _OF_LAST_RUN})
    if of_last_run is OfLastRun.LAST_FAILED and said["where_none_failed"] == "none":
        of_last_run = OfLastRun.LAST_FAILED_ALONE
    maxfail = _STEPWISE_ENDS.get(of_last_run, 1 if said["exitfirst"] else said["maxfail"])
    args: list[str] = []
    for option, value in (("-k", said["keyword"]), ("-m", said["markers"])):
        args += [option, value] if value is not None else []
    args += [f"--maxfail={maxfail}"] if maxfail is not None else []
    args += [f"-{'v' * verbosity}"] if verbosity > 0 else []
    return Words(
        of_last_run=of_last_run,
        maxfail=maxfail,
        pytest_args=tuple(args),
        view=View(width=width, verbosity=verbosity, slowest=said["durations"]),
    )


def refuse_what_runs_no_shard(pytest_args: tuple[str, ...]) -> None:
    """Raise UsageError for an option that would wait for somebody to type, or let no test run."""
    for option in pytest_args:
        if option in _NO_DEBUGGER:
            raise click.UsageError(
                f"{option} does not work here: shards run side by side, and a debugger needs a terminal of its own. "
                f"Run the test alone: pytest {option} PATH::TEST"
            )
        if option in RUNS_NO_TEST:
            raise click.UsageError(f"{option} runs no test, and here tests are run. See what it shows: pytest {option}")


def refuse_steps(of_last_run: OfLastRun) -> None:
    """Raise UsageError where a plan is to go on from the failure at which the last run stopped."""
    if of_last_run.is_stepwise:
        raise click.UsageError(
            "--sw does not work in a plan: shards on several machines do not know of each other's failures, so none "
            "stops at another's. Take `plan --lf` for what failed, or step here: ci-toolkit run --sw"
        )


_OF_LAST_RUN = (
    ("failed", OfLastRun.FAILED),
    ("stepwise_reset", OfLastRun.STEPWISE_RESET),
    ("stepwise_skip", OfLastRun.STEPWISE_SKIP),
    ("stepwise", OfLastRun.STEPWISE),
    ("last_failed", OfLastRun.LAST_FAILED),
    ("failed_first", OfLastRun.FAILED_FIRST),
)
"""Where several are asked for, the first holds."""
_STEPWISE_ENDS = {OfLastRun.STEPWISE: 1, OfLastRun.STEPWISE_RESET: 1, OfLastRun.STEPWISE_SKIP: 2}
"""How many failures end the run."""


def _of_last_run(said: Mapping[str, bool]) -> OfLastRun:
    return next((asked for name, asked in _OF_LAST_RUN if said[name]), OfLastRun.NOTHING)


def _refuse(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001, FBT001 (click's signature)
    if value:
        refuse_what_runs_no_shard((param.opts[0],))


_SELECTING: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "-k", "keyword", cls=OneCall, metavar="EXPRESSION", help="Run the tests whose names fit, as pytest's."
    ),
    click.option("-m", "markers", cls=OneCall, metavar="MARKERS", help="Run the tests whose markers fit, as pytest's."),
    click.option(
        "--failed",
        cls=OneCall,
        is_flag=True,
        help="Run what failed, was lost or was flaky when it was last run, and nothing where there is no such test.",
    ),
    click.option(
        "--lf",
        "--last-failed",
        "last_failed",
        cls=OneCall,
        is_flag=True,
        help="Run what failed when it was last run, or everything where nothing did. ci-toolkit keeps this itself, "
        "beside the reports: pytest's cache, which shards do not share, is not asked.",
    ),
    click.option(
        "--lfnf",
        "--last-failed-no-failures",
        "where_none_failed",
        type=click.Choice(["all", "none"]),
        cls=OneCall,
        help="What --lf runs where nothing failed.  [default: all]",
    ),
    click.option(
        "--ff",
        "--failed-first",
        "failed_first",
        cls=OneCall,
        is_flag=True,
        help="Run everything, in each shard what failed last time first.",
    ),
    click.option(
        "--sw",
        "--stepwise",
        "stepwise",
        cls=OneCall,
        is_flag=True,
        help="End at the first failure, and the next time go on from it: what passed does not run again until all has.",
    ),
    click.option(
        "--sw-skip",
        "--stepwise-skip",
        "stepwise_skip",
        cls=OneCall,
        is_flag=True,
        help="The same, and pass over the failure at which the last such run ended.",
    ),
    click.option(
        "--sw-reset",
        "--stepwise-reset",
        "stepwise_reset",
        cls=OneCall,
        is_flag=True,
        help="The same as --sw, from the beginning.",
    ),
    click.option("-x", "--exitfirst", cls=OneCall, is_flag=True, help="The same as --maxfail 1."),
    click.option(
        "--maxfail",
        type=click.IntRange(min=0),
        cls=OneCall,
        metavar="N",
        help="End after N failures: `run` counts those of all shards, a shard of a plan its own. 0: no end.",
    ),
    click.option("--pdb", cls=OneCall, is_flag=True, expose_value=False, hidden=True, callback=_refuse),
    click.option("--trace", cls=OneCall, is_flag=True, expose_value=False, hidden=True, callback=_refuse),
)
_SHOWING: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "-v", "--verbose", cls=OneCall, count=True, help="Show each test, longer lists and whole differences."
    ),
    click.option("-q", "--quiet", cls=OneCall, count=True, help="Show only what failed, and the verdict."),
    click.option(
        "--durations",
        type=click.IntRange(min=0),
        cls=OneCall,
        metavar="N",
        help="List the N slowest tests, 100 at most. 0: as many as that.  [default: 5, where they are slow]",
    ),
)
_NAMES = (
    "keyword",
    "markers",
    *(name for name, _ in _OF_LAST_RUN),
    "where_none_failed",
    "exitfirst",
    "maxfail",
    "verbose",
    "quiet",
    "durations",
)

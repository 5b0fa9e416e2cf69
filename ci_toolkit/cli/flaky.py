"""``ci-toolkit flaky``: a failure of the last run reproduced, and what in its order makes it fail."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ci_toolkit.cli.options import OUT, RESULTS
from ci_toolkit.cli.settings import OneCall
from ci_toolkit.errors import ExitCode

F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def command() -> None:
    """Reproduce a failure of the last run, and find what in its order makes it fail."""


def _run_options(function: F) -> F:
    for decorate in (
        click.option(
            "--results",
            cls=OneCall,
            type=click.Path(path_type=Path),
            default=RESULTS,
            show_default=True,
            help="The folder with the bundles of the run: the last one here, or one that you have downloaded.",
        ),
        click.option(
            "--plan",
            "plan_path",
            cls=OneCall,
            type=click.Path(path_type=Path),
            default=OUT / "plan.json",
            show_default=True,
            help="The plan of the run.",
        ),
        click.option(
            "--as",
            "place",
            cls=OneCall,
            nargs=2,
            type=(click.Choice(["shard"]), click.IntRange(min=1)),
            metavar="shard N",
            help="Take the order of this shard.  [default: the first shard in which the test ran]",
        ),
        click.argument("test", metavar="NODEID"),
    ):
        function = decorate(function)
    return function


@command.command()
@_run_options
@click.option(
    "--tries",
    cls=OneCall,
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="How often an order is replayed that does not fail at once.",
)
@click.option(
    "--most", cls=OneCall, type=click.IntRange(min=1), default=5, show_default=True, help="How many causes to look for."
)
def bisect(test: str, *, place: tuple[str, int] | None, plan_path: Path, results: Path, tries: int, most: int) -> int:
    """Find the tests before NODEID that make it fail, or that set up what it needs.

    The order of its shard is halved until they are left, in a new process of pytest each time. Ctrl-C loses nothing:
    the same command goes on. Exits with 0 if it found on what the test depends, else with 1.
    """
    from ci_toolkit.cli.output import Terminal
    from ci_toolkit.report.dependency import dependency_lines
    from ci_toolkit.workflow.forensics import ReplayRequest
    from ci_toolkit.workflow.forensics import bisect as find

    request = ReplayRequest(test=test, shard=place[1] if place else None, plan_path=plan_path, results=results)
    found = find(request, Path.cwd(), Terminal(), tries=tries, most_causes=most)
    for line in dependency_lines(found):
        click.echo(line)
    return ExitCode.PASSED if found.causes else ExitCode.FAILED


@command.command()
@_run_options
@click.option(
    "--times", cls=OneCall, type=click.IntRange(min=1), default=1, show_default=True, help="How often to run it."
)
@click.option("--alone", cls=OneCall, is_flag=True, help="Run it without the tests that ran before it.")
@click.option(
    "--clean", cls=OneCall, is_flag=True, help="Run it in a clean checkout, without what the run left behind."
)
def rerun(
    test: str,
    *,
    place: tuple[str, int] | None,
    plan_path: Path,
    results: Path,
    times: int,
    alone: bool,
    clean: bool,
) -> int:
    """Run NODEID again as it ran: after the same tests in the same order, with the same seed and variables.

    Exits with 1 if it failed.
    """
    from ci_toolkit.cli.output import Terminal
    from ci_toolkit.report.dependency import rerun_lines
    from ci_toolkit.workflow.forensics import ReplayRequest
    from ci_toolkit.workflow.forensics import rerun as run_again

    request = ReplayRequest(test=test, shard=place[1] if place else None, plan_path=plan_path, results=results)
    done = run_again(request, Path.cwd(), Terminal(), times=times, is_alone=alone, is_clean=clean)
    for line in rerun_lines(test, done.place, done.replays):
        click.echo(line)
    if not (done.failed or clean):
        click.echo("  the run may have left something by which it passes here: `--clean` tries it without")
    if done.failed:
        return ExitCode.FAILED
    return ExitCode.PASSED if all(replay.failed is False for replay in done.replays) else ExitCode.INCOMPLETE

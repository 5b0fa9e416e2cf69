"""``--history`` and ``--no-history``: what a plan asks of history, and what a merge tells it."""

import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ci_toolkit.cli.history_place import history_option
from ci_toolkit.errors import ToolkitError
from ci_toolkit.history.lookup import NO_HISTORY, durations_of
from ci_toolkit.history.places import add_run, open_history, shown
from ci_toolkit.history.store import DamagedHistoryError, UnreachableHistoryError
from ci_toolkit.model.durations import Durations
from ci_toolkit.model.history import RunRecord, environment_name
from ci_toolkit.model.plan import PlanNote
from ci_toolkit.model.suite import Suite

F = TypeVar("F", bound=Callable[..., Any])


def history_options(function: F) -> F:
    """Add ``history`` (where it is kept) and ``no_history``."""
    for decorate in (
        click.option("--no-history", is_flag=True, help="Neither use nor record what tests take."),
        history_option("Where it is kept what tests take."),
    ):
        function = decorate(function)
    return function


def chosen_history(history: str, *, no_history: bool) -> str:
    """Return where history is kept, or ``""`` for nowhere."""
    return "" if no_history else history


def recall(history: str, suite: Suite, root: Path) -> Durations:
    """Return what ``history`` knows of ``suite``, whose paths start in ``root``.

    A missing, damaged or unreachable history is no reason not to plan: it stands in the notes.
    """
    if not history:
        return Durations()
    try:
        store = open_history(history)
        if store is None:
            return Durations(notes=(NO_HISTORY,))
        with store:
            return durations_of(
                suite.files, store, this_environment(), now=time.time(), exists=lambda path: (root / path).exists()
            )
    except (DamagedHistoryError, UnreachableHistoryError) as error:
        message = f"{error.message}; every test counts the same in this plan"
        return Durations(notes=(PlanNote(kind=error.slug, message=message),))


def remember(history: str, run: RunRecord) -> None:
    """Add ``run`` to ``history``. Whatever goes wrong is told, and changes nothing about the verdict."""
    if not history or not run.files:
        return
    start = time.monotonic()
    try:
        new, told = add_run(history, run, now=time.time())
    except (ToolkitError, OSError) as error:
        click.echo(f"ci-toolkit: this run was not recorded: {error}", err=True)
        return
    if told:
        click.echo(f"ci-toolkit: {told}", err=True)
    seconds = time.monotonic() - start
    click.echo(f"ci-toolkit: recorded the times of {new} files in {shown(history)} ({seconds:.1f} s)", err=True)


def this_environment() -> str:
    """Return the name of the environment that this process is in."""
    return environment_name(platform.python_implementation(), platform.python_version(), platform.platform())

"""``--history`` and ``--no-history``: where past runs are recorded, if anywhere."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ci_toolkit.cli.history_place import history_option

F = TypeVar("F", bound=Callable[..., Any])


def history_options(function: F) -> F:
    """Add ``history`` (where it is kept) and ``no_history``."""
    for decorate in (
        click.option("--no-history", is_flag=True, help="Do not use or record how long tests take."),
        history_option("Where the times of past runs are kept."),
    ):
        function = decorate(function)
    return function


def chosen_history(history: str, *, no_history: bool) -> str:
    """Return where history is kept, or ``""`` for nowhere."""
    return "" if no_history else history

"""``--history``: where it is kept what tests take."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from ci_toolkit.files import STATE_FOLDER
from ci_toolkit.masking import without_secrets

F = TypeVar("F", bound=Callable[..., Any])

VARIABLE = "CI_TOOLKIT_HISTORY"


def history_option(about: str) -> Callable[[F], F]:
    """Return what adds ``history``, with ``about`` as its help."""
    return click.option(
        "--history",
        default=f"{STATE_FOLDER}/history.sqlite",
        show_default=True,
        envvar=VARIABLE,
        metavar="FILE|git:BRANCH|URL",
        callback=_warn_of_password,
        help=f"{about} A URL with a password belongs in {VARIABLE}, not on the command line.",
    )


def _warn_of_password(ctx: click.Context, param: click.Parameter, value: str) -> str:
    is_typed = ctx.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE
    if is_typed and "://" in value and without_secrets(value) != value:
        click.echo(
            f"ci-toolkit: the password of {without_secrets(value)} is on the command line, where everybody on this "
            f"machine can read it; set {VARIABLE} instead",
            err=True,
        )
    return value

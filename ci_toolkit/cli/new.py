"""`ci-toolkit new`: write something from a template."""

from pathlib import Path

import click

from ci_toolkit.errors import ExitCode
from ci_toolkit.model.category import CATEGORIES


@click.group()
def command() -> None:
    """Write something new from the guide's templates."""


@command.command("test")
@click.argument("feature")
@click.option("--category", type=click.Choice(CATEGORIES), required=True, help="Which kind of test it is.")
@click.option("--service", default="", metavar="FOLDER", help="The service that it belongs to; default: this folder.")
def new_test(feature: str, category: str, service: str) -> int:
    """Write {service}/tests/{category}/test_{feature}.py from the guide's template.

    FEATURE is named in small letters, such as user_session. A file that is there is never overwritten.
    """
    from ci_toolkit.authoring.new_test import write_test  # noqa: PLC0415 (keeps `--help` quick)

    click.echo(write_test(Path(), feature=feature, category=category, service=service.rstrip("/")).as_posix())
    return ExitCode.PASSED

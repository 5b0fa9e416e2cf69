"""`ci-toolkit new`: write something from a template."""

from pathlib import Path

import click

from ci_toolkit.errors import ExitCode


@click.group()
def command() -> None:
    """Write a new file from the guide's templates."""


@command.command("test")
@click.argument("feature")
@click.option("--category", required=True, metavar="C", help="The category of the test: unit, integration, ...")
@click.option(
    "--service",
    default="",
    metavar="FOLDER",
    help="The folder of its service.  [default: this folder]",
)
def new_test(feature: str, category: str, service: str) -> int:
    """Write {service}/tests/{category}/test_{feature}.py from the guide's template.

    FEATURE is a name in lower case, such as user_session. An existing file is never overwritten.
    """
    from ci_toolkit.authoring.new_test import write_test
    from ci_toolkit.config.categories import read_categories
    from ci_toolkit.config.project import project_root

    known = read_categories(project_root(Path.cwd())).names
    path = write_test(Path(), feature=feature, category=category, service=service.rstrip("/"), categories=known)
    click.echo(path.as_posix())
    return ExitCode.PASSED


@command.command("runner")
def new_runner() -> int:
    """Write tests/unified_test_runner.py, the guide's runner, which takes the options of `ci-toolkit run`.

    An existing file is never overwritten.
    """
    from ci_toolkit.authoring.new_runner import write_runner

    click.echo(write_runner(Path()).as_posix())
    return ExitCode.PASSED

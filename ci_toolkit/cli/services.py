"""``ci-toolkit services``: the table of services, what runs of it, and the files rendered from it."""

from pathlib import Path

import click

from ci_toolkit.cli.services_import import import_compose
from ci_toolkit.cli.services_stack import clean, down, status, up
from ci_toolkit.errors import ExitCode


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Start, list and stop the real services that tests use."""


for _subcommand in (up, down, status, clean, import_compose):
    command.add_command(_subcommand)


@command.command()
@click.option(
    "--environment",
    type=click.Choice(["test", "test-alpine", "dev"]),
    help="Print the table's ports in this environment.  [default: what `services up` runs, else test]",
)
@click.option("--export", "as_exports", is_flag=True, help="Print shell exports (they hold the passwords).")
def ports(*, environment: str | None, as_exports: bool) -> int:
    """Print the port of every service: of those that run, or else of the table."""
    import shlex

    from ci_toolkit.config.project import project_root
    from ci_toolkit.services.catalog.endpoint import planned_all, variables
    from ci_toolkit.services.catalog.settings import read_table
    from ci_toolkit.services.catalog.table import ServiceEnvironment
    from ci_toolkit.services.stack import ownerless

    root = project_root(Path.cwd())
    running = () if environment else tuple(endpoint for info in ownerless(root) for endpoint in info.endpoints)
    endpoints = running or planned_all(read_table(root), ServiceEnvironment(environment or "test"))
    if as_exports:
        for name, value in variables(endpoints).items():
            click.echo(f"export {name}={shlex.quote(value)}")
        return ExitCode.PASSED
    for endpoint in (one for one in endpoints if one.port):
        click.echo(f"{endpoint.name:<12} {endpoint.port}")
    return ExitCode.PASSED


@command.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file differs from the table.")
def render(check: bool) -> int:  # noqa: FBT001 (a flag of the command line)
    """Write the compose files and the workflows' services blocks from the table."""
    from ci_toolkit.config.project import project_root
    from ci_toolkit.services.catalog.render import drifts, rendered
    from ci_toolkit.services.catalog.settings import read_table

    root = project_root(Path.cwd())
    files = rendered(read_table(root), root)
    found = drifts(files, root)
    if check:
        for drift in found:
            click.echo(drift.describe())
        click.echo(f"{len(files) - len(found)} of {len(files)} files match the table", err=True)
        return ExitCode.FAILED if found else ExitCode.PASSED
    stale = {drift.path for drift in found}
    for file in files:
        if file.path in stale:
            path = root / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, encoding="utf-8")
            click.echo(f"wrote {file.path}")
    return ExitCode.PASSED

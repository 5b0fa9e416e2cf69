"""``ci-toolkit services up``, ``down``, ``status`` and ``clean``: the running services of a project."""

from pathlib import Path

import click

from ci_toolkit.cli.guard import harmless_json
from ci_toolkit.errors import ExitCode


@click.command()
@click.argument("names", nargs=-1)
@click.option(
    "--provider",
    type=click.Choice(["external", "native", "docker"]),
    help="Use only this provider.  [default: the first of these that can start the service]",
)
@click.option("--no-alpine", is_flag=True, help="Use the regular images and their ports, not the small (Alpine) ones.")
@click.option("--dynamic-ports", is_flag=True, help="Use free ports instead of the table's.")
@click.option("--force-recreate", is_flag=True, help="First stop what `services up` started, and make new snapshots.")
def up(
    names: tuple[str, ...], *, provider: str | None, no_alpine: bool, dynamic_ports: bool, force_recreate: bool
) -> int:
    """Start services and leave them running until `services down`.

    Without NAMES, this starts the data stores of the table and every service that has an image. The fixtures start a
    service with a command, once for each worker of a run; this command starts it only if you name it.
    """
    from ci_toolkit.config.project import project_root
    from ci_toolkit.services.catalog.endpoint import Provider
    from ci_toolkit.services.catalog.settings import read_table
    from ci_toolkit.services.catalog.table import ServiceEnvironment
    from ci_toolkit.services.stack import StackRequest, acquire

    root = project_root(Path.cwd())
    table = read_table(root)
    request = StackRequest(
        services=names or table.startable(),
        environment=ServiceEnvironment.TEST if no_alpine else ServiceEnvironment.TEST_ALPINE,
        provider=Provider(provider) if provider else None,
        dynamic_ports=dynamic_ports,
        force_recreate=force_recreate,
    )
    acquire(request, table, root, owner_pid=None, report=click.echo)
    click.echo(
        '\neval "$(ci-toolkit services ports --export)" sets the variables; `ci-toolkit services down` stops them.'
    )
    return ExitCode.PASSED


@click.command()
def down() -> int:
    """Stop what `services up` started in this project."""
    from ci_toolkit.config.project import project_root
    from ci_toolkit.services.stack import ownerless
    from ci_toolkit.services.supervision.keeper_client import end_session

    sessions = ownerless(project_root(Path.cwd()))
    for info in sessions:
        end_session(info)
        click.echo(f"ended {', '.join(endpoint.name for endpoint in info.endpoints)} (session {info.session})")
    if not sessions:
        click.echo("`ci-toolkit services up` has started nothing in this project", err=True)
    return ExitCode.PASSED


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, without passwords.")
def status(*, as_json: bool) -> int:
    """List the running sessions of this user, and whether their services answer."""
    from ci_toolkit.model.record import to_json
    from ci_toolkit.services.status import session_status

    found = session_status()
    if as_json:
        click.echo(harmless_json(to_json(found)), nl=False)
        return ExitCode.PASSED
    for session in found:
        click.echo(session.describe())
    if not found:
        click.echo("no services are running", err=True)
    return ExitCode.PASSED


@click.command()
def clean() -> int:
    """Remove what killed sessions left: processes, containers, data."""
    from ci_toolkit.services.supervision.sweep import sweep

    removed = sweep()
    for line in removed:
        click.echo(f"removed {line}")
    if not removed:
        click.echo("nothing was left behind", err=True)
    return ExitCode.PASSED

"""``python -m ci_toolkit.cli.docker_manual``: the services in Docker by hand, in the guide's words.

A repository's ``scripts/docker_manual.py`` is these two lines::

    from ci_toolkit.cli.docker_manual import entry_point
    entry_point()
"""

import sys

import click

from ci_toolkit.errors import ExitCode


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def program() -> None:
    """Start, stop, list and clean up the services in Docker by hand."""


@program.command()
@click.argument("names", nargs=-1)
@click.option("--no-alpine", is_flag=True, help="Use the regular images and their ports, not the small (Alpine) ones.")
@click.option("--dynamic-ports", is_flag=True, help="Use free ports instead of the table's.")
@click.pass_context
def start(context: click.Context, names: tuple[str, ...], *, no_alpine: bool, dynamic_ports: bool) -> int:
    """Start services in containers and leave them running until `stop`.

    Without NAMES, this starts every service of the table that has an image.
    """
    from pathlib import Path

    from ci_toolkit.cli.services_stack import up
    from ci_toolkit.config.project import project_root
    from ci_toolkit.services.catalog.settings import read_table

    table = read_table(project_root(Path.cwd()))
    return int(
        context.invoke(
            up,
            names=names or tuple(service.name for service in table.services if service.image),
            provider="docker",
            no_alpine=no_alpine,
            dynamic_ports=dynamic_ports,
            force_recreate=False,
        )
    )


@program.command()
@click.pass_context
def stop(context: click.Context) -> int:
    """Stop what `start` started in this project."""
    from ci_toolkit.cli.services_stack import down

    return int(context.invoke(down))


@program.command()
@click.pass_context
def status(context: click.Context) -> int:
    """List what runs, and whether it answers."""
    from ci_toolkit.cli.services_stack import status as services_status

    return int(context.invoke(services_status, as_json=False))


@program.command()
@click.pass_context
def clean(context: click.Context) -> int:
    """Stop what `start` started, remove what killed sessions left, and delete the snapshots in Docker.

    Projects share these snapshots; each makes anew what it needs at its next start. This command keeps the containers
    of other living sessions and whatever does not carry ci-toolkit's label.
    """
    from ci_toolkit.cli.services_stack import clean as services_clean
    from ci_toolkit.model.wording import number_of
    from ci_toolkit.services.providers.docker.provider import DockerProvider

    context.invoke(stop)
    context.invoke(services_clean)
    removed = number_of(DockerProvider().forget_snapshots(), "snapshot")
    click.echo(f"removed {removed} from the Docker engine, which all projects share")
    return ExitCode.PASSED


def entry_point() -> None:
    """Run the program and exit."""
    from ci_toolkit.cli.main import run_program

    sys.exit(run_program(program, None, name="docker_manual.py"))


if __name__ == "__main__":
    entry_point()

"""``ci-toolkit services import``: a compose file becomes the table of services."""

import os
import sys
from pathlib import Path

import click

from ci_toolkit.cli.output import talk
from ci_toolkit.errors import ExitCode


@click.command("import")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--profile", "profiles", multiple=True, metavar="NAME", help="Take services of this profile too.")
@click.option(
    "--write", "writes", is_flag=True, help="Write it into pyproject.toml; what is there stays, or you are asked."
)
def import_compose(*, files: tuple[Path, ...], profiles: tuple[str, ...], writes: bool) -> int:
    """Print what compose files are as the table of services, and what of them has no place there.

    FILES are read as `docker compose -f FILE -f FILE` does; by default, the compose file of this folder and its
    override. Variables have the values of `.env` beside the first file and their own defaults.
    """
    from ci_toolkit.adoption.change import Fate
    from ci_toolkit.adoption.errors import ServicesImportError
    from ci_toolkit.adoption.importing import imported, usual_files
    from ci_toolkit.adoption.writing import planned_steps, write
    from ci_toolkit.config.project import project_root
    from ci_toolkit.model.wording import number_of

    root = project_root(Path.cwd())
    paths = [Path(os.path.normpath(Path.cwd() / file)) for file in files] or usual_files(Path.cwd())
    for path in paths:
        if not path.is_relative_to(root):
            raise ServicesImportError(f"{path} is not in the project {root}", advice="Name a file of the project.")
    found = imported(root, [path.relative_to(root).as_posix() for path in paths], profiles=profiles)
    for note in found.notes:
        talk(f"{note}")
    told = f"rows for {found.taken} of {number_of(found.services, 'service')}"
    if not writes:
        click.echo(found.shown)
    talk(f"ci-toolkit: {told}; not taken: {number_of(len(found.notes), 'thing')}")
    if not writes:
        return ExitCode.PASSED
    steps = planned_steps(root, [found.change], lambda _: _may_change(found.changed))
    write(root, steps)
    for step in steps:
        click.echo(f"{step.fate:<10} {step.path}" + (f"  ({step.beside} is kept)" if step.beside else ""))
        if step.fate is not Fate.SAME:
            talk("ci-toolkit: `ci-toolkit services render` makes the files that follow from the table")
    return ExitCode.PASSED


def _may_change(rows: tuple[str, ...]) -> bool:
    told = f"pyproject.toml has rows that say something else: {', '.join(rows)}. Change them?"
    return sys.stdin.isatty() and click.confirm(told, err=True)

"""`ci-toolkit init`: bring ci-toolkit into a repository."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ci_toolkit.cli.output import talk
from ci_toolkit.cli.settings import OneCall
from ci_toolkit.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ci_toolkit.adoption.change import Step


@click.command()
@click.argument("folders", nargs=-1)
@click.option(
    "--dry-run", cls=OneCall, is_flag=True, help="Write nothing; print the changes as `git apply` takes them."
)
@click.option(
    "--branch", cls=OneCall, default="", metavar="NAME", help="Where pull requests go.  [default: git's answer]"
)
@click.option(
    "--python", cls=OneCall, default="", metavar="X.Y", help="The Python to test on.  [default: the newest named]"
)
@click.option(
    "--commit",
    cls=OneCall,
    default="",
    metavar="SHA",
    help="The commit of ci-toolkit to call.  [default: this version's]",
)
@click.option("--no-nox", cls=OneCall, is_flag=True, help="Write no noxfile.py.")
def command(*, folders: tuple[str, ...], dry_run: bool, branch: str, python: str, commit: str, no_nox: bool) -> int:
    """Write a workflow, the settings and nox sessions for the repository around this folder.

    FOLDERS are its projects; by default those with tests of their own. What is there is kept: of
    a file that differs, the new one stands beside it with `.new`, unless you say otherwise when asked.
    """
    from ci_toolkit.adoption.changes import changes_for
    from ci_toolkit.adoption.next_steps import findings, layout_lines, next_steps
    from ci_toolkit.adoption.reading import read_repository
    from ci_toolkit.adoption.release import commit_named, installed_commit
    from ci_toolkit.adoption.workflow_file import required_checks
    from ci_toolkit.adoption.writing import planned_steps, write

    repository = read_repository(Path.cwd(), folders=folders, branch=branch, python=python)
    pin = commit_named(commit) if commit else installed_commit()
    changes = changes_for(repository, commit=pin, with_nox=not no_nox)
    _say(findings(repository))
    steps = planned_steps(repository.top, changes, (lambda _: False) if dry_run else _may_replace)
    if dry_run:
        _show(steps)
    else:
        write(repository.top, steps)
        for step in steps:
            click.echo(f"{step.fate:<10} {step.path}" + (f"  ({step.beside} is kept)" if step.beside else ""))
        click.echo(f"require    {', '.join(required_checks(repository))}")
    _say(next_steps(repository, commit=pin, steps=steps))
    if lines := layout_lines(repository):
        _say(["for --category and modes, these settings would give the other tests a category, if you agree:"])
        talk("\n".join(f"    {line}" for line in lines))
    return ExitCode.PASSED


def _show(steps: "Sequence[Step]") -> None:
    from ci_toolkit.adoption.change import diff

    for step in steps:
        before = None if step.before is None else step.before.decode(errors="replace")
        click.echo(diff(step.path, before, step.after.decode()), nl=False)


def _may_replace(path: str) -> bool:
    return sys.stdin.isatty() and click.confirm(f"{path} is there and differs. Replace it?", err=True)


def _say(lines: "Iterable[str]") -> None:
    for line in lines:
        talk(f"ci-toolkit: {line}")

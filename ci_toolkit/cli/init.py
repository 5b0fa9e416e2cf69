"""`ci-toolkit init`: bring ci-toolkit into a repository."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ci_toolkit.cli.settings import OneCall
from ci_toolkit.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ci_toolkit.adoption.repository import Repository
    from ci_toolkit.adoption.writing import Step


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
    from ci_toolkit.adoption.reading import read_repository
    from ci_toolkit.adoption.release import commit_named, installed_commit
    from ci_toolkit.adoption.writing import planned_steps, write

    repository = read_repository(Path.cwd(), folders=folders, branch=branch, python=python)
    pin = commit_named(commit) if commit else installed_commit()
    changes = changes_for(repository, commit=pin, with_nox=not no_nox)
    _tell_findings(repository)
    steps = planned_steps(repository.top, changes, (lambda _: False) if dry_run else _may_replace)
    if dry_run:
        _show(steps)
        return ExitCode.PASSED
    write(repository.top, steps)
    for step in steps:
        click.echo(f"{step.fate:<10} {step.path}" + (f"  ({step.beside} is kept)" if step.beside else ""))
    _tell_next_steps(repository, pin)
    return ExitCode.PASSED


def _show(steps: "Sequence[Step]") -> None:
    from ci_toolkit.adoption.change import diff
    from ci_toolkit.adoption.writing import Fate
    from ci_toolkit.cli.output import talk

    for step in steps:
        before = None if step.before is None else step.before.decode(errors="replace")
        click.echo(diff(step.path, before, step.after.decode()), nl=False)
    if all(step.fate is Fate.SAME for step in steps):
        talk("ci-toolkit: nothing would change")


def _may_replace(path: str) -> bool:
    return sys.stdin.isatty() and click.confirm(f"{path} is there and differs. Replace it?", err=True)


def _tell_findings(repository: "Repository") -> None:
    from ci_toolkit.adoption.next_steps import findings
    from ci_toolkit.cli.output import talk

    for line in findings(repository):
        talk(f"ci-toolkit: {line}")


def _tell_next_steps(repository: "Repository", commit: str) -> None:
    from ci_toolkit.adoption.next_steps import layout_lines, next_steps
    from ci_toolkit.adoption.workflow_file import required_checks
    from ci_toolkit.cli.output import talk

    click.echo(f"require    {', '.join(required_checks(repository))}")
    for number, line in enumerate(next_steps(repository, commit=commit), start=1):
        talk(f"ci-toolkit: {number}. {line}")
    lines = layout_lines(repository)
    if lines:
        talk("ci-toolkit: these lines of settings would give a category to the tests that have none:")
        talk("\n".join(f"    {line}" for line in lines))

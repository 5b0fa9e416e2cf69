"""``ci-toolkit quarantine``: the tests whose known failures do not fail a run."""

from pathlib import Path

import click

from ci_toolkit.errors import ExitCode


@click.group()
def command() -> None:
    """List and check the tests whose known failures do not fail a run.

    They stand in quarantine.toml, in the root of the project.
    """


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(*, as_json: bool) -> int:
    """Print what is in quarantine, what ends next first."""
    from ci_toolkit.cli.guard import harmless_json
    from ci_toolkit.config.project import project_root
    from ci_toolkit.config.quarantine import load_quarantine
    from ci_toolkit.model.record import to_json
    from ci_toolkit.report.quarantine import lines_of
    from ci_toolkit.workflow.quarantine import today

    quarantine = load_quarantine(project_root(Path.cwd()))
    if as_json:
        click.echo(harmless_json(to_json(quarantine)), nl=False)
        return ExitCode.PASSED
    for line in lines_of(quarantine, today()):
        click.echo(line)
    return ExitCode.PASSED


@command.command()
def check() -> int:
    """Check that the quarantine keeps its rules; exit with 1 if it does not.

    An entry has not expired and does not last too long, there are not too many, and its test exists and is not
    mission-critical. The files that it names are imported to see that.
    """
    from ci_toolkit.config.project import project_root
    from ci_toolkit.model.quarantine import QUARANTINE_FILE
    from ci_toolkit.model.wording import number_of
    from ci_toolkit.report.text import one_line
    from ci_toolkit.workflow.quarantine_upkeep import check_quarantine

    found = check_quarantine(project_root(Path.cwd()))
    for broken in found.broken:
        click.echo(f"{QUARANTINE_FILE}:{broken.line} {one_line(broken.what, 500)}")
    for path in found.unsure:
        click.echo(
            f"{one_line(path)} lists no tests, so nobody knows whether those in quarantine still exist", err=True
        )
    entries = number_of(len(found.quarantine.entries), "entry", "entries")
    click.echo(f"ci-toolkit: {entries} in quarantine, {number_of(len(found.broken), 'broken rule')}", err=True)
    return ExitCode.FAILED if found.broken or found.unsure else ExitCode.PASSED

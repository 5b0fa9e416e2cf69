"""``ci-toolkit github``: what goes to a pull request."""

import os
from pathlib import Path

import click

from ci_toolkit.cli.extras import is_installed
from ci_toolkit.cli.options import OUT
from ci_toolkit.cli.output import Terminal
from ci_toolkit.errors import MissingExtraError


@click.group()
def command() -> None:
    """Publish a verdict on GitHub."""


@command.command()
@click.option(
    "--verdict",
    "path",
    type=click.Path(path_type=Path),
    default=OUT / "verdict.json",
    show_default=True,
    help="The verdict that `ci-toolkit merge` wrote.",
)
@click.option("--name", default="ci-toolkit", show_default=True, metavar="NAME", help="The name of the check.")
@click.option(
    "--status",
    type=click.Choice(["queued", "in_progress", "completed"]),
    default="completed",
    show_default=True,
    help="How far the run is. Before the verdict, jobs may say that it has begun.",
)
def check(*, path: Path, name: str, status: str) -> int:
    """Write the verdict as one check run of the pull request and into the job summary, and exit with it.

    The token is read from GITHUB_TOKEN. Without permission for check runs, the summary and the exit code remain.
    """
    for package in ("httpx", "stamina"):
        if not is_installed(package):
            raise MissingExtraError(
                f"github check needs {package}, which is not installed",
                advice="Install it: pip install 'ci-toolkit[github]'",
            )
    from ci_toolkit.workflow.github_check import announce_run, publish_verdict

    if status != "completed":
        announce_run(status, name, os.environ, Terminal())
        return 0
    return publish_verdict(path, name, Path.cwd(), os.environ, Terminal()).exit_code

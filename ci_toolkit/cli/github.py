"""``ci-toolkit github``: what goes to a pull request."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ci_toolkit.cli.extras import is_installed
from ci_toolkit.cli.options import OUT
from ci_toolkit.cli.output import Terminal
from ci_toolkit.errors import MissingExtraError


@click.group()
def command() -> None:
    """Publish a verdict on GitHub."""


F = TypeVar("F", bound=Callable[..., Any])


def _status_options(function: F) -> F:
    for decorate in (
        click.option(
            "--comment-author",
            default="github-actions[bot]",
            show_default=True,
            metavar="LOGIN",
            help="Who writes with this token, by which the comment is found again.",
        ),
        click.option(
            "--comment",
            "comments",
            is_flag=True,
            help="Say in one comment of the pull request what did not simply pass, and change it in place.",
        ),
        click.option("--name", default="ci-toolkit", show_default=True, metavar="NAME", help="The name of the check."),
    ):
        function = decorate(function)
    return function


@command.command()
@click.option(
    "--verdict",
    "path",
    type=click.Path(path_type=Path),
    default=OUT / "verdict.json",
    show_default=True,
    help="The verdict that `ci-toolkit merge` wrote.",
)
@_status_options
@click.option(
    "--status",
    type=click.Choice(["queued", "in_progress", "completed"]),
    default="completed",
    show_default=True,
    help="How far the run is. Before the verdict, jobs may say that it has begun.",
)
@click.option(
    "--plan",
    "plan_path",
    type=click.Path(path_type=Path),
    help="With another --status than completed: say how many of the plan's shards have ended, by their artifacts.",
)
@click.option(
    "--artifact-prefix",
    default="",
    metavar="NAME",
    help="With --plan: what stands before the names of the shards' artifacts, as in NAME-shard-1-attempt-1.",
)
def check(*, path: Path, status: str, plan_path: Path | None, artifact_prefix: str, **options: Any) -> int:
    """Write the verdict as one check run of the pull request and into the job summary, and exit with it.

    The token is read from GITHUB_TOKEN. Without permission for check runs, the summary and the exit code remain.
    """
    _require_packages("check")
    if status != "completed":
        from ci_toolkit.workflow.github_progress import ProgressRequest, announce_run

        wanted = ProgressRequest(
            status=status, name=options["name"], plan_path=plan_path, artifact_prefix=artifact_prefix
        )
        announce_run(wanted, os.environ, Terminal())
        return 0
    from ci_toolkit.workflow.github_check import publish_verdict
    from ci_toolkit.workflow.github_status import StatusRequest

    return publish_verdict(path, StatusRequest(**options), Path.cwd(), os.environ, Terminal()).exit_code


@command.command()
@_status_options
@click.option(
    "--artifact",
    default="verdict",
    show_default=True,
    metavar="NAME",
    help="The artifact with the reports of the run, without `-attempt-A`.",
)
@click.option("--folder", default="", metavar="DIR", help="The folder of the project, from the top of the repository.")
def publish(*, artifact: str, folder: str, **options: Any) -> int:
    """Write the verdict of another workflow's run, such as a fork's, as its check run.

    For a job that `workflow_run` starts. Commit and pull request are asked of GitHub, and no code of the run is used.
    """
    _require_packages("publish")
    from ci_toolkit.workflow.github_publish import PublishRequest, publish_run
    from ci_toolkit.workflow.github_status import StatusRequest

    wanted = PublishRequest(status=StatusRequest(**options), artifact=artifact, folder=folder)
    publish_run(wanted, os.environ, Terminal())
    return 0


def _require_packages(name: str) -> None:
    for package in ("httpx", "stamina"):
        if not is_installed(package):
            raise MissingExtraError(
                f"github {name} needs {package}, which is not installed",
                advice="Install it: pip install 'ci-toolkit[github]'",
            )

"""What a verdict becomes on GitHub, whoever publishes it: the check run, the comment, the job summary."""

import contextlib
from collections.abc import Iterator, Mapping

from ci_toolkit.errors import ToolkitError
from ci_toolkit.github.check_runs import CheckRun
from ci_toolkit.github.client import GitHubApi
from ci_toolkit.github.comments import ACTIONS, Comment
from ci_toolkit.github.errors import GitHubError
from ci_toolkit.github.job import Job, job_of, read_event, token_of
from ci_toolkit.github.job_summary import append_summary, room_in, summary_file
from ci_toolkit.model.record import Record
from ci_toolkit.model.verdict import Verdict
from ci_toolkit.report.annotations import Root
from ci_toolkit.report.check_run import CheckReport
from ci_toolkit.report.comment import is_worth_a_comment, render_comment
from ci_toolkit.report.markdown import LARGEST_SUMMARY, render_markdown
from ci_toolkit.workflow.observer import Observer


class StatusRequest(Record, frozen=True, kw_only=True):
    """The options of the commands that publish a verdict."""

    name: str
    """The name of the check, by which the comment is known too."""
    comments: bool = False
    comment_author: str = ACTIONS


@contextlib.contextmanager
def github_of_job(environment: Mapping[str, str]) -> Iterator[tuple[GitHubApi, Job]]:
    """Open GitHub for this job. Raises GitHubError where there is no token, or no job of GitHub Actions."""
    token = token_of(environment)
    job = job_of(environment, read_event(environment))
    with GitHubApi(job.api_url, job.repository, token) as api:
        yield api, job


def write_check(api: GitHubApi, job: Job, name: str, report: CheckReport, observer: Observer) -> None:
    """Write ``report`` as the check run ``name``. Raises GitHubError."""
    CheckRun(api, job, name).complete(report)
    observer.say(f"the check '{name}' says: {report.title}")


def write_comment(
    api: GitHubApi, job: Job, pull_request: int, wanted: StatusRequest, verdict: Verdict, root: Root
) -> None:
    """Say in the one comment what ``verdict`` has to say, or that what it said is over. Raises GitHubError."""
    comment = Comment(api, pull_request, wanted.name, wanted.comment_author)
    text = render_comment(verdict, root, job.details_url)
    if is_worth_a_comment(verdict):
        comment.write(text)
    else:
        comment.amend(text)


@contextlib.contextmanager
def refusals_said(what: str, remains: str, observer: Observer) -> Iterator[None]:
    """Say in one line that GitHub did not take ``what``; ``remains`` is what stands all the same."""
    try:
        yield
    except GitHubError as error:
        observer.say(f"no {what} was written: {in_one_line(error)} {remains}")


def in_one_line(error: ToolkitError) -> str:
    """Return the message and the advice of ``error`` as sentences."""
    return f"{error.message}.{' ' if error.advice else ''}{error.advice}"


def write_summary(verdict: Verdict, environment: Mapping[str, str], observer: Observer) -> None:
    """Add ``verdict`` to the summary of this step, where there is one."""
    path = summary_file(environment)
    if path is None:
        return
    try:
        append_summary(path, render_markdown(verdict, min(LARGEST_SUMMARY, room_in(path))))
    except OSError as error:
        observer.say(f"the job summary was not written: {path}: {error.strerror}")

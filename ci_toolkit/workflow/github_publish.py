"""``ci-toolkit github publish``: the status of a run that has ended, such as a fork's, whose token may write nothing.

It is trusted with a token that may write, so it runs no code of that run and believes nothing of its artifact but the
verdict, as data: which commit and which pull request it is about, and whether the run succeeded, GitHub says.
"""

from collections.abc import Mapping

from ci_toolkit.errors import FormatError
from ci_toolkit.github.client import GitHubApi
from ci_toolkit.github.errors import GitHubError
from ci_toolkit.github.job import job_of, read_event, token_of
from ci_toolkit.github.runs import (
    WorkflowRun,
    ended_run,
    file_of_artifact,
    job_of_run,
    pull_request_of,
    run_of,
)
from ci_toolkit.model.record import Record, from_json
from ci_toolkit.model.verdict import VERDICT_SCHEMA, Verdict
from ci_toolkit.report.annotations import Root
from ci_toolkit.report.check_run import CheckReport, render_check, without_success, without_verdict
from ci_toolkit.report.publishable import publishable
from ci_toolkit.workflow.github_status import (
    StatusRequest,
    in_one_line,
    refusals_said,
    write_check,
    write_comment,
    write_summary,
)
from ci_toolkit.workflow.observer import Observer

LARGEST_VERDICT = 64 * 1024 * 1024
"""Bytes of a verdict that a stranger sends."""
_DID_NOTHING = frozenset({"action_required", "skipped", "stale"})
"""Conclusions of runs that ran no job."""


class PublishRequest(Record, frozen=True, kw_only=True):
    """The options of ``ci-toolkit github publish``."""

    status: StatusRequest
    artifact: str
    """The name of the artifact with the reports, without its attempt."""
    folder: str = ""
    """The project's, from the top of the repository."""


def publish_run(wanted: PublishRequest, environment: Mapping[str, str], observer: Observer) -> None:
    """Publish the verdict of the run whose end started this job.

    Raises ConfigurationError where no run did, and GitHubError where GitHub does not tell of the run or does not take
    its check run. A comment that it does not take is said.
    """
    token, event = token_of(environment), read_event(environment)
    ended, here = ended_run(event), job_of(environment, event)
    with GitHubApi(here.api_url, here.repository, token) as api:
        run = run_of(api, ended)
        if run.run_attempt != ended.attempt or run.conclusion in _DID_NOTHING:
            observer.say(f"attempt {ended.attempt} of run {run.id} has nothing to say: {_why(run)}")
            return
        job = job_of_run(here, run)
        root = Root(prefix=wanted.folder)
        try:
            verdict = publishable(_verdict(api, run, wanted.artifact), hidden=(token,))
        except (FormatError, GitHubError) as error:
            write_check(api, job, wanted.status.name, without_verdict(in_one_line(error)), observer)
            raise
        write_summary(verdict, environment, observer)
        write_check(api, job, wanted.status.name, _report(run, verdict, root), observer)
        if wanted.status.comments:
            with refusals_said("comment", "The check run has the verdict.", observer):
                write_comment(api, job, pull_request_of(api, run), wanted.status, verdict, root)


def _why(run: WorkflowRun) -> str:
    return f"it is {run.conclusion}" if run.conclusion in _DID_NOTHING else f"attempt {run.run_attempt} has begun"


def _verdict(api: GitHubApi, run: WorkflowRun, artifact: str) -> Verdict:
    name = f"{artifact}-attempt-{run.run_attempt}"
    data = file_of_artifact(api, run, name, "verdict.json", LARGEST_VERDICT)
    return from_json(data, Verdict, schema=VERDICT_SCHEMA, origin=f"verdict.json in the artifact '{name}'")


def _report(run: WorkflowRun, verdict: Verdict, root: Root) -> CheckReport:
    report = render_check(verdict, root)
    return report if run.conclusion == "success" else without_success(report, run.conclusion or "nothing")

"""A workflow run that has ended, as GitHub's API tells of it: its commit, its pull request, what it left.

Nothing of this is taken from an artifact: the run may be of a stranger's code.
"""

import tempfile
from collections.abc import Mapping
from typing import Any

import msgspec

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.github.archives import LARGEST_ARCHIVE, file_in
from ci_toolkit.github.client import PAGE, GitHubApi, every, in_our_words
from ci_toolkit.github.errors import GitHubError
from ci_toolkit.github.job import Job, is_commit
from ci_toolkit.github.retries import patiently
from ci_toolkit.model.record import Record

_MOST_PAGES = 20


class _Repository(msgspec.Struct):
    full_name: str


class WorkflowRun(msgspec.Struct, frozen=True):
    """What is read of a run."""

    id: int
    run_attempt: int
    head_sha: str
    head_branch: str | None = None
    head_repository: _Repository | None = None
    """None where the fork is gone."""
    event: str = ""
    status: str | None = None
    conclusion: str | None = None


class _Head(msgspec.Struct):
    sha: str
    repo: _Repository | None = None


class _PullRequest(msgspec.Struct):
    """What is read of a pull request."""

    number: int
    head: _Head


class _Artifact(msgspec.Struct):
    id: int
    name: str
    size_in_bytes: int = 0
    expired: bool = False


class _Artifacts(msgspec.Struct):
    artifacts: list[_Artifact]


class Ended(Record, frozen=True, kw_only=True):
    """Which run has ended, by the event that says so."""

    run: int
    attempt: int


def ended_run(event: Mapping[str, Any]) -> Ended:
    """Return the run of a ``workflow_run`` event. Raises ConfigurationError for any other event."""
    told = event.get("workflow_run")
    run = told if isinstance(told, dict) else {}
    if not (isinstance(run.get("id"), int) and isinstance(run.get("run_attempt"), int)):
        raise ConfigurationError(
            "`ci-toolkit github publish` publishes a run that has ended, and this job was not started by one",
            advice="Run it in a workflow of its own, `on: workflow_run`; docs/github.md has the file.",
        )
    return Ended(run=run["id"], attempt=run["run_attempt"])


def run_of(api: GitHubApi, ended: Ended) -> WorkflowRun:
    """Return the run as it is now. Raises GitHubError."""
    with in_our_words():
        run = patiently(lambda _: api.get(WorkflowRun, f"actions/runs/{ended.run}", exclude_pull_requests="true"))
    if not is_commit(run.head_sha):
        raise GitHubError(f"run {ended.run} has no commit", advice="Look at GITHUB_API_URL.")
    return run


def job_of_run(job: Job, run: WorkflowRun) -> Job:
    """Return where the status of ``run`` belongs, for the ``job`` that publishes it."""
    return msgspec.structs.replace(job, commit=run.head_sha, run_id=run.id, attempt=run.run_attempt)


def pull_request_of(api: GitHubApi, run: WorkflowRun) -> int:
    """Return the open pull request whose newest commit ``run`` is about. Raises GitHubError where there is none.

    GitHub names none in the run itself where it comes from a fork.
    """
    fork = run.head_repository.full_name if run.head_repository else ""
    head = f"{fork.partition('/')[0]}:{run.head_branch or ''}"
    with in_our_words():
        found = patiently(lambda _: api.get(list[_PullRequest], "pulls", state="open", head=head, per_page=PAGE))
    for pull_request in found if fork and run.head_branch else ():
        newest = pull_request.head
        if newest.sha == run.head_sha and newest.repo is not None and newest.repo.full_name == fork:
            return pull_request.number
    raise GitHubError(f"no open pull request has {run.head_sha[:12]} as its newest commit")


def require_newest(api: GitHubApi, pull_request: int, commit: str) -> None:
    """Raise GitHubError if ``commit`` is not the newest of the pull request: the run of that one has the word."""
    with in_our_words():
        newest = patiently(lambda _: api.get(_PullRequest, f"pulls/{pull_request}")).head.sha
    if newest != commit:
        raise GitHubError(f"pull request {pull_request} has a newer commit than {commit[:12]}")


def artifact_names(api: GitHubApi, run: int) -> frozenset[str]:
    """Return the names of the artifacts that ``run`` has left so far. Raises GitHubError."""

    def page(number: int) -> list[_Artifact]:
        path = f"actions/runs/{run}/artifacts"
        return patiently(lambda _: api.get(_Artifacts, path, per_page=PAGE, page=number)).artifacts

    with in_our_words():
        artifacts = every(page, _MOST_PAGES, "artifacts of this run", advice="Leave --plan out: it counts by them.")
        return frozenset(each.name for each in artifacts)


def file_of_artifact(api: GitHubApi, run: WorkflowRun, artifact: str, name: str, largest: int) -> bytes:
    """Return the file ``name`` of the run's ``artifact``. Raises GitHubError, FormatError."""
    path = f"actions/runs/{run.id}/artifacts"
    with in_our_words():
        listed = patiently(lambda _: api.get(_Artifacts, path, name=artifact, per_page=PAGE)).artifacts
    found = [each for each in listed if each.name == artifact and not each.expired]
    if len(found) != 1:
        raise GitHubError(
            f"run {run.id} has {len(found) or 'no'} artifact{'s' * (len(found) > 1)} '{artifact}'",
            advice="The job that merges uploads the folder of `ci-toolkit merge --out` under this name.",
        )
    with tempfile.TemporaryFile() as archive, in_our_words():
        patiently(lambda _: api.download(f"actions/artifacts/{found[0].id}/zip", archive, LARGEST_ARCHIVE))
        return file_in(archive, name, largest)

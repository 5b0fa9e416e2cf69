"""``ci-toolkit github check``: one status on the pull request, the job summary, and the verdict's exit code."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from ci_toolkit.errors import FormatError, ToolkitError
from ci_toolkit.files import open_regular
from ci_toolkit.github.check_runs import CheckRun
from ci_toolkit.github.client import GitHubApi
from ci_toolkit.github.errors import GitHubError
from ci_toolkit.github.job import TOKEN_VARIABLE, job_of, read_event, token_of
from ci_toolkit.github.job_summary import append_summary, room_in, summary_file
from ci_toolkit.model.record import from_json
from ci_toolkit.model.verdict import VERDICT_SCHEMA, Verdict
from ci_toolkit.report.annotations import Root
from ci_toolkit.report.check_run import CheckReport, render_check, without_verdict
from ci_toolkit.report.markdown import LARGEST_SUMMARY, render_markdown
from ci_toolkit.report.publishable import publishable
from ci_toolkit.workflow.observer import Observer

LARGEST_VERDICT = 512 * 1024 * 1024


def announce_run(status: str, name: str, environment: Mapping[str, str], observer: Observer) -> None:
    """Say on the pull request that the run is ``queued`` or ``in_progress``; where that may not be, say so here."""
    try:
        with _check_run(name, environment) as check:
            check.announce(status)
    except GitHubError as error:
        _say_refusal(error, observer)


def publish_verdict(path: Path, name: str, folder: Path, environment: Mapping[str, str], observer: Observer) -> Verdict:
    """Publish the verdict at ``path`` as the check run ``name`` and in the job summary, and return it.

    ``folder`` is the project's. Where GitHub does not take a check run, that is said once, and the verdict stays the
    same. Raises FormatError where there is no verdict to read; the check run then says that, and is red.
    """
    try:
        verdict = publishable(_read(path), hidden=(environment.get(TOKEN_VARIABLE, "").strip(),))
    except FormatError as error:
        _publish(without_verdict(error.message), name, environment, observer)
        raise
    _write_summary(verdict, environment, observer)
    _publish(render_check(verdict, _root(folder, environment)), name, environment, observer)
    return verdict


def _publish(report: CheckReport, name: str, environment: Mapping[str, str], observer: Observer) -> None:
    try:
        with _check_run(name, environment) as check:
            check.complete(report)
    except GitHubError as error:
        _say_refusal(error, observer)
    else:
        observer.say(f"the check '{name}' says: {report.title}")


@contextlib.contextmanager
def _check_run(name: str, environment: Mapping[str, str]) -> Iterator[CheckRun]:
    token = token_of(environment)
    job = job_of(environment, read_event(environment))
    with GitHubApi(job.api_url, job.repository, token) as api:
        yield CheckRun(api, job, name)


def _say_refusal(error: ToolkitError, observer: Observer) -> None:
    advice = f" {error.advice}" if error.advice else ""
    observer.say(
        f"no check run was written: {error.message}.{advice} The verdict stands in the job summary and the exit code."
    )


def _write_summary(verdict: Verdict, environment: Mapping[str, str], observer: Observer) -> None:
    path = summary_file(environment)
    if path is None:
        return
    try:
        append_summary(path, render_markdown(verdict, min(LARGEST_SUMMARY, room_in(path))))
    except OSError as error:
        observer.say(f"the job summary was not written: {path}: {error.strerror}")


def _root(folder: Path, environment: Mapping[str, str]) -> Root:
    workspace = environment.get("GITHUB_WORKSPACE", "")
    if not workspace:
        return Root()
    top = Path(workspace).resolve()
    here = folder.resolve()
    prefix = here.relative_to(top).as_posix() if here.is_relative_to(top) else ""
    return Root(prefix=prefix, workspace=top.as_posix())


def _read(path: Path) -> Verdict:
    try:
        with open_regular(path) as file:
            data = file.read(LARGEST_VERDICT + 1)
    except OSError as error:
        raise FormatError(
            f"{path} cannot be read: {error.strerror}", advice="`ci-toolkit merge --out OUT` writes OUT/verdict.json."
        ) from error
    if len(data) > LARGEST_VERDICT:
        raise FormatError(f"{path} is larger than {LARGEST_VERDICT} bytes, which no verdict is")
    return from_json(data, Verdict, schema=VERDICT_SCHEMA, origin=str(path))

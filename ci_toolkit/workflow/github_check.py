"""``ci-toolkit github check``: one status on the pull request, the job summary, and the verdict's exit code."""

from collections.abc import Mapping
from pathlib import Path

from ci_toolkit.errors import FormatError
from ci_toolkit.files import open_regular
from ci_toolkit.github.job import TOKEN_VARIABLE, pull_request_in, read_event
from ci_toolkit.github.runs import require_newest
from ci_toolkit.model.record import from_json
from ci_toolkit.model.verdict import VERDICT_SCHEMA, Verdict
from ci_toolkit.report.annotations import Root
from ci_toolkit.report.check_run import render_check, without_verdict
from ci_toolkit.report.publishable import publishable
from ci_toolkit.workflow.github_status import (
    StatusRequest,
    github_of_job,
    refusals_said,
    write_check,
    write_comment,
    write_summary,
)
from ci_toolkit.workflow.observer import Observer

_REMAINS = "The verdict stands in the job summary and the exit code."
LARGEST_VERDICT = 512 * 1024 * 1024


def publish_verdict(
    path: Path, wanted: StatusRequest, folder: Path, environment: Mapping[str, str], observer: Observer
) -> Verdict:
    """Publish the verdict at ``path`` as a check run, in the job summary and, where wanted, in a comment; return it.

    ``folder`` is the project's. Where GitHub does not take a check run, that is said once, and the verdict stays the
    same. Raises FormatError where there is no verdict to read; the check run then says that, and is red.
    """
    try:
        verdict = publishable(_read(path), hidden=(environment.get(TOKEN_VARIABLE, "").strip(),))
    except FormatError as error:
        with (
            refusals_said("check run", "This step is red without it.", observer),
            github_of_job(environment) as (api, job),
        ):
            write_check(api, job, wanted.name, without_verdict(error.message), observer)
        raise
    root = _root(folder, environment)
    write_summary(verdict, environment, observer)
    with refusals_said("check run", _REMAINS, observer), github_of_job(environment) as (api, job):
        with refusals_said("check run", _REMAINS, observer):
            write_check(api, job, wanted.name, render_check(verdict, root), observer)
        number = pull_request_in(read_event(environment))
        if wanted.comments and number is not None:
            with refusals_said("comment", _REMAINS, observer):
                require_newest(api, number, job.commit)
                write_comment(api, job, number, wanted, verdict, root)
    return verdict


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

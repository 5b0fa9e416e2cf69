"""``ci-toolkit github check --status``: says on the pull request how far a run is, from any of its jobs.

The jobs of a matrix end side by side, and GitHub has no way to change a text only if it is still the same. So no job
adds to what another wrote: each says anew what the run has left so far, as GitHub lists it, and looks again afterwards.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from ci_toolkit.github.check_runs import CheckRun
from ci_toolkit.github.client import GitHubApi
from ci_toolkit.github.errors import GitHubError
from ci_toolkit.github.job import Job
from ci_toolkit.github.runs import artifact_names
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.record import Record
from ci_toolkit.report.progress import render_progress
from ci_toolkit.workflow.github_status import github_of_job, in_one_line, refusals_said
from ci_toolkit.workflow.observer import Observer
from ci_toolkit.workflow.plan_file import read_plan

_LOOKS = 10
"""How often a job looks whether others have ended meanwhile."""


class ProgressRequest(Record, frozen=True, kw_only=True):
    """The options of ``ci-toolkit github check --status``."""

    status: str
    """``queued`` or ``in_progress``."""
    name: str
    plan_path: Path | None = None
    """The plan whose shards are counted; None counts none."""
    artifact_prefix: str = ""
    """What stands before the names of the artifacts of shards, with a hyphen between."""


def announce_run(wanted: ProgressRequest, environment: Mapping[str, str], observer: Observer) -> None:
    """Say how far the run is; where that may not be, say so here. Raises FormatError where there is no such plan."""
    plan = read_plan(wanted.plan_path) if wanted.plan_path is not None else None
    with refusals_said("check run", "The run goes on without it.", observer), github_of_job(environment) as (api, job):
        check = CheckRun(api, job, wanted.name)
        if plan is None:
            check.announce(wanted.status)
        else:
            _announce_shards(check, api, job, plan, wanted, observer)


def _announce_shards(
    check: CheckRun, api: GitHubApi, job: Job, plan: Plan, wanted: ProgressRequest, observer: Observer
) -> None:
    said: frozenset[int] | None = None
    for _ in range(_LOOKS):
        try:
            ended = _ended(api, job, wanted.artifact_prefix)
        except GitHubError as error:
            observer.say(f"the check does not say which shards have ended: {in_one_line(error)}")
            check.announce(wanted.status)
            return
        if ended == said:
            return
        check.announce(wanted.status, render_progress(plan, ended, job.attempt))
        said = ended


def _ended(api: GitHubApi, job: Job, prefix: str) -> frozenset[int]:
    """Return the shards that have left a bundle in this attempt, by the names of their artifacts."""
    begin = re.escape(f"{prefix}-" if prefix else "")
    pattern = re.compile(rf"{begin}shard-([1-9][0-9]{{0,5}})-attempt-{job.attempt}")
    found = map(pattern.fullmatch, artifact_names(api, job.run_id))
    return frozenset(int(match[1]) for match in found if match)

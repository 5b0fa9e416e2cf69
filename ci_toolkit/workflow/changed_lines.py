"""What a run's change wrote: since which base, by what the options, the CI and git say."""

import os
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

from ci_toolkit.github.job import base_of, read_event, text_in
from ci_toolkit.model.changed_lines import ChangedLines
from ci_toolkit.suite.changes import Base, UnknownChangesError, changes_since
from ci_toolkit.suite.checkout import commit_of, main_branch, parents_of, tip_of
from ci_toolkit.workflow.lineage import here, target_of_merge


def change_of(given: str, folder: Path, environment: Mapping[str, str] = os.environ) -> Callable[[], ChangedLines]:
    """Return what gives `changed_lines`, and asks git when somebody first wants to know."""
    return cache(partial(changed_lines, given, folder, environment))


def changed_lines(given: str, folder: Path, environment: Mapping[str, str]) -> ChangedLines:
    """Return what changed in the checkout around ``folder`` since the base ``given``, or the one that is found.

    Where nobody can say that, the answer says why.
    """
    try:
        # In CI what git does not know is no part of the change: a job before may have made it.
        return changes_since(_base(given, folder, environment), folder, has_untracked=not environment.get("CI"))
    except UnknownChangesError as error:
        return ChangedLines(unknown=str(error))


def _base(given: str, folder: Path, environment: Mapping[str, str]) -> Base:
    if given:
        return Base(ref=given)
    on_github = bool(environment.get("GITHUB_ACTIONS"))
    found = _base_on_github(folder, environment) if on_github else _base_elsewhere(folder, environment)
    if found is None:
        raise UnknownChangesError("there is nothing to compare with; give it, such as --diff-base origin/main")
    return found


def _base_on_github(folder: Path, environment: Mapping[str, str]) -> Base | None:
    event = read_event(environment)
    if environment.get("GITHUB_BASE_REF"):
        target = target_of_merge(folder, environment.get("GITHUB_SHA", ""))
        return Base(ref=target, is_exact=True) if target else Base(ref=f"origin/{environment['GITHUB_BASE_REF']}")
    if base_of(event):
        return Base(ref=base_of(event), is_exact=True)
    main, before = text_in(event, "repository", "default_branch"), text_in(event, "before")
    if environment.get("GITHUB_REF_NAME", "") == main and before.strip("0"):
        return Base(ref=before)
    return Base(ref=f"origin/{main}") if main else None


def _base_elsewhere(folder: Path, environment: Mapping[str, str]) -> Base | None:
    told = environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")
    if told:
        return Base(ref=told)
    if here(folder, environment).is_main:
        parents = parents_of(folder, commit_of(folder))
        return Base(ref=parents[0], is_exact=True) if parents else None
    main = main_branch(folder)
    return Base(ref=tip_of(folder, main)) if main else None

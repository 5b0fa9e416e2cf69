"""What a run's change wrote: since which base, by what the options, the CI and git say."""

import os
from collections.abc import Mapping
from pathlib import Path

from ci_toolkit.github.job import base_of, read_event
from ci_toolkit.model.changed_lines import ChangedLines
from ci_toolkit.suite.changes import Base, UnknownChangesError, changes_since
from ci_toolkit.workflow.lineage import here


def changes_asked(threshold: float | None, given: str, folder: Path) -> ChangedLines | None:
    """Return `changed_lines` where a ``threshold`` asks for their coverage."""
    return None if threshold is None else changed_lines(given, folder, os.environ)


def changed_lines(given: str, folder: Path, environment: Mapping[str, str]) -> ChangedLines:
    """Return what changed in the checkout around ``folder`` since the base ``given``, or the one that is found.

    Where nobody can say that, the answer says why.
    """
    try:
        return changes_since(_base(given, folder, environment), folder)
    except UnknownChangesError as error:
        return ChangedLines(unknown=str(error))


def _base(given: str, folder: Path, environment: Mapping[str, str]) -> Base:
    # In CI what git does not know is no part of the change: a job before may have made it.
    has_untracked = not environment.get("CI")
    if given:
        return Base(ref=given, has_untracked=has_untracked)
    exact = here(folder, environment).base
    if exact:
        return Base(ref=exact, is_exact=True, has_untracked=has_untracked)
    event = read_event(environment)
    repository = event.get("repository")
    main = repository.get("default_branch") if isinstance(repository, dict) else None
    ref = base_of(event) or environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "") or (f"origin/{main}" if main else "")
    if not ref:
        raise UnknownChangesError("there is no branch to compare with; give one, such as --diff-base origin/main")
    return Base(ref=ref, has_untracked=has_untracked)

"""Where the checkout stands, by what git and the CI say together."""

from collections.abc import Mapping
from pathlib import Path

from ci_toolkit.github.job import read_event, text_in
from ci_toolkit.model.lineage import Lineage
from ci_toolkit.suite.checkout import commit_of, lineage_of, parents_of
from ci_toolkit.workflow.engine_branches import branches_of

_MERGE_PARENTS = 2


def here(folder: Path, environment: Mapping[str, str]) -> Lineage:
    """Return where the checkout in ``folder`` stands; ``environment`` is that of the job."""
    if not environment.get("GITHUB_ACTIONS"):
        said = branches_of(environment)
        return lineage_of(folder, branch=said.branch, main=said.main, base=said.base)
    event = read_event(environment)
    main = text_in(event, "repository", "default_branch")
    if environment.get("GITHUB_BASE_REF"):
        main = environment["GITHUB_BASE_REF"]
        branch = environment.get("GITHUB_HEAD_REF", "")
        if branch in {"", main}:  # a fork's branch can have the same name, and is not main for that
            branch = environment.get("GITHUB_REF_NAME") or "pull request"
        base = target_of_merge(folder, environment.get("GITHUB_SHA", ""))
        return lineage_of(folder, branch=branch, main=main, base=base)
    if "merge_group" in event:
        base = text_in(event, "merge_group", "base_sha")
        return lineage_of(folder, branch=environment.get("GITHUB_REF_NAME", ""), main=main, base=base)
    branch = environment.get("GITHUB_REF_NAME", "") if environment.get("GITHUB_REF_TYPE") == "branch" else ""
    # A push can bring several commits to main: what it was before has none of them.
    before = text_in(event, "before") if branch and branch == main else ""
    return lineage_of(folder, branch=branch, main=main, base=before if before.strip("0") else "")


def target_of_merge(folder: Path, merge: str) -> str:
    """Return the commit into which ``merge``, if it is checked out, merges a pull request; ``""`` if it is none."""
    # GitHub checks out the merge of the change into its target, unless the workflow names the head itself. The first
    # parent then is what the target has without the change.
    parents = parents_of(folder, merge) if merge and merge == commit_of(folder) else ()
    return parents[0] if len(parents) == _MERGE_PARENTS else ""

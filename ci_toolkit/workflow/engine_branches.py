"""Which branch a job is of, by the variables of CI engines, most of which check out a commit and no branch."""

from collections.abc import Mapping

from ci_toolkit.model.record import Record

_NOT = frozenset({"", "false"})
_HEADS = "refs/heads/"


class EngineBranches(Record, frozen=True, kw_only=True):
    """The variables of one engine, as its own documentation names them; ``""`` is that it has none."""

    marker: str
    """It sets this one in every job."""
    branch: str
    change: str = ""
    """In a job of a pull request alone, this one is set, and not ``false``."""
    source: str = ""
    """The branch of a pull request, where ``branch`` is not it."""
    target: str = ""
    """The branch that a pull request is to be merged into."""
    main: str = ""
    base: str = ""
    """The commit that a pull request started from."""


class Branches(Record, frozen=True, kw_only=True):
    """What an engine says; ``""`` is what it does not."""

    branch: str = ""
    main: str = ""
    base: str = ""


ENGINES = (
    EngineBranches(
        marker="GITLAB_CI",
        branch="CI_COMMIT_BRANCH",
        change="CI_MERGE_REQUEST_IID",
        source="CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
        target="CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
        main="CI_DEFAULT_BRANCH",
        base="CI_MERGE_REQUEST_DIFF_BASE_SHA",
    ),
    EngineBranches(
        marker="BUILDKITE",
        branch="BUILDKITE_BRANCH",
        change="BUILDKITE_PULL_REQUEST",
        target="BUILDKITE_PULL_REQUEST_BASE_BRANCH",
        main="BUILDKITE_PIPELINE_DEFAULT_BRANCH",
    ),
    EngineBranches(marker="CIRCLECI", branch="CIRCLE_BRANCH", change="CIRCLE_PULL_REQUEST"),
    EngineBranches(
        marker="SEMAPHORE",
        branch="SEMAPHORE_GIT_BRANCH",
        change="SEMAPHORE_GIT_PR_NUMBER",
        source="SEMAPHORE_GIT_PR_BRANCH",
        target="SEMAPHORE_GIT_BRANCH",
    ),
    EngineBranches(
        marker="BITBUCKET_BUILD_NUMBER",
        branch="BITBUCKET_BRANCH",
        change="BITBUCKET_PR_ID",
        target="BITBUCKET_PR_DESTINATION_BRANCH",
    ),
    EngineBranches(
        marker="TF_BUILD",
        branch="BUILD_SOURCEBRANCH",
        change="SYSTEM_PULLREQUEST_PULLREQUESTID",
        source="SYSTEM_PULLREQUEST_SOURCEBRANCH",
        target="SYSTEM_PULLREQUEST_TARGETBRANCH",
    ),
    EngineBranches(
        marker="JENKINS_URL",
        branch="BRANCH_NAME",
        change="CHANGE_ID",
        source="CHANGE_BRANCH",
        target="CHANGE_TARGET",
    ),
)


def branches_of(environment: Mapping[str, str]) -> Branches:
    """Return what the engine of this job says of branches; nothing where none of them runs it."""
    engine = next((engine for engine in ENGINES if environment.get(engine.marker)), None)
    if engine is None:
        return Branches()

    def value(name: str) -> str:
        return environment.get(name, "").removeprefix(_HEADS) if name else ""

    if value(engine.change) in _NOT:
        return Branches(branch=value(engine.branch), main=value(engine.main))
    main = value(engine.target) or value(engine.main)
    branch = value(engine.source or engine.branch)
    if branch in {"", main}:  # a fork's branch can have the same name, and is not main for that
        branch = "pull request"
    return Branches(branch=branch, main=main, base=value(engine.base))

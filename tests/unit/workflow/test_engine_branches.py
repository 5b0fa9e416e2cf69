import pytest

from ci_toolkit.workflow.engine_branches import Branches, branches_of

GITLAB = {"GITLAB_CI": "true", "CI_DEFAULT_BRANCH": "trunk"}
BUILDKITE = {"BUILDKITE": "true", "BUILDKITE_BRANCH": "change", "BUILDKITE_PIPELINE_DEFAULT_BRANCH": "trunk"}
AZURE = {"TF_BUILD": "True", "BUILD_SOURCEBRANCH": "refs/heads/change"}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, Branches()),
        (GITLAB | {"CI_COMMIT_BRANCH": "trunk"}, Branches(branch="trunk", main="trunk")),
        (
            GITLAB
            | {
                "CI_MERGE_REQUEST_IID": "7",
                "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "change",
                "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "release",
                "CI_MERGE_REQUEST_DIFF_BASE_SHA": "ba5e",
            },
            Branches(branch="change", main="release", base="ba5e"),
        ),
        (BUILDKITE | {"BUILDKITE_PULL_REQUEST": "false"}, Branches(branch="change", main="trunk")),
        (
            BUILDKITE | {"BUILDKITE_PULL_REQUEST": "7", "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "release"},
            Branches(branch="change", main="release"),
        ),
        (
            BUILDKITE | {"BUILDKITE_PULL_REQUEST": "7", "BUILDKITE_BRANCH": "trunk"},
            Branches(branch="pull request", main="trunk"),
        ),
        ({"CIRCLECI": "true", "CIRCLE_BRANCH": "main"}, Branches(branch="main")),
        (
            {
                "SEMAPHORE": "true",
                "SEMAPHORE_GIT_BRANCH": "main",
                "SEMAPHORE_GIT_PR_NUMBER": "7",
                "SEMAPHORE_GIT_PR_BRANCH": "change",
            },
            Branches(branch="change", main="main"),
        ),
        (
            {
                "BITBUCKET_BUILD_NUMBER": "1",
                "BITBUCKET_BRANCH": "change",
                "BITBUCKET_PR_ID": "7",
                "BITBUCKET_PR_DESTINATION_BRANCH": "main",
            },
            Branches(branch="change", main="main"),
        ),
        (AZURE, Branches(branch="change")),
        (
            AZURE
            | {
                "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
                "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/change",
                "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
            },
            Branches(branch="change", main="main"),
        ),
        (
            {"JENKINS_URL": "x", "BRANCH_NAME": "PR-7", "CHANGE_ID": "7", "CHANGE_TARGET": "main"},
            Branches(branch="pull request", main="main"),
        ),
    ],
)
def test_an_engine_says_which_branch_a_detached_head_is_of(variables: dict[str, str], expected: Branches) -> None:
    assert branches_of(variables) == expected

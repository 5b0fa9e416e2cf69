"""The one comment of a pull request: only where something is to be said, and changed in place."""

import pytest
from github_cases import PASSED, Step, failed, failure
from github_server import COMMIT, DROPPED, FakeGitHub, Fault

from ci_toolkit.model.verdict import Verdict

MARK = "<!-- ci-toolkit: ci-toolkit -->\n"
RED = failed(failure())
FLAKY = failed(status=PASSED.status, exit_code=0, counts=PASSED.counts, flaky=(failure(),))


@pytest.fixture(autouse=True)
def pull(github: FakeGitHub) -> None:
    github.pulls = [{"number": 3, "label": "", "head": {"sha": COMMIT, "repo": {"full_name": "team/project"}}}]


@pytest.mark.parametrize(("verdict", "count"), [(PASSED, 0), (RED, 1), (FLAKY, 1)])
def test_there_is_a_comment_only_where_something_is_to_be_said(
    step: Step, github: FakeGitHub, verdict: Verdict, count: int
) -> None:
    step.check(verdict, "--comment")
    assert len(github.comments) == count
    step.check(verdict)
    assert len(github.comments) == count
    assert github.broken_rules == []


def test_the_same_comment_says_what_became_of_it(step: Step, github: FakeGitHub) -> None:
    for verdict in (RED, FLAKY, PASSED, RED, PASSED):
        step.check(verdict, "--comment")
        (comment,) = github.comments
        assert comment["body"].startswith(f"{MARK}**{verdict.status}**: ")
        assert ("test_a.py::test_1" in comment["body"]) is bool(verdict.failures or verdict.flaky)


def test_what_says_the_same_is_not_written_again(step: Step, github: FakeGitHub) -> None:
    step.check(RED, "--comment")
    step.check(RED, "--comment")
    assert [path for method, path in github.requests if method == "PATCH" and "comments" in path] == []


def test_each_suite_has_a_comment_of_its_own(step: Step, github: FakeGitHub) -> None:
    for name in ("ci-toolkit", "ci-toolkit backend --> x"):
        step.check(RED, "--comment", "--name", name)
        step.check(RED, "--comment", "--name", name)
    first, second = (comment["body"].partition("\n")[0] for comment in github.comments)
    assert (first, second) == (MARK.strip(), "<!-- ci-toolkit: ci-toolkit backend --%3E x -->")


def test_a_comment_of_somebody_else_is_left_alone_whatever_it_says(step: Step, github: FakeGitHub) -> None:
    github.comment("stranger", f"{MARK}I am the toolkit")
    github.comment(github.login, f"a bot quotes\n{MARK}")
    step.check(RED, "--comment")
    assert [comment["body"].startswith(f"{MARK}**failed**") for comment in github.comments] == [False, False, True]


def test_the_comment_is_found_behind_many_others(step: Step, github: FakeGitHub) -> None:
    for number in range(250):
        github.comment("people", f"remark {number}")
    step.check(RED, "--comment")
    step.check(FLAKY, "--comment")
    assert len(github.comments) == 251


@pytest.mark.parametrize("fault", [Fault(502), Fault(502, is_carried_out=True), Fault(DROPPED, is_carried_out=True)])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_comment_whose_answer_was_lost_is_not_made_twice(
    step: Step, github: FakeGitHub, fault: Fault, method: str
) -> None:
    if method == "PATCH":
        step.check(RED, "--comment")
    github.faults = [
        Fault(fault.status, method, is_carried_out=fault.is_carried_out, path="comments") for _ in range(2)
    ]
    step.check(FLAKY, "--comment")
    (comment,) = github.comments
    assert "Flaky tests" in comment["body"]


@pytest.mark.parametrize(("status", "told"), [(403, "pull-requests: write"), (404, "has no comments")])
def test_a_refused_comment_is_said_once_and_the_rest_remains(
    step: Step, github: FakeGitHub, capsys: pytest.CaptureFixture[str], status: int, told: str
) -> None:
    github.faults = [Fault(status, path="comments", message="Resource not accessible by integration")]
    assert step.check(RED, "--comment") == 1
    assert len(github.checks) == 1
    shown = capsys.readouterr().err
    assert shown.count("no comment was written") == 1
    assert told in shown


def test_where_neither_may_be_written_each_is_said_once(
    step: Step, github: FakeGitHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    github.faults = [Fault(403, path=path, message="no") for path in ("check-runs", "comments")]
    assert step.check(RED, "--comment") == 1
    assert capsys.readouterr().err.count("was written") == 2
    monkeypatch.delenv("GITHUB_TOKEN")
    assert step.check(RED, "--comment") == 1
    assert capsys.readouterr().err.count("was written") == 1


def test_an_older_commit_does_not_speak_over_the_newest(
    step: Step, github: FakeGitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    github.pulls[0]["head"]["sha"] = "e" * 40
    assert step.check(RED, "--comment") == 1
    assert (len(github.checks), github.comments) == (1, [])
    assert "has a newer commit" in capsys.readouterr().err


def test_a_token_of_somebody_else_is_told_how_to_find_its_comment_again(
    step: Step, github: FakeGitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    github.login = "team-bot[bot]"
    step.check(RED, "--comment")
    assert "--comment-author 'team-bot[bot]'" in capsys.readouterr().err
    for verdict in (FLAKY, RED):
        step.check(verdict, "--comment", "--comment-author", "team-bot[bot]")
    assert len(github.comments) == 1


def test_a_comment_is_short_and_says_what_it_leaves_out(step: Step, github: FakeGitHub) -> None:
    step.check(failed(*(failure(f"test_a.py::test_{'ü' * 90}{number}") for number in range(2000))), "--comment")
    (comment,) = github.comments
    assert len(comment["body"].encode()) < 9_000
    assert "failures are cut here; the check has all of them" in comment["body"]
    assert comment["body"].rstrip().endswith("/actions/runs/77/attempts/1)")

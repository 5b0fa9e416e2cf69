import json
import sys

import pytest
from github_cases import (
    PASSED,
    Step,
    assert_no_secret_leaves,
    assert_text_stays_text,
    failed,
    failure,
    poisoned,
)
from github_server import COMMIT, DROPPED, REPOSITORY, TOKEN, FakeGitHub, Fault

from ci_toolkit.cli.main import main
from ci_toolkit.github.client import GitHubApi
from ci_toolkit.model.verdict import Status, Verdict


def test_a_passed_run_is_one_green_check_on_the_head_of_the_pull_request(step: Step, github: FakeGitHub) -> None:
    assert step.check(PASSED) == 0
    (check,) = github.checks
    assert (check["head_sha"], check["status"], check["conclusion"]) == (COMMIT, "completed", "success")
    assert check["output"]["title"] == "passed: 1 passed"
    assert "Coverage: 91.50% of 80% asked" in check["output"]["text"]
    assert "1 passed" in step.summary.read_text()
    assert github.broken_rules == []


@pytest.mark.parametrize(
    ("verdict", "exit_code"),
    [
        (failed(failure()), 1),
        (failed(status=Status.INCOMPLETE, exit_code=5), 5),
        (failed(status=Status.PASSED, exit_code=1), 1),
    ],
)
def test_what_is_not_passed_is_red_and_the_exit_code_is_the_verdicts(
    step: Step, github: FakeGitHub, verdict: Verdict, exit_code: int
) -> None:
    assert step.check(verdict) == exit_code
    assert [check["conclusion"] for check in github.checks] == ["failure"]


def test_a_check_is_announced_and_then_completed_as_the_same(step: Step, github: FakeGitHub) -> None:
    for status in ("queued", "in_progress"):
        assert main(["github", "check", "--status", status]) == 0
        assert [check["status"] for check in github.checks] == [status]
    step.check(PASSED)
    assert [check["status"] for check in github.checks] == ["completed"]


def test_another_attempt_and_another_name_are_checks_of_their_own(
    step: Step, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    step.check(failed(failure()))
    monkeypatch.setenv("GITHUB_RUN_ATTEMPT", "2")
    step.check(PASSED)
    step.check(PASSED, "--name", "backend")
    assert [check["conclusion"] for check in github.checks] == ["failure", "success", "success"]


def test_failures_are_annotated_in_batches_and_a_second_step_adds_none(step: Step, github: FakeGitHub) -> None:
    verdict = failed(*(failure(f"test_a.py::test_{number}") for number in range(120)))
    step.check(verdict)
    step.check(verdict)
    (check,) = github.checks
    titles = [annotation["title"] for annotation in check["annotations"]]
    assert titles == [f"failed: test_a.py::test_{number}" for number in range(120)]
    assert github.broken_rules == []


def test_more_failures_than_there_is_room_for_are_cut_and_that_is_said(step: Step, github: FakeGitHub) -> None:
    verdict = failed(*(failure(f"test_a.py::test_{'ü' * 90}{number}", message="é" * 300) for number in range(2000)))
    assert step.check(verdict) == 1
    (check,) = github.checks
    summary = check["output"]["summary"]
    assert 60_000 < len(summary.encode()) <= 65_535
    listed = summary.count("<code>test_a.py:7</code>")
    assert f"_{2000 - listed} failures are cut here; verdict.json has all of them._" in summary
    assert "The first 200 of 2000 failures are annotated" in summary
    assert len(check["annotations"]) == 200
    assert github.broken_rules == []


FAULTS = [
    Fault(status=502),
    Fault(status=503, is_carried_out=True),
    Fault(status=DROPPED),
    Fault(status=DROPPED, is_carried_out=True),
    Fault(status=429, headers={"Retry-After": "1"}),
    Fault(status=429),
    Fault(status=403, message="You have exceeded a secondary rate limit"),
    Fault(status=403, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}),
]


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.status}-{fault.is_carried_out}")
def test_what_passes_is_tried_again_and_nothing_is_made_twice(
    step: Step, github: FakeGitHub, fault: Fault, method: str
) -> None:
    github.faults = [of_method(fault, method) for _ in range(2)]
    assert step.check(failed(*(failure(f"test_a.py::test_{number}") for number in range(70)))) == 1
    (check,) = github.checks
    assert (check["status"], len(check["annotations"])) == ("completed", 70)
    assert [fault for fault in github.faults if not fault.is_carried_out] == []
    assert github.broken_rules == []


def of_method(fault: Fault, method: str) -> Fault:
    return Fault(fault.status, method, fault.headers, fault.message, fault.is_carried_out)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault(403, message="Resource not accessible by integration"), "permissions: checks: write"),
        (Fault(404, message="Not Found"), "has no check runs"),
        (Fault(401, message="Bad credentials"), "Give the step the job's token"),
        (Fault(422, message="Validation Failed"), "Validation Failed"),
        (Fault(301, headers={"Location": "http://127.0.0.1:1/"}), "answered 301"),
        (Fault(429, headers={"Retry-After": "86400"}), "answered 429"),
    ],
)
def test_a_refusal_is_said_once_and_the_summary_and_the_exit_code_remain(
    step: Step, github: FakeGitHub, capsys: pytest.CaptureFixture[str], fault: Fault, told: str
) -> None:
    github.faults = [fault]
    assert step.check(failed(failure())) == 1
    assert len(github.requests) == 1
    shown = capsys.readouterr().err
    assert shown.count("no check run was written") == 1
    assert told in shown
    assert "test_a.py::test_1" in step.summary.read_text()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_TOKEN", ""),
        ("GITHUB_TOKEN", "tök\nen"),
        ("GITHUB_API_URL", "http://127.0.0.1:1"),
        ("GITHUB_API_URL", "file:///etc/passwd"),
        ("GITHUB_API_URL", "http://[::1"),
        ("GITHUB_REPOSITORY", "../../x"),
    ],
)
def test_where_there_is_no_github_the_verdict_stays(
    step: Step, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert step.check(PASSED) == 0
    assert capsys.readouterr().err.count("no check run was written") == 1


def test_without_the_extra_the_command_says_how_to_get_it(
    step: Step, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ci_toolkit.cli.github.is_installed", lambda package: package != "stamina")
    assert step.check(PASSED) == 2
    assert "pip install 'ci-toolkit[github]'" in capsys.readouterr().err


def test_a_server_that_never_recovers_is_given_up(step: Step, github: FakeGitHub) -> None:
    github.faults = [Fault(502) for _ in range(50)]
    assert step.check(PASSED) == 0
    assert len(github.requests) == 4


@pytest.mark.parametrize("data", [b"", b"{}", b'{"schema": 99}', b"[" * 100_000])
def test_without_a_verdict_the_check_is_red(step: Step, github: FakeGitHub, data: bytes) -> None:
    assert step.check(data) == 2
    assert [check["conclusion"] for check in github.checks] == ["failure"]
    (step.folder / "verdict.json").unlink()
    assert main(["github", "check", "--verdict", "verdict.json"]) == 2


def test_strangers_text_stays_text_and_no_secret_leaves(
    step: Step, github: FakeGitHub, capfd: pytest.CaptureFixture[str]
) -> None:
    verdict = poisoned()
    assert step.check(verdict) == 1
    (check,) = github.checks
    assert github.broken_rules == []
    out, err = capfd.readouterr()
    assert_no_secret_leaves(json.dumps(check, ensure_ascii=False) + step.summary.read_text() + out + err)
    assert_text_stays_text(check["output"]["summary"])
    assert_text_stays_text(check["output"]["text"])


def test_the_token_is_in_no_argument_and_no_representation(github: FakeGitHub) -> None:
    with GitHubApi(github.url, REPOSITORY, TOKEN) as api:
        assert TOKEN not in repr(api) + repr(vars(api)) + repr(sys.argv)


def test_in_a_folder_of_a_monorepo_paths_start_at_the_top(
    step: Step, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = step.folder / "backend"
    backend.mkdir()
    monkeypatch.chdir(backend)
    step.check(failed(failure(), failure(file="../shared/lib.py")))
    paths = [annotation["path"] for annotation in github.checks[0]["annotations"]]
    assert paths == ["backend/test_a.py", "shared/lib.py"]


def test_a_summary_that_is_nearly_full_stays_within_githubs_limit(step: Step) -> None:
    step.summary.write_bytes(b"x" * (1024 * 1024 - 3000))
    step.check(failed(*(failure(f"test_a.py::test_{number}") for number in range(100))))
    assert step.summary.stat().st_size <= 1024 * 1024
    assert "verdict.json" in step.summary.read_text()

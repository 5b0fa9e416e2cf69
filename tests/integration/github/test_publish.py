"""The publisher that `workflow_run` starts: it believes GitHub, and of a stranger's artifact a verdict as data."""

import io
import json
import re
import stat
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from github_cases import (
    PASSED,
    Step,
    assert_no_secret_leaves,
    assert_text_stays_text,
    failed,
    failure,
    poisoned,
    poisoned_everywhere,
)
from github_server import COMMIT, DROPPED, TOKEN, FakeGitHub, Fault

from ci_toolkit.cli.main import main
from ci_toolkit.model.record import to_json
from ci_toolkit.model.verdict import Verdict

pytestmark = pytest.mark.usefixtures("ended")
FORK = "stranger/project"
RUN = {
    "id": 4711,
    "run_attempt": 2,
    "head_sha": COMMIT,
    "head_branch": "ünïcode/fix&page=9",
    "head_repository": {"full_name": FORK},
    "event": "pull_request",
    "status": "completed",
    "conclusion": "failure",
}
PULL = {
    "number": 17,
    "label": f"stranger:{RUN['head_branch']}",
    "head": {"sha": COMMIT, "repo": {"full_name": FORK}},
}


@pytest.fixture
def ended(step: Step, github: FakeGitHub) -> Step:
    """A job that was started by the end of a fork's run."""
    told = {"workflow_run": {"id": 4711, "run_attempt": 2, "head_sha": "f" * 40, "pull_requests": [{"number": 1}]}}
    (step.folder / "event.json").write_text(json.dumps(told))
    github.runs, github.pulls = [dict(RUN)], [dict(PULL)]
    return step


def zipped(files: Iterable[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return buffer.getvalue()


def leave(github: FakeGitHub, verdict: Verdict | bytes) -> None:
    data = verdict if isinstance(verdict, bytes) else to_json(verdict)
    content = zipped([("report.html", b"<script>"), (".coverage", b"x"), ("verdict.json", data)])
    github.artifacts = [("verdict-attempt-1", b""), ("verdict-attempt-2", content)]


def publish(*options: str) -> int:
    return main(["github", "publish", *options])


def test_the_check_is_on_the_commit_that_github_names(ended: Step, github: FakeGitHub) -> None:
    leave(github, failed(failure(), commit="1" * 40))
    assert publish() == 0
    (check,) = github.checks
    assert (check["head_sha"], check["conclusion"], check["status"]) == (COMMIT, "failure", "completed")
    assert check["external_id"] == "ci-toolkit/4711/2/ci-toolkit"
    assert check["details_url"].endswith("/team/project/actions/runs/4711/attempts/2")
    assert [annotation["path"] for annotation in check["annotations"]] == ["test_a.py"]
    assert "test_a.py::test_1" in ended.summary.read_text()
    assert github.comments == []
    assert github.broken_rules == []


@pytest.mark.parametrize(
    ("conclusion", "check_says"), [("success", "success"), ("failure", "failure"), (None, "failure")]
)
def test_a_verdict_is_green_only_where_github_says_that_its_run_succeeded(
    github: FakeGitHub, conclusion: str | None, check_says: str
) -> None:
    github.runs[0]["conclusion"] = conclusion
    leave(github, PASSED)
    assert publish() == 0
    assert [check["conclusion"] for check in github.checks] == [check_says]
    assert ("whatever its verdict says" in github.checks[0]["output"]["summary"]) is (check_says == "failure")


@pytest.mark.parametrize("make", [poisoned, poisoned_everywhere])
def test_a_poisoned_artifact_says_nothing_but_text(
    ended: Step, github: FakeGitHub, capfd: pytest.CaptureFixture[str], make: Callable[[], Verdict]
) -> None:
    leave(github, make())
    assert publish("--comment") == 0
    (check,), (comment,) = github.checks, github.comments
    out, err = capfd.readouterr()
    summary = ended.summary.read_text()
    assert_no_secret_leaves(json.dumps([check, comment], ensure_ascii=False) + summary + out + err)
    mark, _, said = comment["body"].partition("\n")
    assert mark == "<!-- ci-toolkit: ci-toolkit -->"
    assert said.count("](") == 1, "the link to the run is ours"
    for text in (check["output"]["summary"], check["output"]["text"], said.rpartition("\n[")[0]):
        assert_text_stays_text(text)
    assert not re.search(r"@|<img|\[x\]", summary)
    for annotation in check["annotations"]:
        assert not annotation["path"].startswith((".", "/"))
        assert annotation["path"].isprintable()
        assert "\n" not in annotation["title"]
    for line in (out + err).splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
    assert len(comment["body"].encode()) < 10_000
    assert github.broken_rules == []
    assert not list(ended.folder.glob("**/verdict.json"))


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


SOUND = ("verdict.json", to_json(PASSED))
BOMB = b'{"schema": 1' + b" " * (65 * 1024 * 1024)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (zipped([SOUND, ("../../.bashrc", b"x")]), "leads out of its folder"),
        (zipped([SOUND, ("/etc/passwd", b"x")]), "leads out of its folder"),
        (zipped([SOUND, ("a\\..\\..\\b", b"x")]), "leads out of its folder"),
        (zipped([SOUND, ("C:evil", b"x")]), "leads out of its folder"),
        (zipped([SOUND, (link("other"), b"/etc/passwd")]), "a link or a device"),
        (zipped([(link("verdict.json"), b"/etc/passwd")]), "a link or a device"),
        (zipped([("out/verdict.json", b"{}")]), "no file verdict.json"),
        (zipped([("verdict.json", BOMB)]), "larger than"),
        (zipped([("verdict.json", b"{}")]), "format version 0"),
        (zipped([("verdict.json", b'{"schema": 1, "status": "passed"}')]), "not a valid verdict"),
        (zipped([("verdict.json", b"[" * 1_000_000)]), "not a verdict"),
        (zipped([SOUND])[:-30], "not a zip archive"),
        (b"@everyone", "not a zip archive"),
        (b"", "not a zip archive"),
    ],
)
def test_what_is_no_sound_artifact_is_a_red_check_that_says_why(
    github: FakeGitHub, capsys: pytest.CaptureFixture[str], content: bytes, told: str
) -> None:
    github.runs[0]["conclusion"] = "success"
    github.artifacts = [("verdict-attempt-2", content)]
    assert publish("--comment") == 2
    (check,) = github.checks
    assert check["conclusion"] == "failure"
    assert told in check["output"]["summary"]
    assert told in capsys.readouterr().err
    assert github.comments == []


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_verdicts_in_one_archive_are_none(github: FakeGitHub) -> None:
    github.artifacts = [("verdict-attempt-2", zipped([SOUND, SOUND]))]
    assert publish() == 2
    assert "2 files verdict.json" in github.checks[0]["output"]["summary"]


def test_an_archive_that_is_too_large_is_not_downloaded_to_its_end(
    github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ci_toolkit.github.runs.LARGEST_ARCHIVE", 1000)
    github.artifacts = [("verdict-attempt-2", b"x" * 100_000)]
    assert publish() == 4
    assert "larger than 1000 bytes" in github.checks[0]["output"]["summary"]


@pytest.mark.parametrize("names", [(), ("verdict-attempt-1",), ("verdict-attempt-2", "verdict-attempt-2")])
def test_without_the_artifact_of_this_attempt_the_check_is_red(github: FakeGitHub, names: tuple[str, ...]) -> None:
    github.artifacts = [(name, zipped([SOUND])) for name in names]
    assert publish() == 4
    assert [check["conclusion"] for check in github.checks] == ["failure"]
    assert "verdict-attempt-2" in github.checks[0]["output"]["summary"]


@pytest.mark.parametrize("changed", [{"run_attempt": 3}, {"conclusion": "action_required"}, {"conclusion": "skipped"}])
def test_a_run_that_has_nothing_to_say_leaves_nothing(
    github: FakeGitHub, capsys: pytest.CaptureFixture[str], changed: dict[str, object]
) -> None:
    github.runs[0] |= changed
    leave(github, PASSED)
    assert publish() == 0
    assert github.checks == []
    assert capsys.readouterr().err.count("has nothing to say") == 1


@pytest.mark.parametrize(
    "pull",
    [
        None,
        {**PULL, "head": {"sha": "e" * 40, "repo": {"full_name": FORK}}},
        {**PULL, "head": {"sha": COMMIT, "repo": {"full_name": "another/project"}}},
        {**PULL, "head": {"sha": COMMIT, "repo": None}},
    ],
)
def test_a_comment_goes_to_no_pull_request_but_that_of_the_newest_commit(
    github: FakeGitHub, capsys: pytest.CaptureFixture[str], pull: dict[str, object] | None
) -> None:
    github.pulls = [pull] if pull else []
    leave(github, failed(failure()))
    assert publish("--comment") == 0
    assert len(github.checks) == 1
    assert github.comments == []
    assert capsys.readouterr().err.count("no comment was written") == 1


def test_a_fork_that_is_gone_has_its_check_and_no_comment(github: FakeGitHub) -> None:
    github.runs[0]["head_repository"] = None
    leave(github, failed(failure()))
    assert publish("--comment") == 0
    assert (len(github.checks), github.comments) == (1, [])


def test_a_second_publisher_of_the_same_attempt_makes_nothing_more(github: FakeGitHub) -> None:
    leave(github, failed(failure()))
    for _ in range(2):
        assert publish("--comment") == 0
    assert (len(github.checks), len(github.comments), len(github.checks[0]["annotations"])) == (1, 1, 1)


@pytest.mark.parametrize(
    "path", ["/actions/runs/4711", "/artifacts", "/zip", "/store/", "/pulls", "/check-runs", "/comments"]
)
def test_what_passes_is_tried_again(github: FakeGitHub, path: str) -> None:
    leave(github, failed(failure()))
    github.faults = [Fault(502, path=path), Fault(DROPPED, path=path)]
    assert publish("--comment") == 0
    assert (len(github.checks), len(github.comments), github.faults) == (1, 1, [])


@pytest.mark.parametrize(
    ("path", "told"),
    [("/actions/runs/4711", "actions: read"), ("/check-runs", "checks: write")],
)
def test_a_publisher_that_may_publish_nothing_is_not_green(
    github: FakeGitHub, capsys: pytest.CaptureFixture[str], path: str, told: str
) -> None:
    leave(github, PASSED)
    github.faults = [Fault(403, path=path, message="Resource not accessible by integration")]
    assert publish() == 4
    assert capsys.readouterr().err.count(told) == 1
    assert github.checks == []


def test_outside_of_workflow_run_it_says_where_it_belongs(ended: Step, capsys: pytest.CaptureFixture[str]) -> None:
    (ended.folder / "event.json").write_text('{"pull_request": {"number": 3}}')
    assert publish() == 2
    assert "on: workflow_run" in capsys.readouterr().err


def test_no_code_and_no_file_of_the_run_is_used(ended: Step, github: FakeGitHub, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    leave(github, PASSED)
    publish("--folder", "backend")
    assert sorted(tmp_path.rglob("*")) == sorted([*before, ended.summary])
    assert TOKEN not in ended.summary.read_text()

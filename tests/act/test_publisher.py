"""The workflow that publishes for forks, as docs/github.md has it, run by act against a GitHub of our own."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from act_lab import GITHUB, Lab, commit_all, run_act
from github_cases import PASSED, failed, failure
from github_server import COMMIT, REPOSITORY, TOKEN, github_server

from ci_toolkit.model.record import to_json
from ci_toolkit.model.verdict import Verdict

PAGE = GITHUB.parent / "docs" / "github.md"
SETUP = "actions/setup-python@"
TOLD = {
    "action": "completed",
    "workflow_run": {
        "id": 4711,
        "run_attempt": 1,
        "event": "pull_request",
        "head_branch": "fix",
        "head_repository": {"full_name": "stranger/project"},
    },
    "repository": {"default_branch": "main"},
}
RUN = {**TOLD["workflow_run"], "head_sha": COMMIT, "status": "completed", "conclusion": "success"}  # type: ignore[dict-item]
PULL = {"number": 17, "label": "stranger:fix", "head": {"sha": COMMIT, "repo": {"full_name": "stranger/project"}}}


def workflow_of_the_page() -> str:
    """The file that the page gives, with what it leaves to its reader."""
    (text,) = (
        block
        for block in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
        if "workflow_run:" in block
    )
    pinned = re.search(rf"{SETUP}\w+", (GITHUB / "workflows" / "ci-toolkit.yml").read_text(encoding="utf-8"))
    assert pinned
    install = re.search(r"pip install .*VERSION'", text)
    assert install
    return str(text).replace(f"{SETUP}COMMIT", pinned[0]).replace(install[0], "ci-toolkit --version")


@pytest.mark.parametrize(
    ("verdict", "conclusion", "comments"), [(PASSED, "success", 0), (failed(failure()), "failure", 1)]
)
def test_a_fork_gets_its_check_and_its_comment(
    tmp_path: Path, verdict: Verdict, conclusion: str, comments: int
) -> None:
    lab = Lab(tmp_path)
    lab.write({".github/workflows/publish.yml": workflow_of_the_page()})
    commit_all(lab.repository)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("verdict.json", to_json(verdict))
    with github_server() as github:
        github.runs, github.pulls, github.artifacts = [RUN], [PULL], [("verdict-attempt-1", buffer.getvalue())]
        place = ("--env", f"GITHUB_API_URL={github.url}", "--env", f"GITHUB_REPOSITORY={REPOSITORY}")
        ended = run_act(
            lab.repository,
            "publish.yml",
            lab.store,
            *(*place, "-s", f"GITHUB_TOKEN={TOKEN}"),
            trigger="workflow_run",
            told=TOLD,
        )
    assert ended.jobs == {"publish": True}, ended.output
    assert [(check["head_sha"], check["conclusion"]) for check in github.checks] == [(COMMIT, conclusion)]
    assert len(github.comments) == comments
    assert TOKEN not in ended.output
    assert github.broken_rules == []

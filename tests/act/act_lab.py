"""A repository that calls the reusable workflow, and act, which runs it on this machine with stand-ins for others' actions."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GITHUB = Path(__file__).parents[2] / ".github"
STAND_INS = os.environ.get("STAND_INS", "")
"""The folder `stand_ins` with what they are bundled to; `nox -s act` makes it."""
RUN_ID = "7"
_SECONDS = 1500
"""A guard against a run that hangs; the example's takes five minutes where nothing else runs."""
TESTS = {
    "test_one.py": "def test_a(): pass\n",
    "test_two.py": """\
import os, pathlib, signal
STORE = pathlib.Path(os.environ["STORE"])
def test_b(): pass
def test_c():
    if (STORE / "kills").exists():
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
    assert not (STORE / "fails").exists()
""",
}
CALLER = """\
name: tests
on: [push]
permissions: { contents: read, checks: write }
jobs:
  tests:
    uses: ./.github/workflows/ci-toolkit.yml
    with:
"""


@dataclass(frozen=True)
class Ended:
    """How the jobs of a run ended."""

    jobs: dict[str, bool]
    """Whether each job succeeded; the shards together are one."""
    output: str


class Lab:
    """A repository, and what is stored outside of it: artifacts, the cache, and what is to go wrong."""

    def __init__(self, folder: Path) -> None:
        self.store = folder / "store"
        self.store.mkdir()
        self._repository = folder / "repository"
        tests = self._repository / "tests"
        tests.mkdir(parents=True)
        for name, text in TESTS.items():
            (tests / name).write_text(text)
        (self._repository / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")

    def write(self, files: Mapping[str, str]) -> None:
        """Put these files into the repository."""
        for name, text in files.items():
            path = self._repository / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    @property
    def repository(self) -> Path:
        """Its folder."""
        return self._repository

    def artifacts(self) -> set[str]:
        """The names of what was uploaded."""
        return {path.name for path in (self.store / "artifacts" / RUN_ID).iterdir()}

    def push(self, *options: str, attempt: int = 1, before: str = "", **inputs: str) -> Ended:
        """Run the workflow on a push of everything, ``before`` which main was at that commit.

        ``options`` are act's, ``inputs`` the workflow's.
        """
        given = {"install": "ci-toolkit --version", "shards": "2", **inputs}
        workflows = self._repository / ".github" / "workflows"
        workflows.mkdir(parents=True, exist_ok=True)
        shutil.copy(GITHUB / "workflows" / "ci-toolkit.yml", workflows)
        lines = (f"      {name.replace('_', '-')}: {json.dumps(value)}\n" for name, value in given.items())
        (workflows / "tests.yml").write_text(CALLER + "".join(lines).replace('"true"', "true"))
        commit_all(self._repository)
        told = {**EVENT, "before": before}
        return run_act(self._repository, "tests.yml", self.store, *options, attempt=attempt, told=told)


AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@example.org")
EVENT = {"ref": "refs/heads/main", "repository": {"default_branch": "main"}}


def commit_all(repository: Path) -> None:
    """Commit everything on `main`."""
    for words in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        [*AUTHOR, "commit", "-q", "--allow-empty", "-m", "x"],
    ):
        subprocess.run(["git", *words], cwd=repository, check=True)


def run_act(
    repository: Path,
    workflow: str,
    store: Path,
    *options: str,
    attempt: int = 1,
    programs: Path = Path(sys.executable).parent,
    trigger: str = "push",
    told: Mapping[str, Any] = EVENT,
) -> Ended:
    """Run the workflow on a push to `main`, or on another ``trigger`` with what GitHub would have ``told`` of it.

    ``store`` holds what GitHub would keep, and what is to go wrong; ``programs`` are those of the Python that is set up.
    """
    event = store / "event.json"
    event.write_text(json.dumps(told))
    variables = {
        "STORE": str(store),
        "PROGRAMS": str(programs),
        "GITHUB_RUN_ID": RUN_ID,
        "GITHUB_RUN_ATTEMPT": str(attempt),
    }
    done = subprocess.run(
        [
            *("act", trigger, "-W", f".github/workflows/{workflow}", "-e", str(event)),
            *("-P", "ubuntu-24.04=-self-hosted"),
            *(word for pair in variables.items() for word in ("--env", "=".join(pair))),
            *stand_in_options(),
            *server_options(store),
            *options,
        ],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
        env={**os.environ, "ACT_DISABLE_VERSION_CHECK": "1"},
    )
    jobs: dict[str, bool] = {}
    for name, word in re.findall(r"^\[[\w-]+/(?:ci-toolkit/)?(\w+)[^\]]*\] 🏁  Job (\w+)", done.stdout, re.MULTILINE):
        jobs[name] = jobs.get(name, True) and word == "succeeded"
    return Ended(jobs=jobs, output=done.stdout + done.stderr)


def server_options(store: Path) -> list[str]:
    """Say to act where its own servers of artifacts and the cache, which GitHub's clients ask, keep what they get."""
    artifacts = store / "artifacts"
    (artifacts / RUN_ID).mkdir(parents=True, exist_ok=True)  # the server does not make it
    with socket.create_server(("127.0.0.1", 0)) as free:  # for artifacts, a port of 0 is not any port
        port = free.getsockname()[1]
    return [
        *("--artifact-server-path", str(artifacts)),
        *("--artifact-server-addr", "127.0.0.1", "--artifact-server-port", str(port)),
        *("--cache-server-path", str(store / "cache"), "--cache-server-addr", "127.0.0.1"),
    ]


def stand_in_options() -> list[str]:
    """Say to act which folder stands for which pinned action."""
    assert STAND_INS, "STAND_INS names no folder: `nox -s act` bundles the stand-ins, and says where they are"
    used = set(re.findall(r"uses: (actions/([\w-]+))[\w/-]*@(\w+)", (GITHUB / "workflows/ci-toolkit.yml").read_text()))
    known = [(action, name, commit) for action, name, commit in sorted(used) if name != "checkout"]  # act's own
    return [
        word
        for action, name, commit in known
        for word in ("--local-repository", f"{action}@{commit}={STAND_INS}/{name}")
    ]

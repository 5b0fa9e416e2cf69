"""A repository with a history of its own, and the real program run in it."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ci_toolkit.model.bundle import ShardCard
from ci_toolkit.model.verdict import TestFailure, Verdict

SETTINGS = """
[project]
name = "lab"
version = "1"

[tool.ci-toolkit.flaky]
budget = "20m"  # on a machine that is busy

[tool.pytest.ini_options]
pythonpath = ["src"]
addopts = "-p no:hypothesispytest -p no:asyncio -p no:schemathesis"
"""
"""Without plugins that take longer to import than the tests to run."""


class Repository:
    """A git repository with tests, in a folder of its own; ``outside`` is what no commit knows of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "repository"
        self.outside = folder / "outside"
        self.out = self.folder / ".ci-toolkit" / "out"
        self.results = self.folder / ".ci-toolkit" / "results"
        for each in (self.folder, self.outside):
            each.mkdir()
        self.git("init", "-q", "-b", "main")

    def environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST_", "COV_", "PYTHONHASHSEED", "GITHUB_", "CI_TOOLKIT_"))
            or name == "CI_TOOLKIT_MACHINE"
        }
        identity = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        return {**kept, **identity, "GIT_CONFIG_GLOBAL": os.devnull, "OUTSIDE": str(self.outside)}

    def git(self, *args: str) -> str:
        command = ["git", "-c", "commit.gpgsign=false", *args]
        done = subprocess.run(command, cwd=self.folder, env=self.environment(), stdout=subprocess.PIPE, check=True)
        return done.stdout.decode().strip()

    def change(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self, files: Mapping[str, str]) -> None:
        self.change(files)
        self.git("add", ".")
        self.git("commit", "-q", "--allow-empty", "-m", "a commit")

    def start(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "ci_toolkit", *args],
            cwd=self.folder,
            env=self.environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def ci_toolkit(self, *args: str) -> tuple[int, str]:
        """Return the exit status and all that was printed."""
        process = self.start(*args)
        printed, _ = process.communicate(timeout=300)
        return process.returncode, printed

    def interrupted_at(self, word: str, *args: str) -> tuple[int, str]:
        """Run until a line holds ``word``, interrupt, and return the exit status and all that was printed."""
        process = self.start(*args)
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if word in line:
                process.send_signal(signal.SIGINT)
                break
        printed, _ = process.communicate(timeout=300)
        return process.returncode, "".join(lines) + printed

    def verdict(self) -> Verdict:
        return msgspec.json.decode((self.out / "verdict.json").read_bytes(), type=Verdict)

    def cards(self) -> list[ShardCard]:
        paths = sorted(self.results.glob("shard-*/shard.json"))
        return [msgspec.json.decode(path.read_bytes(), type=ShardCard) for path in paths]

    def judged(self) -> dict[str, tuple[str, bool]]:
        """Return the name of each failed test to its kind and whether it is excused."""
        return {_name(failure): (failure.kind, failure.is_excused) for failure in self.verdict().failures}

    def why(self, name: str) -> str:
        return next(failure.why for failure in self.verdict().failures if _name(failure) == name)

    def work_trees(self) -> int:
        return len(self.git("worktree", "list").splitlines())


def _name(failure: TestFailure) -> str:
    return failure.node_id.rpartition("::")[2]

"""A suite in a folder of its own, and the real program run in it as a user would."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import junitparser
import msgspec

PLAIN = ("-p", "no:asyncio", "-p", "no:randomly")


class Project:
    """A folder with a suite."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.results = folder / ".ci-toolkit" / "results"
        self.out = folder / ".ci-toolkit" / "out"
        (folder / "pytest.ini").write_text("[pytest]\n")

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "ci_toolkit", *args]

    def environment(self) -> dict[str, str]:
        return {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST_", "COV_", "PYTHONHASHSEED"))
        }

    def ci_toolkit(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*args),
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*args),
            cwd=self.folder,
            env=self.environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def plain_pytest(self, *args: str) -> Counter[tuple[str, str, str]]:
        subprocess.run(
            [
                sys.executable,
                "-P",
                "-m",
                "pytest",
                "--continue-on-collection-errors",
                "--junitxml=plain.xml",
                *PLAIN,
                *args,
            ],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            timeout=300,
            check=False,
        )
        return outcomes(self.folder / "plain.xml")

    @property
    def verdict(self) -> Any:
        return msgspec.json.decode((self.out / "verdict.json").read_bytes())

    def json(self, name: str) -> Any:
        return msgspec.json.decode((self.folder / name).read_bytes())

    def merged(self) -> Counter[tuple[str, str, str]]:
        return outcomes(self.out / "junit.xml")

    def plan_and_run(self, shards: int, *args: str) -> None:
        self.ci_toolkit("plan", "--shards", str(shards), "--", *PLAIN).check_returncode()
        for index in range(1, shards + 1):
            self.ci_toolkit("shard", str(index), *args)

    def merge(self, *args: str) -> subprocess.CompletedProcess[str]:
        return self.ci_toolkit("merge", *args)


def outcomes(path: Path) -> Counter[tuple[str, str, str]]:
    """Count (classname, name, outcome) in a JUnit file, read by a library that is not ours."""
    found: Counter[tuple[str, str, str]] = Counter()
    for suite in junitparser.JUnitXml.fromfile(str(path)):
        for case in suite:
            kinds = {type(result).__name__ for result in case.result} - {"FlakyFailure", "RerunFailure"}
            kind = next((name for name in ("Failure", "Error", "Skipped") if name in kinds), "Passed")
            found[case.classname or "", case.name or "", kind] += 1
    return found

"""Repositories as strangers have them, and `ci-toolkit init` in them."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from ci_toolkit.cli.main import main

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WORKFLOW = ".github/workflows/ci-toolkit.yml"
LIBRARY = {
    "pyproject.toml": """\
# made by hand
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "sums"   # a comment
version = "1"
requires-python = ">=3.11"

[project.optional-dependencies]
test = ["pytest"]
""",
    "src/sums/__init__.py": "",
    "tests/test_sums.py": "def test_sums(): pass\n",
}
PROGRAMS = Path(sys.executable).parent


class Stranger:
    """A repository on `main`, and what a run of `ci-toolkit init` in it says."""

    def __init__(self, top: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.top = top
        self._capsys = capsys
        self.git("init", "-q", "-b", "main")
        monkeypatch.chdir(top)

    def git(self, *words: str, given: str = "") -> None:
        """Run git here."""
        author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", *author, *words], cwd=self.top, check=True, input=given, text=True, capture_output=True)

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write ``files``, by their paths from the top."""
        for name, content in files.items():
            path = self.top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")

    def init(self, *words: str) -> tuple[int, str, str]:
        """Return how `ci-toolkit init` ends, and its standard output and error."""
        self._capsys.readouterr()
        code = main(["init", "--commit", COMMIT, *words])
        told = self._capsys.readouterr()
        return code, told.out, told.err

    def text(self, path: str) -> str:
        """Return what is in a file, with its line ends."""
        return (self.top / path).read_bytes().decode()

    def contents(self) -> dict[str, bytes]:
        """Return every file, and every link by its target, outside of `.git`."""
        return {
            path.relative_to(self.top).as_posix(): str(path.readlink()).encode()
            if path.is_symlink()
            else path.read_bytes()
            for path in sorted(self.top.rglob("*"))
            if ".git" not in path.relative_to(self.top).parts and (path.is_symlink() or path.is_file())
        }

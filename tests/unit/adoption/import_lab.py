"""A project with compose files, and what `ci-toolkit services import` says of them."""

import textwrap
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ci_toolkit.cli.main import main


class Importer:
    """A project, and the command in it."""

    def __init__(self, top: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.top = top
        self._capsys = capsys
        self.write({"pyproject.toml": "[project]\nname = 'shop'\n"})
        monkeypatch.chdir(top)

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(textwrap.dedent(content).encode() if isinstance(content, str) else content)

    def run(self, *words: str) -> tuple[int, str, str]:
        """Return the exit code, standard output and standard error."""
        self._capsys.readouterr()
        code = main(["services", "import", *words])
        told = self._capsys.readouterr()
        return code, told.out, told.err

    def rows(self, compose: str, *words: str) -> dict[str, Any]:
        """Return the rows that a compose file becomes, those that are false apart."""
        self.write({"compose.yaml": compose})
        code, _, told = self.run("--write", *words)
        assert code == 0, told
        services = tomllib.loads((self.top / "pyproject.toml").read_text())["tool"]["ci-toolkit"]["services"]
        return {name: row for name, row in services.items() if row is not False}

    def notes(self, compose: str, *words: str) -> list[str]:
        """Return what is said of a compose file that is not taken."""
        self.write({"compose.yaml": compose})
        told = self.run(*words)[2]
        return [line.strip() for line in told.splitlines() if line.strip().startswith("compose.yaml:")]

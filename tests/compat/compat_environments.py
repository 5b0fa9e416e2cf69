"""Makes virtual environments as users have them: ci-toolkit from its wheel, and the plugins of a row."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
VERSIONS = REPOSITORY / "requirements" / "compat.txt"
SECONDS = 600.0


class Environments:
    """One environment for each set of requirements, made when it is first asked for. Raises what uv says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[frozenset[str], Path] = {}
        _uv("build", "--quiet", "--wheel", "--out-dir", folder, REPOSITORY)
        (self._wheel,) = folder.glob("*.whl")

    def python(self, requires: tuple[str, ...]) -> Path:
        """Return the Python of an environment with ``requires`` and ci-toolkit."""
        key = frozenset(requires)
        if key not in self._made:
            self._made[key] = self.make(requires)
        return self._made[key]

    def make(self, requires: tuple[str, ...], *more: str | Path) -> Path:
        """Return the Python of a new environment; ``more`` is installed last, as the words of `uv pip install`."""
        folder = self._folder / str(len(list(self._folder.iterdir())))
        _uv("venv", "--quiet", "--python", sys.executable, folder)
        python = folder / "bin" / "python"
        locked = [name for name in requires if name not in own_versions(requires)]
        _uv("pip", "install", "--quiet", "--python", python, "-c", VERSIONS, self._wheel, *locked)
        for requirement in own_versions(requires):
            _uv("pip", "install", "--quiet", "--python", python, requirement)
        if more:
            _uv("pip", "install", "--quiet", "--python", python, *more)
        return python


def own_versions(requires: Iterable[str]) -> list[str]:
    """Return those of ``requires`` that say which version: not the one that the other rows have."""
    return [requirement for requirement in requires if "==" in requirement]


def _uv(*words: str | Path) -> None:
    done = subprocess.run(["uv", *words], capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        raise RuntimeError(f"uv {words[0]} ended with {done.returncode}: {done.stderr}")

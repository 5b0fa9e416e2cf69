"""The files of a repository as git lists them, and the name of its default branch."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ci_toolkit.adoption.errors import AdoptionError
from ci_toolkit.errors import FormatError
from ci_toolkit.files import open_regular
from ci_toolkit.git_environment import git_environment

_MOST_BYTES = 1 << 20
"""A larger file says nothing about how a project is tested."""
_GIT_SECONDS = 60
_USUAL_BRANCHES = ("main", "master", "trunk", "develop")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A repository's folder, and its files: those that git knows or would add, not those that it ignores."""

    top: Path
    files: frozenset[str]
    """Relative to ``top``, with slashes."""

    def text(self, path: str) -> str | None:
        """Return the text of a file with its own line ends; None where it is not there, no plain file, or no UTF-8."""
        data = self.data(path)
        try:
            return None if data is None else data.decode()
        except UnicodeDecodeError:
            return None

    def data(self, path: str) -> bytes | None:
        """Return the bytes of a file; None where it is not there, no plain file, or larger than 1 MiB."""
        if path not in self.files:
            return None
        try:
            with open_regular(self.top / path) as file:
                found = file.read(_MOST_BYTES + 1)
        except (OSError, FormatError):
            return None
        return found if len(found) <= _MOST_BYTES else None

    def below(self, folder: str) -> frozenset[str]:
        """Return the files below ``folder``, relative to it; ``.`` is the top."""
        if folder == ".":
            return self.files
        return frozenset(path.removeprefix(f"{folder}/") for path in self.files if path.startswith(f"{folder}/"))


def read_tree(start: Path) -> Tree:
    """Return the repository around ``start``. Raises AdoptionError where there is none, or no git."""
    top = Path(_asked(start, "rev-parse", "--show-toplevel").removesuffix("\n"))
    listed = _asked(top, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return Tree(top=top, files=frozenset(filter(None, listed.split("\0"))))


def default_branch(top: Path) -> str:
    """Return the branch that pull requests go into. Raises AdoptionError where git cannot tell.

    It is what the remote says of itself (as of the last clone or fetch), else the branch with a usual name, else the
    one that is checked out.
    """
    remote = _answer(top, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
    if remote:
        return remote.removeprefix("refs/remotes/origin/")
    here = _answer(top, "symbolic-ref", "--quiet", "HEAD").removeprefix("refs/heads/")
    usual = _answer(top, "for-each-ref", "--format=%(refname)", *(f"refs/heads/{name}" for name in _USUAL_BRANCHES))
    there = {name.removeprefix("refs/heads/") for name in usual.splitlines()}
    found = next((name for name in _USUAL_BRANCHES if name in there), here)
    if not found:
        raise AdoptionError(
            f"{top} has a detached HEAD, and no branch that is called {', '.join(_USUAL_BRANCHES)}",
            advice="Say which branch pull requests go into: `ci-toolkit init --branch NAME`.",
        )
    return found


def branch_named(top: Path, name: str) -> str:
    """Return ``name``. Raises AdoptionError where no branch can be called so."""
    if _git(top, ("check-ref-format", f"refs/heads/{name}")).returncode:
        raise AdoptionError(f"no branch can be called '{name}'", advice="Give its name alone: `--branch main`.")
    return name


def _answer(folder: Path, *words: str) -> str:
    done = _git(folder, words)
    return os.fsdecode(done.stdout).strip("\n") if done.returncode == 0 else ""


def _asked(folder: Path, *words: str) -> str:
    done = _git(folder, words)
    if done.returncode:
        told = os.fsdecode(done.stderr).strip().removeprefix("fatal: ")
        raise AdoptionError(
            f"git cannot read a repository at {folder}: {told}",
            advice="Run this in a checkout of the repository, or make one: `git init -b main`.",
        )
    return os.fsdecode(done.stdout)


def _git(folder: Path, words: tuple[str, ...]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", *words],  # noqa: S607 (git of the user's PATH)
            cwd=folder,
            env=git_environment(os.environ),
            capture_output=True,
            check=False,
            timeout=_GIT_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise AdoptionError(
            "git is not installed", advice="Install git; a workflow belongs to a repository."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise AdoptionError(
            f"git did not answer within {_GIT_SECONDS} seconds in {folder}", advice="Look whether git works there."
        ) from error

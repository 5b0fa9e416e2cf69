"""Asks git about the checkout: it waits for no password, runs no hook of the user, and ends in time."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ci_toolkit.git_environment import git_environment

_SECONDS = 30.0
_FETCH_SECONDS = 120.0


class NoGitError(Exception):
    """git could not be run, or took too long; the message says why."""


def run_git(
    folder: Path,
    *arguments: str,
    seconds: float = _SECONDS,
    settings: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Return how git ended in ``folder``, within ``seconds``. Raises NoGitError.

    ``settings``, such as ``core.splitIndex=false``, and the environment's ``variables`` are for this call alone.
    """
    given = [word for setting in (f"core.hooksPath={os.devnull}", *settings) for word in ("-c", setting)]
    command = ["git", *given, *arguments]
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=git_environment(os.environ, **{"GIT_OPTIONAL_LOCKS": "0", **(variables or {})}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoGitError(str(error)) from error


def said_by_git(folder: Path, *arguments: str, seconds: float = _SECONDS) -> bytes | None:
    """Return what git prints, or None where it fails or cannot be run."""
    try:
        done = run_git(folder, *arguments, seconds=seconds)
    except NoGitError:
        return None
    return done.stdout if done.returncode == 0 else None


def bring(folder: Path, commit: str) -> bool:
    """Return whether ``commit`` is in the checkout, after a fetch from origin where it was not."""
    if has_commit(folder, commit):
        return True
    said_by_git(folder, "fetch", "--quiet", "--no-tags", "--depth=1", "origin", commit, seconds=_FETCH_SECONDS)
    return has_commit(folder, commit)


def has_commit(folder: Path, commit: str) -> bool:
    """Return whether ``commit`` is in the checkout around ``folder``."""
    return said_by_git(folder, "cat-file", "-e", f"{commit}^{{commit}}") is not None

"""A file of the checkout as another commit has it."""

import subprocess
from pathlib import Path

_GIT_SECONDS = 30.0
_FETCH_SECONDS = 120.0


class UnknownCommitError(LookupError):
    """A commit is not in the checkout, and origin does not give it."""


def file_at(folder: Path, commit: str, name: str) -> bytes | None:
    """Return the content of the file ``name`` of ``folder`` as ``commit`` has it; None where it has none.

    A commit that the checkout lacks is fetched. Raises UnknownCommitError where that does not help.
    """
    if not _has(folder, commit):
        _git(folder, "fetch", "--quiet", "--no-tags", "--depth=1", "origin", commit, seconds=_FETCH_SECONDS)
        if not _has(folder, commit):
            raise UnknownCommitError(commit)
    return _git(folder, "cat-file", "blob", f"{commit}:./{name}")


def _has(folder: Path, commit: str) -> bool:
    return _git(folder, "cat-file", "-e", f"{commit}^{{commit}}") is not None


def _git(folder: Path, *arguments: str, seconds: float = _GIT_SECONDS) -> bytes | None:
    """Return what git answers, or None where it fails."""
    try:
        done = subprocess.run(
            ["git", *arguments],  # noqa: S607 (git of the user's PATH)
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None

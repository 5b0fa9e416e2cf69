"""Brings what git does not track, such as what a build made, from the checkout into a work tree of it."""

import contextlib
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from ci_toolkit.suite.git import said_by_git

MOST_BYTES = 64 * 1024 * 1024
_NEVER = (".*/", "__pycache__/", "node_modules/")
_ENVIRONMENT = "pyvenv.cfg"


def copy_untracked(checkout: Path, tree: Path, *, before: float) -> None:
    """Copy the untracked files that were there and have not changed since ``before``, in seconds since the epoch.

    Caches, hidden folders and virtual environments stay behind, and what is too much for ``MOST_BYTES``.
    """
    left = MOST_BYTES
    for name in _untracked(checkout):
        with contextlib.suppress(OSError):  # what cannot be read or has just gone
            found = (checkout / name).lstat()
            is_file = stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode)
            # The time of a change of the inode is the kernel's: a copy that keeps its old time is new all the same.
            if is_file and found.st_ctime < before and found.st_size <= left:
                left -= found.st_size
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(checkout / name, tree / name, follow_symlinks=False)


def _untracked(checkout: Path) -> Iterator[str]:
    excluded = [f"--exclude={pattern}" for pattern in _NEVER]
    said = said_by_git(checkout, "ls-files", "--others", "-z", *excluded) or b""
    names = [name for name in said.decode("utf-8", "surrogateescape").split("\0") if name]
    environments = tuple(name.removesuffix(_ENVIRONMENT) for name in names if name.endswith(f"/{_ENVIRONMENT}"))
    return (name for name in names if not name.startswith(environments))

"""Writes files so that a reader, or a crash, never meets half of one; opens those that somebody else may have made."""

import os
import stat
import tempfile
from pathlib import Path
from typing import BinaryIO

from ci_toolkit.errors import FormatError


def replace_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write ``data`` under a temporary name beside ``path``, then rename it there."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def open_regular(path: Path) -> BinaryIO:
    """Open a plain file to read. Raises FormatError for a link, a pipe, a device; OSError where it cannot be read."""
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise FormatError(f"{path} is not a plain file")
    return file


STATE_FOLDER = ".ci-toolkit"
"""Where results, reports and history go unless told otherwise."""


_LOOK_AWAY = {
    ".gitignore": b"# made by ci-toolkit\n*\n",
    # A suite that sets `norecursedirs` lets pytest into folders that begin with a dot: reports and copies of sources
    # are no tests of it.
    "conftest.py": b'# made by ci-toolkit\ncollect_ignore_glob = ["*"]\n',
}


def make_folder(path: Path) -> Path:
    """Make the folder ``path``; our own state folder above it tells git and pytest to look away. Returns ``path``."""
    path.mkdir(parents=True, exist_ok=True)
    for folder in (path, *path.parents):
        if folder.name == STATE_FOLDER:
            for name, content in _LOOK_AWAY.items():
                if not (folder / name).exists():
                    replace_file(folder / name, content)
    return path

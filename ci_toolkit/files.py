"""Writes files so that a reader, or a crash, never meets half of one."""

import os
import tempfile
from pathlib import Path


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


STATE_FOLDER = ".ci-toolkit"
"""Where results, reports and history go unless told otherwise."""


def make_folder(path: Path) -> Path:
    """Make the folder ``path``; our own state folder above it tells git to look away. Returns ``path``."""
    path.mkdir(parents=True, exist_ok=True)
    for folder in (path, *path.parents):
        if folder.name == STATE_FOLDER and not (folder / ".gitignore").exists():
            replace_file(folder / ".gitignore", b"# made by ci-toolkit\n*\n")
    return path

"""In pytest: which files of the project's own this process has executed, so that shards can be compared."""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from ci_toolkit.model.journal import Executed

_NOT_OURS = {"site-packages", "dist-packages"}
"""Folders of installed packages: a virtual environment can lie in the project."""


def executed_sources(root: str, since: float) -> Executed:
    """Return the modules below ``root`` that were imported, each with the SHA-256 of its file.

    Files that were written after ``since`` (epoch seconds) are left out: the tests made them.
    """
    return Executed(files=tuple(sorted(_digests(root, since))))


def _digests(root: str, since: float) -> Iterator[tuple[str, str]]:
    below = root.rstrip(os.sep) + os.sep
    seen = set()
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if not isinstance(path, str) or not path.startswith(below) or path in seen:
            continue
        seen.add(path)
        relative = path.removeprefix(below)
        if _NOT_OURS.isdisjoint(Path(relative).parts):
            digest = _digest(Path(path), since)
            if digest:
                yield relative, digest


def _digest(path: Path, since: float) -> str:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mtime > since:
                return ""
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""  # the tests took it away

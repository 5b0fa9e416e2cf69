"""In pytest: which files of the project's own this process has executed, so that shards can be compared."""

import hashlib
import os
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from ci_toolkit.model.journal_end import Executed
from ci_toolkit.suite.originals import Originals

_NOT_OURS = {"site-packages", "dist-packages"}
"""Folders of installed packages: a virtual environment can lie in the project."""
_NAMES: Any = vars(ModuleType)["__dict__"]
"""Returns a module's dictionary, whatever its class makes of attributes."""


def executed_sources(root: str, since: float) -> Executed:
    """Return the modules below ``root`` that were imported, each with the SHA-256 of its file.

    Files that were written after ``since`` (epoch seconds) are left out: the tests made them.
    """
    return Executed(files=tuple(sorted(_digests(root, since))))


def _digests(root: str, since: float) -> Iterator[tuple[str, str]]:
    below = root.rstrip("/") + "/"
    seen = set()
    for module in list(sys.modules.values()):
        path = _file_of(module)
        if not isinstance(path, str) or not path.startswith(below) or path in seen:
            continue
        seen.add(path)
        relative = path.removeprefix(below)
        if _NOT_OURS.isdisjoint(relative.split("/")):
            digest = _Source.digest(path, since)
            if digest:
                yield relative, digest


def _file_of(module: object) -> object:
    # Not by the module's own attributes: one that loads itself lazily would do so now. Nor by isinstance: what stands
    # among the modules may say that it is one, and has no such dictionary (cffi's libraries).
    return _NAMES.__get__(module).get("__file__") if issubclass(type(module), ModuleType) else None


class _Source:
    """Reads a file by what no test has patched: some of their patches outlive them."""

    _sha256 = staticmethod(hashlib.sha256)
    _READ_ONLY = os.O_RDONLY | os.O_CLOEXEC
    _CHUNK_BYTES = 1024 * 1024

    @classmethod
    def digest(cls, path: str, since: float) -> str:
        """Return the digest of the file, or ``""`` if it is newer than ``since`` or is gone."""
        try:
            descriptor = Originals.open(path, cls._READ_ONLY)
        except OSError:
            return ""  # the tests took it away
        try:
            if Originals.fstat(descriptor).st_mtime > since:
                return ""
            found = cls._sha256()
            while chunk := Originals.read(descriptor, cls._CHUNK_BYTES):
                found.update(chunk)
            return found.hexdigest()
        except OSError:
            return ""
        finally:
            Originals.close(descriptor)

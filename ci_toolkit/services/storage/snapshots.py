"""Snapshots of data directories, keyed by all that decides what is in them, copied for every session."""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ci_toolkit.services.errors import DiskFullError
from ci_toolkit.services.storage.copying import copy_tree
from ci_toolkit.services.storage.folders import own_folder, remove_folder

_KEPT: Final = 6
"""How many snapshots stay, the last used ones."""


def digest(*facts: str) -> str:
    """Return a key that is another one as soon as one of ``facts`` is."""
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:24]


class Snapshots:
    """The snapshots in one cache folder, as one session uses them."""

    def __init__(self, cache: Path, session: str) -> None:
        self._folder = own_folder(own_folder(cache) / "snapshots")
        self._partial = partial_folder(cache, session)

    def obtain(self, key: str, target: Path, build: Callable[[], None], *, is_fresh: bool) -> bool:
        """Put the snapshot ``key`` at ``target``, which ``build`` makes and leaves there if there is none.

        Returns whether there was one. ``is_fresh`` has it made anew. Two sessions never make the same one at once.
        """
        with self._locked(key) as lock:
            stored = self._folder / key
            if stored.exists() and not is_fresh:
                fcntl.flock(lock, fcntl.LOCK_SH)
                os.utime(stored)
                copy_tree(stored, target)
                return True
            build()
            self._store(target, stored)
            return False

    def _store(self, data: Path, stored: Path) -> None:
        """Put a copy of ``data`` in the cache; whoever is killed on the way leaves no half of a snapshot."""
        try:
            self._partial.mkdir(mode=0o700)
            copy_tree(data, self._partial / "new")
            self._discard(stored)
            (self._partial / "new").rename(stored)
            self._discard_unused()
        except DiskFullError:
            return  # the session has its data; the next one makes the snapshot again
        finally:
            remove_folder(self._partial)

    def _discard(self, stored: Path) -> None:
        """Take a snapshot out of the cache at once; what is taken out goes with the session's partial folder."""
        if stored.exists():
            stored.rename(self._partial / f"old-{stored.name}")

    @contextmanager
    def _locked(self, key: str, *, may_wait: bool = True) -> Iterator[int]:
        descriptor = os.open(self._folder / f"{key}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if may_wait else fcntl.LOCK_NB))
            yield descriptor
        finally:
            os.close(descriptor)

    def _discard_unused(self) -> None:
        """Remove all but the last used snapshots; one that is being copied stays."""
        stored = [entry for entry in self._folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
        for entry in sorted(stored, key=lambda path: path.stat().st_mtime, reverse=True)[_KEPT:]:
            try:
                with self._locked(entry.name, may_wait=False):
                    self._discard(entry)
            except BlockingIOError:
                continue


def partial_folder(cache: Path, session: str) -> Path:
    """Return where ``session`` writes a snapshot that is not yet whole."""
    return cache / "snapshots" / f".{session}"

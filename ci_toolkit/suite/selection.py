"""In pytest: which of the collected tests are this shard's to run, now."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from ci_toolkit.model.node_id import suffix_below
from ci_toolkit.model.plan import PieceOf
from ci_toolkit.model.task import ShardTask

FileDigest = tuple[int, str]
"""How many tests a whole file holds, and the SHA-256 of their sorted names."""


def file_of(node: pytest.Item | pytest.Collector) -> pytest.File | None:
    """Return the file that ``node`` is in or is."""
    return node.getparent(pytest.File)  # type: ignore[type-abstract]  # asked for by its base class


def owned_files(task: ShardTask) -> set[str]:
    """Return the absolute paths of the shard's files."""
    return {os.path.normpath(Path(task.root) / path) for path in task.pieces}


def owned_folders(files: Iterable[str]) -> set[str]:
    """Return every folder above ``files``."""
    return {str(folder) for file in files for folder in Path(file).parents}


def address(item: pytest.Item) -> tuple[str, str]:
    """Return the path of the file that ``item`` was collected from, and the rest of its node id."""
    file = file_of(item)
    path = file.nodeid if file is not None else item.nodeid.partition("::")[0]
    return path, suffix_below(path, item.nodeid)


class Selection:
    """Filters a shard's items: its pieces of cut files, less what earlier processes finished."""

    def __init__(self, task: ShardTask) -> None:
        self._pieces = task.pieces
        self._piece_of = {cut.path: PieceOf(cut) for cut in task.cuts}
        self._finished = Counter({(test.path, test.suffix): test.times for test in task.finished})
        self.digests: dict[str, FileDigest] = {}

    def keep(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """Return the items that are to run, and remember the digest of each whole file that is cut."""
        addressed = [(address(item), item) for item in items]
        self._remember_cut_files(found for found, _ in addressed)
        finished = Counter(self._finished)
        kept = []
        for (path, suffix), item in addressed:
            if not self._is_ours(path, suffix):
                continue
            if finished[path, suffix] > 0:
                finished[path, suffix] -= 1
                continue
            kept.append(item)
        return kept

    def _is_ours(self, path: str, suffix: str) -> bool:
        piece = self._pieces.get(path)
        if piece is None:
            return False
        return piece == 0 or self._piece_of[path](suffix) == piece

    def _remember_cut_files(self, found: Iterable[tuple[str, str]]) -> None:
        names: dict[str, list[str]] = {path: [] for path in self._piece_of}
        for path, suffix in found:
            if path in names:
                names[path].append(suffix)
        for path, suffixes in names.items():
            text = "\0".join(sorted(suffixes)).encode("utf-8", "backslashreplace")
            self.digests[path] = (len(suffixes), hashlib.sha256(text).hexdigest())

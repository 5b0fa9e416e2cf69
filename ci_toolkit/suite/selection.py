"""In pytest: which of the collected tests are this shard's to run, now."""

import hashlib
import os
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from ci_toolkit.model.node_id import function_of, suffix_below
from ci_toolkit.model.plan import PieceOf
from ci_toolkit.model.record import escape_surrogates, restore_surrogates
from ci_toolkit.model.task import ShardTask
from ci_toolkit.suite.owners import name_of, owner_of

_OWNER: pytest.StashKey[str] = pytest.StashKey()
"""Of a collector, the path of the file that its tests are in."""


class WholeFile(NamedTuple):
    """What a process saw of a whole file of which it runs a piece; `FileCollected` says what each means."""

    piece_total: int
    claims_digest: str
    ids_digest: str


_NOT_CUT = WholeFile(0, "", "")


def owned_files(task: ShardTask) -> set[str]:
    """Return the absolute paths of the shard's files."""
    root = Path(restore_surrogates(task.root))
    places = dict(task.places)
    return {os.path.normpath(root / restore_surrogates(places.get(path, path))) for path in task.pieces}


def owned_folders(files: Iterable[str]) -> set[str]:
    """Return every folder above ``files``."""
    return {str(folder) for file in files for folder in Path(file).parents}


def path_of(item: pytest.Item) -> str:
    """Return the path of the file, or what stands for one, that ``item`` is in."""
    parent = item.parent
    path = None if parent is None else parent.stash.get(_OWNER, None)
    if path is None:
        owner = owner_of(item) or item
        path = name_of(owner)
        if parent is not None and owner is not item:  # so it is for all that the parent collects
            parent.stash[_OWNER] = path
    return path


def address(item: pytest.Item) -> tuple[str, str]:
    """Return the path of the file, or what stands for one, that ``item`` is in, and the rest of its node id."""
    path = path_of(item)
    return path, suffix_below(path, escape_surrogates(item.nodeid))


class ForeignFiles:
    """Keeps pytest from importing what other shards run, where a folder's own collector asks nobody what to ignore."""

    def __init__(self, pieces: Collection[str]) -> None:
        self._pieces = pieces

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> pytest.CollectReport | None:
        """Pretend that a file of another shard is empty."""
        owner = owner_of(collector)
        if owner is not collector or name_of(owner) in self._pieces:
            return None
        return pytest.CollectReport(collector.nodeid, "passed", None, [])


class Selection:
    """Filters a shard's items: its pieces of cut files, less what earlier processes finished."""

    _sha256 = staticmethod(hashlib.sha256)  # bound: a test module may replace it at its import

    def __init__(self, task: ShardTask) -> None:
        self._pieces = task.pieces
        self._piece_of = {cut.path: PieceOf(cut) for cut in task.cuts}
        self._finished = Counter({(test.path, test.suffix): test.times for test in task.finished})
        self._whole_files: dict[str, WholeFile] = {}
        self.collected: Counter[str] = Counter()
        """By file, how many tests pytest collected: of the whole file, where we run a piece."""

    def ours(self, items: Iterable[pytest.Item]) -> list[pytest.Item]:
        """Return the items of our pieces, and remember what each whole file that is cut holds."""
        kept = []
        cut: dict[str, list[str]] = {path: [] for path in self._piece_of}
        for item in items:  # goes over every test of whole files, however few are ours
            path = path_of(item)
            piece = self._pieces.get(path)
            self.collected[path] += 1
            if piece:
                suffix = address(item)[1]
                cut[path].append(suffix)
                if self._piece_of[path](suffix) == piece:
                    kept.append(item)
            elif piece is not None:
                kept.append(item)
        for path, suffixes in cut.items():
            self._whole_files[path] = self._account_for(suffixes, self._piece_of[path], self._pieces[path])
        return kept

    def unfinished(self, items: Collection[pytest.Item]) -> list[pytest.Item]:
        """Return ``items`` without those that earlier processes finished."""
        if not self._finished:
            return list(items)
        finished = Counter(self._finished)
        kept = []
        for item in items:
            found = address(item)
            if finished[found] > 0:
                finished[found] -= 1
            else:
                kept.append(item)
        return kept

    def whole_file(self, path: str) -> WholeFile:
        """Return what the whole of ``path`` holds, where it is cut."""
        return self._whole_files.get(path, _NOT_CUT)

    def _account_for(self, suffixes: Collection[str], piece_of: PieceOf, ours: int) -> WholeFile:
        # What the cut does not name belongs to one piece by its place in the file, under whatever name: it is counted.
        named = {piece_of.name_of(suffix) for suffix in suffixes} - {""}
        unnamed = {(piece_of(suffix), function_of(suffix)) for suffix in suffixes if not piece_of.name_of(suffix)}
        others = Counter(piece for piece, _ in unnamed)
        return WholeFile(
            piece_total=sum(1 for suffix in suffixes if piece_of(suffix) == ours),
            claims_digest=self._digest(
                [*sorted(named), *(f"{n} more in {piece}" for piece, n in sorted(others.items()))]
            ),
            ids_digest=self._digest(sorted(suffixes)),
        )

    def _digest(self, names: Iterable[str]) -> str:
        return self._sha256("\0".join(names).encode()).hexdigest()


class Changes:
    """Counts, by file, what plugins and conftest files did to the collected tests."""

    def __init__(self) -> None:
        self.deselected: Counter[str] = Counter()
        self.removed: Counter[str] = Counter()
        """Taken out without a word."""
        self.added: Counter[str] = Counter()
        self._announced: list[pytest.Item] = []

    def announce(self, items: Iterable[pytest.Item]) -> None:
        """Note what pytest was told is deselected."""
        self._announced += items

    def compare(self, before: Iterable[pytest.Item], after: Iterable[pytest.Item]) -> None:
        """Count what became of the tests ``before``, of which the tests ``after`` are left."""
        # By identity: items may be equal to others, and names may be shared.
        gone = {id(item): item for item in before}
        for item in after:
            if gone.pop(id(item), None) is None:
                self.added[path_of(item)] += 1
        announced = {id(item) for item in self._announced}
        for key, item in gone.items():
            (self.deselected if key in announced else self.removed)[path_of(item)] += 1
        self._announced.clear()  # they can be many, and nobody asks for them again

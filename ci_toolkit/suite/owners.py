"""In pytest: what of the collection tree a plan gives to a shard, and where it lies on the disk.

The owner of a test is the outermost node below the folders: nearly always its file, but a plugin may also make
collectors that are no files, files within files, and tests directly below a folder. Its node id names it in the
plan; that is not a path where the tests lie outside pytest's root, or where the node is no file.
"""

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from ci_toolkit.model.record import escape_surrogates

Node = pytest.Item | pytest.Collector


def owner_of(node: Node) -> Node | None:
    """Return the outermost node below the folders that ``node`` is in or is; None for a folder or the session."""
    owner = None
    for above in node.iter_parents():
        if isinstance(above, pytest.Session | pytest.Directory):
            break
        owner = above
    return owner  # type: ignore[return-value]  # iter_parents yields collectors, and the item itself


def name_of(owner: Node) -> str:
    """Return the node id of ``owner`` as records have it."""
    return escape_surrogates(owner.nodeid)


class Places:
    """Notes, while pytest collects, for which file each collector was made."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._made_for: dict[int, tuple[pytest.Collector, Path]] = {}
        """By identity. The collectors are kept, so that no identity is used again."""

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(self, file_path: Path) -> Generator[None, Any, Any]:
        """Note the file of what a plugin makes of it: a collector that is no File does not know it."""
        made = yield
        for collector in _collectors(made):
            self._made_for[id(collector)] = (collector, file_path)
        return made

    def of(self, owner: Node) -> str:
        """Return where ``owner`` lies, relative to the root, or ``""`` where its node id says that already."""
        path = self._made_for[id(owner)][1] if id(owner) in self._made_for else owner.path
        place = escape_surrogates(os.path.relpath(path, self._root).replace(os.sep, "/"))
        return "" if place == name_of(owner) else place


def _collectors(made: Any) -> list[pytest.Collector]:
    several = made if isinstance(made, list | tuple) else [made]
    flat = [one for some in several for one in (some if isinstance(some, list | tuple) else [some])]
    return [one for one in flat if isinstance(one, pytest.Collector)]

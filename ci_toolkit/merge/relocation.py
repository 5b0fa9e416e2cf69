"""Moves coverage data from the folder in which a shard ran to the one in which shards are merged."""

import os
from collections.abc import Mapping
from pathlib import Path

from coverage import CoverageData

from ci_toolkit.model.record import Record


class Relocation(Record, frozen=True, kw_only=True):
    """From a shard's folder to ours: runners, containers and machines check out where they like."""

    there: str
    """Where the shard ran pytest, an absolute path by its own word; ``""`` is unknown."""
    here: str
    """The folder of the same project on this machine."""

    @property
    def is_needed(self) -> bool:
        """Whether names of files have to change."""
        return Path(self.there).is_absolute() and os.path.normpath(self.there) not in {self.here, os.sep}

    def place(self, name: str) -> str:
        """Return where the measured file ``name`` is here; a relative name, and one of neither folder, stays.

        What lies beside the shard's folder, as in a repository of several projects, moves along if it is here.
        """
        if not self.is_needed or not Path(name).is_absolute() or "\0" in name:
            return name
        moved = os.path.normpath(Path(self.here) / os.path.relpath(name, self.there))
        if Path(os.path.normpath(name)).is_relative_to(os.path.normpath(self.there)):
            return moved
        return moved if Path(moved).exists() and not Path(name).exists() else name

    def move(self, data: Path, into: Path, elsewhere: Mapping[str, str]) -> Path:
        """Return ``data``, or a copy in the folder ``into`` with the names of this machine.

        ``elsewhere`` says of files that are not here where a copy of each is. Raises CoverageException where the data
        cannot be read.
        """
        if not self.is_needed and not elsewhere:
            return data
        original = CoverageData(basename=str(data))
        original.read()
        moved = CoverageData(basename=str(into / f"{len(list(into.iterdir()))}.coverage"))
        moved.update(original, map_path=lambda name: elsewhere.get(place := self.place(name), place))
        moved.close()
        return Path(moved.data_filename())

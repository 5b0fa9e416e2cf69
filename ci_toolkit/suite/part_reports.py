"""In pytest: finds report files that options of plugins unknown to us name, when the process has written them.

A shard's part in the place of the whole would mislead, so a new file moves into the bundle. The supervisor reads what
became of them.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from ci_toolkit.errors import FormatError
from ci_toolkit.files import make_folder, open_regular, replace_file
from ci_toolkit.model.own_settings import OwnReport
from ci_toolkit.model.record import encode

_SELECTING = frozenset({"file_or_dir", "keyword", "markexpr", "deselect"})
"""The attributes of pytest's options that say what to run: they name no file to write."""
_LONGEST_PATH = 4096
_LARGEST_LIST = 1024 * 1024
"""Bytes: more options name no files."""
_State = tuple[int, int, int]
"""Inode, size in bytes, time of the last change in ns: another one, and the file was written."""


class PartReports:
    """The files that options name, as they were before any plugin wrote one."""

    def __init__(self, options: Mapping[str, Any], here: Path, folder: Path, *, since: float) -> None:
        """``options`` is pytest's, by attribute, and ``here`` the folder from which they name files.

        ``folder`` takes the new files: made since ``since``, in epoch seconds, by us or a shard beside us.
        """
        self._since = since
        self._here = here
        self._folder = folder
        named = {os.path.normpath(self._here / path): option for option, path in _named(options)}
        own = f"{folder}{os.sep}"
        self._before = {
            path: (option, _state(path)) for path, option in sorted(named.items()) if not path.startswith(own)
        }

    def put_away(self) -> None:
        """Move each file that has come into the folder, and list it, and what has changed. For the very end."""
        found = [
            OwnReport(
                option=option, path=os.path.relpath(path, self._here), is_overwritten=not self._move(path, before)
            )
            for path, (option, before) in self._before.items()
            if _state(path) not in {None, before}
        ]
        if found:
            replace_file(make_folder(self._folder).with_suffix(".json"), encode(found))

    def _move(self, path: str, before: _State | None) -> bool:
        if before is not None and before[-1] < self._since * 1e9:  # it may hold more than a report
            return False
        try:
            shutil.move(path, make_folder(self._folder) / Path(path).name)
        except OSError:  # another shard beside this one was quicker, or there is no room
            return not Path(path).exists()
        return True


def written_parts(folder: Path) -> tuple[OwnReport, ...]:
    """Return what the processes of a shard listed in ``folder``; a list that a test made or damaged says nothing."""
    return tuple(dict.fromkeys(report for path in sorted(folder.glob("*.json")) for report in _listed(path)))


def _listed(path: Path) -> tuple[OwnReport, ...]:
    try:
        with open_regular(path) as file:
            return msgspec.json.decode(file.read(_LARGEST_LIST), type=tuple[OwnReport, ...])
    except (OSError, FormatError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()


def _named(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for attribute, value in options.items():
        if attribute in _SELECTING:
            continue
        several = value if isinstance(value, list | tuple) else [value]
        for one in several:
            text = str(one) if isinstance(one, str | Path) else ""
            if text and "\0" not in text and len(text) < _LONGEST_PATH:
                yield f"--{attribute.replace('_', '-')}", text


def _state(path: str) -> _State | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns) if os.path.isfile(path) else None  # noqa: PTH113

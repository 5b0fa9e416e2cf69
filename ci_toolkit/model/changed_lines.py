"""Which lines a change wrote, as git's diff without context says."""

import re
from collections.abc import Iterator, Mapping

from ci_toolkit.model.record import Record

Span = tuple[int, int]
"""The first and the last of lines that follow each other, from 1."""
LAST_LINE = 2**31 - 1
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_QUOTED = re.compile(rb"\\([abfnrtv\"\\]|[0-7]{3})")
_ESCAPES = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_NEW_FILE = b"+++ "


class ChangedFile(Record, frozen=True, kw_only=True):
    """What a change did in one file that is still there."""

    written: tuple[Span, ...] = ()
    """Lines that are new or other than before."""
    cut: tuple[int, ...] = ()
    """Lines behind which others were taken out; 0 is the top of the file."""

    def has_written(self, line: int) -> bool:
        """Whether the change wrote ``line``."""
        return any(first <= line <= last for first, last in self.written)

    def touches(self, line: int) -> bool:
        """Whether the change wrote ``line``, or took something out next to it."""
        return self.has_written(line) or any(line in {cut, cut + 1} for cut in self.cut)


class ChangedLines(Record, frozen=True, kw_only=True):
    """What a change did in each file. A file that only moved, or lost its mode, is none of them."""

    base: str = ""
    """The commit since which it did so."""
    files: Mapping[str, ChangedFile] = {}
    """Path, relative to the project's folder, to what changed; ``../`` begins what lies beside the folder."""
    gone: tuple[str, ...] = ()
    """Files that are not there any more, or not under the name that they had: paths as in ``files``."""
    unknown: str = ""
    """Why nobody can say what changed, or ``""``."""


class LinesOfFile(Record, frozen=True, kw_only=True):
    """Lines of a file in which changed statements follow each other, from 1."""

    path: str
    first: int
    last: int

    @property
    def place(self) -> str:
        """Where they are, such as ``shop/pay.py:12-14``."""
        return f"{self.path}:{self.first}" + (f"-{self.last}" if self.last != self.first else "")


def read_diff(diff: bytes) -> dict[str, ChangedFile]:
    """Return path to what changed of ``git diff --unified=0 --text --dst-prefix=b/``. Paths are from the top.

    A line of a file that looks like a header of the diff is none, for hunks say how many lines they have.
    """
    files: dict[str, ChangedFile] = {}
    path = ""
    lines = iter(diff.split(b"\n"))
    for line in lines:
        hunk = _HUNK.match(line)
        if hunk:
            removed, first, added = int(hunk[1] or 1), int(hunk[2]), int(hunk[3] or 1)
            for _ in range(removed + added):
                _skip_line(lines)
            if path:
                files[path] = _with_hunk(files.get(path, ChangedFile()), first, added)
        elif line.startswith(_NEW_FILE):
            path = _path(line.removeprefix(_NEW_FILE))
    return files


def _skip_line(lines: Iterator[bytes]) -> None:
    if next(lines, b"").startswith(b"\\"):  # "\ No newline at end of file" stands after a line and is none
        next(lines, b"")


def _with_hunk(file: ChangedFile, first: int, added: int) -> ChangedFile:
    if added:
        return ChangedFile(written=(*file.written, (first, first + added - 1)), cut=file.cut)
    return ChangedFile(written=file.written, cut=(*file.cut, first))


def _path(name: bytes) -> str:
    # git ends a name with blanks by a tab, and quotes one with unusual characters as C does.
    name = name.removesuffix(b"\t")
    if name.startswith(b'"'):
        name = _QUOTED.sub(_unquoted, name[1:-1])
    return name.removeprefix(b"b/").decode("utf-8", "surrogateescape") if name.startswith(b"b/") else ""


def _unquoted(found: re.Match[bytes]) -> bytes:
    code = found[1]
    return bytes([int(code, 8)]) if code.isdigit() else _ESCAPES.get(code, code)

"""An artifact that a stranger's job made: one file of it is read, in memory, and nothing is unpacked."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from ci_toolkit.errors import FormatError

LARGEST_ARCHIVE = 64 * 1024 * 1024
"""Bytes of an artifact, compressed."""
_PLAIN_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""What GitHub's action writes; the others take memory by a number that stands in the archive."""
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def file_in(archive: BinaryIO, name: str, largest: int) -> bytes:
    """Return the content of the file ``name`` at the top of a zip archive.

    Raises FormatError where there is none or there are two, where it has more than ``largest`` bytes, and where the
    archive is damaged or holds anything that would leave its folder: such an archive was made to do harm.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            wrong = next(_wrong_entries(opened), "")
            if wrong:
                raise FormatError(f"the artifact holds {wrong}, so nothing of it is read")
            return _content(opened, name, largest)
    except _BROKEN as error:
        raise FormatError(f"the artifact is not a zip archive that can be read: {error}") from error


def _wrong_entries(opened: zipfile.ZipFile) -> Iterator[str]:
    for entry in opened.infolist():
        shown = repr(entry.orig_filename[:100])
        path = PurePosixPath(entry.orig_filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in entry.orig_filename or "\0" in entry.orig_filename:
            yield f"the name {shown}, which leads out of its folder"
        mode = entry.external_attr >> 16
        if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
            yield f"a link or a device, {shown}"
        if entry.flag_bits & 1 or entry.compress_type not in _PLAIN_METHODS:
            yield f"{shown}, which is encrypted or packed in an unusual way"


def _content(opened: zipfile.ZipFile, name: str, largest: int) -> bytes:
    entries = [entry for entry in opened.infolist() if entry.filename == name]
    if len(entries) != 1:
        raise FormatError(f"the artifact holds {len(entries) or 'no'} file{'s' * (len(entries) > 1)} {name}")
    with opened.open(entries[0]) as file:
        data = file.read(largest + 1)  # what its header says of its size is the stranger's word
    if len(data) > largest:
        raise FormatError(f"{name} in the artifact is larger than {largest} bytes, which no verdict is")
    return data

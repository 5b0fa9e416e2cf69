"""Keeps the files that tests hand over, within limits, and journals what each is."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable
from typing import Final

import pytest

from ci_toolkit.model.attachment import (
    LARGEST_ATTACHMENT,
    LONGEST_NAME,
    MOST_OF_A_TEST,
    Attachment,
    ending_of,
    media_type_of,
)
from ci_toolkit.suite.originals import Originals

MOST_OF_A_PROCESS: Final = 500
MOST_BYTES: Final = 200 * 1024 * 1024
"""Of one process, all its files together."""
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Attachments:
    """The files of one process's tests. A file's name is ours: what a test calls it is data."""

    def __init__(self, folder: str, mark: str, write: Callable[[Attachment], object]) -> None:
        """``mark`` begins each file's name; ``write`` hears of each attachment. No ``folder`` keeps none."""
        self.folder = folder
        self._mark = mark
        self._write = write
        self._owner = Originals.getpid()
        self._of_tests: Counter[str] = Counter()
        self._files = 0
        self._bytes = 0

    def keep(self, data: bytes, name: str, *, test: str) -> Attachment:
        """Keep ``data``, which the test with the node id ``test`` calls ``name``."""
        attachment = Attachment(name=name[:LONGEST_NAME], media_type=media_type_of(data), size=len(data))
        why_not = self._over_a_limit(len(data), test)
        if why_not:
            return self.leave_out(attachment.name, why_not)
        path = f"{self._mark}{self._files + 1}.{ending_of(attachment.media_type)}"
        try:
            _write_new(f"{self.folder}/{path}", data)
        except OSError as error:
            return self.leave_out(attachment.name, error.strerror or str(error))
        self._of_tests[test] += 1
        self._files += 1
        self._bytes += len(data)
        kept = Attachment(
            name=attachment.name,
            path=path,
            media_type=attachment.media_type,
            size=attachment.size,
            sha256=hashlib.sha256(data).hexdigest(),
        )
        self._write(kept)
        return kept

    def leave_out(self, name: str, why_not: str) -> Attachment:
        """Say that there would be an attachment, and why there is none."""
        attachment = Attachment(name=name[:LONGEST_NAME], why_not=why_not)
        self._write(attachment)
        return attachment

    def _over_a_limit(self, size: int, test: str) -> str:
        if not self.folder:
            return "nobody keeps the files of this run"
        if Originals.getpid() != self._owner:
            return "a process that the test forked keeps nothing"
        if size > LARGEST_ATTACHMENT:
            return f"it has {size} bytes, and {LARGEST_ATTACHMENT} may be kept"
        if self._of_tests[test] >= MOST_OF_A_TEST:
            return f"{MOST_OF_A_TEST} files of this test are kept already"
        if self._files >= MOST_OF_A_PROCESS or self._bytes + size > MOST_BYTES:
            return f"{self._files} files of {self._bytes} bytes are kept already"
        return ""


ATTACHMENTS: Final[pytest.StashKey[Attachments]] = pytest.StashKey()
"""Where pytest's configuration has those of a shard's process."""


def _write_new(path: str, data: bytes) -> None:
    descriptor = Originals.open(path, _NEW_FILE, 0o644)
    try:
        sent = 0
        while sent < len(data):
            sent += Originals.write(descriptor, data[sent:])
    finally:
        Originals.close(descriptor)

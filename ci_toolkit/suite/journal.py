"""Appends records to a journal file so that a crash at any moment leaves every earlier record whole."""

import os
from pathlib import Path

from ci_toolkit.model.journal import JournalRecord
from ci_toolkit.model.record import encode


class JournalWriter:
    """One process's journal file. Every record is one write to the file, so SIGKILL cannot lose a buffer.

    A process forked by a test has a copy of this object and writes nothing. After a failed write (a full
    disk) the half-written record is taken back, ``failure`` says what happened, and nothing more is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failure: OSError | None = None
        self._owner = os.getpid()
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._length = os.fstat(self._descriptor).st_size

    def write(self, record: JournalRecord) -> bool:
        """Append ``record``; return whether it is safely in the file."""
        if self.failure is not None or os.getpid() != self._owner:
            return False
        line = encode(record) + b"\n"
        try:
            written = os.write(self._descriptor, line)
            while written < len(line):
                written += os.write(self._descriptor, line[written:])
        except OSError as error:
            self.failure = error
            os.ftruncate(self._descriptor, self._length)
            return False
        self._length += len(line)
        return True

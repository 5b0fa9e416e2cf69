"""Appends records to a journal file so that a crash at any moment leaves every earlier record whole."""

import errno
import os
from pathlib import Path

from ci_toolkit.model.journal import JournalRecord, Phase
from ci_toolkit.model.record import encode, restore_surrogates
from ci_toolkit.model.task import ShardTask
from ci_toolkit.suite.originals import Originals
from ci_toolkit.suite.recording_marker import RecordingMarker

_Identity = tuple[int, int]
"""Device and inode: which file it is, whatever descriptor or name leads to it."""


class JournalWriter:
    """One process's journal file. Every record is one write to the file, so SIGKILL cannot lose a buffer.

    A process forked by a test has a copy of this object and writes nothing. Tests may close the descriptor and open
    files of their own under its number: before each write it is looked at, and opened anew if it is not ours any more.
    After a failed write (a full disk) the half-written record is taken back, ``failure`` says what happened, the
    ``marker`` is told, and nothing more is written.
    """

    _encode = staticmethod(encode)
    _GONE = (errno.ENOENT, os.strerror(errno.ENOENT))
    _APPEND = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    _CREATE = os.O_CREAT

    def __init__(self, path: Path, marker: RecordingMarker | None = None) -> None:
        self.path = path
        self.failure: OSError | None = None
        self._text = str(path)
        self._marker = marker
        self._owner = Originals.getpid()
        self._descriptor = -1
        self._identity: _Identity = (0, 0)
        self._length = 0
        try:
            self._descriptor = Originals.open(self._text, self._APPEND | self._CREATE, 0o644)
            found = Originals.fstat(self._descriptor)
        except OSError as error:
            self._fail(error)
        else:
            self._identity = (found.st_dev, found.st_ino)
            self._length = found.st_size

    def write(self, record: JournalRecord) -> bool:
        """Append ``record``; return whether it is safely in the file."""
        if self.failure is not None or Originals.getpid() != self._owner:
            return False
        line = self._encode(record) + b"\n"
        try:
            if type(record) is not Phase or not self._ends_as_we_left_it():
                self._make_sure_it_is_ours()
            self._write_whole(line)
        except OSError as error:
            self._fail(error)
            return False
        return True

    def _ends_as_we_left_it(self) -> bool:
        # Asked before most records, for it costs a fifth of a look at which file it is; the start of a test gets that.
        try:
            return Originals.pread(self._descriptor, 2, self._length - 1) == b"\n"
        except OSError:
            return False

    def _make_sure_it_is_ours(self) -> None:
        """Make the descriptor one of our file, and the file end with a whole line. Raises OSError if it is gone."""
        try:
            found = Originals.fstat(self._descriptor)
        except OSError:
            found = None
        if found is None or (found.st_dev, found.st_ino) != self._identity:
            # Not closed: by its number it is a test's own file by now.
            self._descriptor = Originals.open(self._text, self._APPEND)
            found = Originals.fstat(self._descriptor)
            if (found.st_dev, found.st_ino) != self._identity:
                Originals.close(self._descriptor)
                raise OSError(*self._GONE)
        if not found.st_nlink:  # what is written into a removed file, nobody reads
            raise OSError(*self._GONE)
        if found.st_size != self._length:  # somebody else wrote into it, or an exception of a signal cut our last line
            self._length = found.st_size
            if self._length and Originals.pread(self._descriptor, 1, self._length - 1) != b"\n":
                self._write_whole(b"\n")

    def _write_whole(self, data: bytes) -> None:
        sent = 0
        try:
            while rest := data[sent:]:
                sent += Originals.write(self._descriptor, rest)
        except OSError:
            Originals.ftruncate(self._descriptor, self._length)
            raise
        self._length += sent

    def _fail(self, error: OSError) -> None:
        self.failure = error
        if self._marker is not None:
            self._marker.fail(error)


def journal_of(task: ShardTask, worker: str) -> JournalWriter:
    """Return the journal of ``worker``, this process."""
    path = Path(restore_surrogates(task.journal)) / f"{task.attempt}-{worker}.jsonl"
    return JournalWriter(path, RecordingMarker(Path(restore_surrogates(task.marker))))

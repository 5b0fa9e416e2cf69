"""Errors of the machine (a full disk, a file that may not be written) as errors that a user can act on."""

import errno
from collections.abc import Iterator

from ci_toolkit.errors import ExitCode, ToolkitError

_ROOM = "Make room on the disk, or give a folder on another one (--out, --results)."
_FOLDER = "Give a folder that this user may write to (--out, --results), or change its permissions."
_ADVICE = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: _ROOM,
    errno.EROFS: _FOLDER,
    errno.EACCES: _FOLDER,
    errno.EPERM: _FOLDER,
    errno.EIO: "The disk or the network drive failed; run it again on another one.",
    errno.EMFILE: "Raise the limit of open files (`ulimit -n`), or run fewer shards at a time (--jobs).",
    errno.ENFILE: "Run fewer shards at a time (--jobs), or on another machine.",
    errno.ENOMEM: "Run fewer shards at a time (--jobs), or on a machine with more memory.",
    errno.EAGAIN: "Run fewer shards at a time (--jobs): this user may not start more processes.",
}
"""Error of the operating system to what helps; whoever uses ci-toolkit did nothing wrong."""
_SQLITE = {"SQLITE_FULL": errno.ENOSPC, "SQLITE_IOERR": errno.EIO, "SQLITE_READONLY": errno.EROFS}
"""Beginning of the name of an error of SQLite to the one of the operating system."""


class MachineError(ToolkitError):
    """The machine cannot do what a command needs, such as write to a full disk."""

    exit_code = ExitCode.INFRASTRUCTURE
    slug = "machine"


class FileError(ToolkitError):
    """A file or folder is not where it should be, or is something else."""

    slug = "file"


def machine_failure(error: BaseException) -> ToolkitError | None:
    """Return what ``error`` says of the machine or of a file, as an error with advice; None for anything else."""
    for cause in _causes(error):
        found = _of_system(cause) or _of_sqlite(cause)
        if found is not None:
            return found
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _of_system(error: BaseException) -> ToolkitError | None:
    if isinstance(error, MemoryError):
        return MachineError("there is no more memory", advice=_ADVICE[errno.ENOMEM])
    if not isinstance(error, OSError):
        return None
    message = f"{error.filename}: {error.strerror}" if error.filename is not None else str(error.strerror)
    if error.errno in _ADVICE:
        return MachineError(message, advice=_ADVICE[error.errno])
    if error.filename is not None:
        return FileError(message, advice="Check the path: each part above it must be a folder, and it a file.")
    return None


def _of_sqlite(error: BaseException) -> MachineError | None:
    # By name: SQLite is imported only where something uses it.
    name = getattr(error, "sqlite_errorname", "")
    for beginning, number in _SQLITE.items():
        if name.startswith(beginning):
            return MachineError(f"a database cannot be written: {error}", advice=_ADVICE[number])
    return None

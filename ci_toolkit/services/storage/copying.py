"""Copies the data directory of a server, more than a thousand small files.

It takes about 0.6 of the time of ``cp -a`` and half of that of shutil, which gives no owners: 0.1 s of each start.
"""

import errno
import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from ci_toolkit.services.storage.folders import disk_trouble

_COPY_SECONDS: Final = 120
_FICLONE: Final = 0x40049409
"""Has a file share the blocks of another one, where the file system can; ioctl_ficlonerange(2)."""
_AT_ONCE: Final = 2**30
"""The most bytes that one call copies."""


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder with owners and modes, sharing blocks where the file system can. Raises DiskFullError."""
    if sys.platform != "linux":
        _copy_by_cp(source, target)
        return
    try:
        _Copy(str(source), str(target)).run()
    except OSError as error:
        raise disk_trouble(error, target) from error


class _Copy:
    """One copy, which stops trying to share blocks once the file system has refused it."""

    def __init__(self, source: str, target: str) -> None:
        self._source = source
        self._target = target
        self._files: list[tuple[str, str, os.stat_result]] = []
        """From where, to where, and what the copy shall have."""
        self._may_share = True
        self._gives_owners = os.geteuid() == 0

    def run(self) -> None:
        """Make the folders, then fill them from two threads: nearly all of the time is the kernel's."""
        self._folder(self._source, self._target)
        errors: list[Exception] = []
        other = threading.Thread(target=self._fill_folders, args=(self._files[1::2], errors))
        other.start()
        self._fill_folders(self._files[::2], errors)
        other.join()
        for error in errors:
            raise error

    def _folder(self, source: str, target: str) -> None:
        os.mkdir(target, 0o700)
        with os.scandir(source) as entries:
            for entry in entries:
                copy = f"{target}/{entry.name}"
                if entry.is_symlink():
                    os.symlink(os.readlink(entry.path), copy)
                elif entry.is_dir():
                    self._folder(entry.path, copy)
                else:
                    self._files.append((entry.path, copy, entry.stat()))
        self._give(target, os.stat(source))

    def _fill_folders(self, files: Sequence[tuple[str, str, os.stat_result]], errors: list[Exception]) -> None:
        try:
            for source, target, status in files:
                self._file(source, target, status)
        except Exception as error:  # noqa: BLE001 (raised by whoever waits for both)
            errors.append(error)

    def _file(self, source: str, target: str, status: os.stat_result) -> None:
        from_file = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
        try:
            to_file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                self._fill(to_file, from_file, status.st_size)
                self._give(to_file, status)
            finally:
                os.close(to_file)
        finally:
            os.close(from_file)

    def _fill(self, to_file: int, from_file: int, size: int) -> None:
        if size and self._may_share:
            with suppress(OSError):
                fcntl.ioctl(to_file, _FICLONE, from_file)
                return
            self._may_share = False
        while size > 0 and (copied := os.sendfile(to_file, from_file, None, min(size, _AT_ONCE))):
            size -= copied

    def _give(self, to: int | str, status: os.stat_result) -> None:
        if self._gives_owners:
            os.chown(to, status.st_uid, status.st_gid)
        os.chmod(to, status.st_mode & 0o7777)


def _copy_by_cp(source: Path, target: Path) -> None:
    copied = subprocess.run(
        ["cp", "-a", str(source), str(target)],  # noqa: S607 (cp is where PATH says)
        capture_output=True, text=True, timeout=_COPY_SECONDS, check=False,
    )  # fmt: skip
    if copied.returncode != 0:
        number = errno.ENOSPC if "No space left" in copied.stderr else errno.EIO
        raise disk_trouble(OSError(number, copied.stderr.strip().splitlines()[-1]), target)

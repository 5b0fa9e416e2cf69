"""The marker file of an attempt: by it the supervisor hears that a journal could not be written."""

import os
import re
from pathlib import Path

from ci_toolkit.suite.originals import Originals

_FAILED = "failed-"


class RecordingMarker:
    """A file that is renamed when recording fails.

    An exit status could be any test's own; a name cannot. Renaming needs no room on the disk that is full.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = str(path)

    def place(self) -> None:
        """Make the file, for an attempt that is to begin."""
        self._path.touch()

    def fail(self, error: OSError) -> None:
        """Say that recording failed, of whatever process of the attempt: the first one counts."""
        try:
            Originals.rename(self._text, f"{self._text}.{_FAILED}{error.errno or 0}")
        except OSError:
            return  # another process was first, or the whole folder is gone, which says the same

    def failure(self) -> str:
        """Return why recording failed, or ``""``."""
        if self._path.exists():
            return ""
        name = re.compile(re.escape(f"{self._path.name}.{_FAILED}") + r"(\d{1,5})", re.ASCII)
        for path in self._path.parent.glob("*"):
            if found := name.fullmatch(path.name):
                return os.strerror(int(found[1]))
        return "the bundle's own files were removed or renamed while the tests ran"

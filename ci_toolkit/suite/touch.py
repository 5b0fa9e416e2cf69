"""In pytest: watches whether a test runs what the change wrote."""

import os
import re
import sys
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

from ci_toolkit.model.changed_lines import Span
from ci_toolkit.model.journal import Failure
from ci_toolkit.model.traced_lines import TracedFile

_PLACE = re.compile(r"^(\S+\.py):(\d+): ", re.MULTILINE)
"""Of a frame in pytest's own tracebacks."""
_STARTERS = ("fork", "posix_spawn", "spawn", "exec", "system")
_LEADS_ELSEWHERE = frozenset(("subprocess.Popen", "socket.connect", *(f"os.{call}" for call in _STARTERS)))
"""Events of Python's audit after which another process may run what the change wrote."""
_LONGEST = 100_000
"""Lines of one statement or function that are looked at."""
_NO_LINES: frozenset[int] = frozenset()


class Touch:
    """What the change wrote, and whether the tests of this process run it.

    Lines are traced while a test is tried again, and never else. Fixtures that live on from earlier tests are not
    seen: that a change touches nothing saves trials, and proves nothing.
    """

    def __init__(self, files: Collection[TracedFile]) -> None:
        """``files`` are what the change wrote in; there is nothing else that it did."""
        self._lines: Mapping[str, frozenset[int]] = {file.path: _numbers(file.lines) for file in files}
        self._at_import = frozenset(file.path for file in files if file.at_import)
        self._of_name: dict[str, frozenset[int]] = {}
        """The lines by the file's name as code has it, which may lead over links."""
        self._is_watching = False
        self._is_audited = False
        self._ran = False
        self._missed_some = False
        """Whether more may have run than was seen."""

    def of(self, path: str, failures: Iterable[Failure], root: str) -> bool | None:
        """Return whether a test in the file ``path`` with ``failures`` runs what the change wrote, as last watched.

        None is that nobody can know.
        """
        imported = {os.path.realpath(file) for file in _files_of_modules()}
        own = os.path.realpath(path)
        if self._ran or own in self._lines or imported & self._at_import or self._stands_in(failures, root):
            return True
        return None if self._missed_some or self._may_be_a_copy(imported) else False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch what runs meanwhile."""
        if not self._is_audited:
            sys.addaudithook(self._hear)  # for good: there is no way to remove one
            self._is_audited = True
        self._ran = self._missed_some = False
        before, of_threads = sys.gettrace(), threading.gettrace()
        self._is_watching = True
        with _without_other_tracers():
            sys.settrace(self._call)
            threading.settrace(self._call)
            try:
                yield
            finally:
                self._missed_some |= sys.gettrace() != self._call  # the test took it away
                sys.settrace(before)
                threading.settrace(of_threads)
                self._is_watching = False

    def _hear(self, event: str, _: object) -> None:
        if self._is_watching and event in _LEADS_ELSEWHERE:
            self._missed_some = True

    def _call(self, frame: FrameType, _event: str, _argument: object) -> Any:
        if self._ran or not self._is_watching or not self._lines_of(frame.f_code.co_filename):
            return None
        return self._line

    def _line(self, frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line" and frame.f_lineno in self._lines_of(frame.f_code.co_filename):
            self._ran = True
            return None
        return self._line

    def _lines_of(self, name: str) -> frozenset[int]:
        found = self._of_name.get(name)
        if found is None:
            found = self._of_name[name] = self._lines.get(os.path.realpath(name), _NO_LINES)
        return found

    def _stands_in(self, failures: Iterable[Failure], root: str) -> bool:
        for failure in failures:
            places = [(failure.path, failure.line)]
            places += [(found[1], int(found[2])) for found in _PLACE.finditer(failure.detail)]
            if any(line in self._lines_of(f"{root}/{path}") for path, line in places):
                return True
        return False

    def _may_be_a_copy(self, imported: Collection[str]) -> bool:
        """Return whether the tests import what is installed, and not what lies in the checkout."""
        ends = tuple("/" + "/".join(path.split("/")[-2:]) for path in self._lines if path not in imported)
        return bool(ends) and any(file.endswith(ends) for file in imported)


@contextmanager
def _without_other_tracers() -> Iterator[None]:
    """Take from the frames around us what traces them: coverage's, even when it has stopped, takes ours away there."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 (documented, in spite of its name)
    traced: list[tuple[FrameType, Any]] = []
    while frame is not None:
        if frame.f_trace is not None:
            traced.append((frame, frame.f_trace))
            frame.f_trace = None
        frame = frame.f_back
    try:
        yield
    finally:
        for frame, tracer in traced:
            frame.f_trace = tracer


def _files_of_modules() -> Iterator[str]:
    for module in tuple(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str):
            yield file


def _numbers(spans: Iterable[Span]) -> frozenset[int]:
    return frozenset(number for first, last in spans for number in range(first, min(last, first + _LONGEST) + 1))

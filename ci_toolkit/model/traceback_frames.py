"""The frames of a traceback, read from pytest's text of a failure in any of its styles (long, short, native)."""

import functools
import re

from ci_toolkit.model.record import Record
from ci_toolkit.model.volatile_text import without_escapes

_LOCATION = re.compile(r"^(?P<path>[^\s:][^:]*|[A-Za-z]:[^:]+):\d+: ?(?P<rest>.*)$")
"""``test_a.py:3: AssertionError`` below a frame in long style, ``test_a.py:3: in test_a`` above one in short style."""
_NATIVE = re.compile(r"^[\s|+]*File \"(?P<path>[^\"]+)\", line \d+, in ")
_ONLY_CARETS = re.compile(r"^[\s|]*[\^~]+[\s\^~]*$")
_MACHINERY = re.compile(
    r"[/\\]lib[/\\]python\d[\d.]*[/\\](?!(?:site|dist)-packages)|^<frozen |[/\\](?:_pytest|pluggy|xdist)[/\\]"
)
"""Python's own library, which differs between its versions, and what calls the tests."""
_BLANKS = ("", " ", "\t")
_RAISED = re.compile(r"^[A-Za-z_][\w.]*$")


class Frame(Record, frozen=True, kw_only=True):
    """One place that the exception passed. Its line number is left out: lines move."""

    file: str
    """The name of the file, without folders: these differ with the checkout."""
    source: str
    """The line that was at work, or that line of the statement which Python names; ``""`` if it is not known."""


@functools.lru_cache(maxsize=64)  # where a fixture fails, all tests that need it fail with one traceback
def read_traceback(detail: str) -> tuple[tuple[Frame, ...], str]:
    """Return the frames in ``detail``, and the type that pytest names below the last of them, in long style.

    The frames are those of all exceptions that led to one another, outermost first, each once. Frames of Python's own
    library, of pytest and of its plugins' dispatch are left out. The type is ``""`` if none is named.
    """
    lines = without_escapes(detail).splitlines()
    places: dict[tuple[str, str], None] = {}
    marked = raised = ""
    for number, line in enumerate(lines):
        if line.startswith(">"):
            marked = line[1:].strip()
            continue
        if 'File "' in line and (native := _NATIVE.match(line)):
            path, rest = native["path"], "in "
        elif line[:1] not in _BLANKS and (found := _LOCATION.match(line)):
            path, rest = found.groups()
        else:
            continue
        if rest.startswith("in "):
            source = _source_below(lines, number + 1)
        else:
            source, marked = marked, ""
            if _RAISED.match(rest):
                raised = rest.rpartition(".")[2]
        if name := _name_of(path):
            places[name, source] = None
    return tuple([Frame(file=name, source=source) for name, source in places]), raised


@functools.lru_cache(maxsize=1024)  # the failures of a shard pass the same few files
def _name_of(path: str) -> str:
    """Return the name of the file without folders, or ``""`` for what calls the tests and what belongs to Python."""
    return "" if _MACHINERY.search(path) else path.replace("\\", "/").rpartition("/")[2]


def _source_below(lines: list[str], number: int) -> str:
    line = lines[number] if number < len(lines) else ""
    if line[:1] not in {" ", "\t"} or (("^" in line or "~" in line) and _ONLY_CARETS.match(line)):
        return ""
    return "" if 'File "' in line and _NATIVE.match(line) else line.strip(" \t|")

"""Lines of text for a terminal: what they say, how they look, and where they may be divided."""

import re
import textwrap
from collections.abc import Iterator

from ci_toolkit.model.record import Record

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNIT = re.compile(r"(\d) (?=(?:s|min|h)\b)")
_NO_BREAK = "\x1f"
"""Stands between a number and its unit while lines are divided."""
_MINUTE, _HOUR = 60, 3600


class Line(Record, frozen=True):
    """One line, or several that belong together, and how a terminal with colours shows them."""

    text: str
    style: str = ""
    """In the words of rich, such as ``bold red``."""


class View(Record, frozen=True, kw_only=True):
    """How somebody wants to see a verdict."""

    width: int | None = None
    """Columns at which sentences are divided, between words; None leaves each on one line, for logs and scripts."""
    verbosity: int = 0
    """Above 0 for more, below for less."""
    slowest: int | None = None
    """How many of the slowest tests to list; 0 is as many as there are, None a few where they are slow."""

    @property
    def columns(self) -> int:
        """The length of a heading's line."""
        return self.width or 80


def one_line(text: str, longest: int = 200) -> str:
    """Return ``text`` as one printable line: a test's name must not move a cursor or begin a workflow command."""
    line = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text.replace("\n", "\\n"))
    return line if len(line) <= longest else f"{line[: longest - 3]}..."


def heading(title: str, view: View, fill: str = "=") -> str:
    """Return ``title`` in the middle of a line, as pytest writes its own."""
    room = max(0, view.columns - len(title) - 2)
    return f"{fill * (room // 2) or fill} {title} {fill * (room - room // 2) or fill}"


def sentences(text: str, view: View) -> str:
    """Return ``text`` divided between words where the view asks for that; what follows the first line is indented."""
    if view.width is None:
        return text
    indent = " " * (len(text) - len(text.lstrip()))
    lines = textwrap.wrap(
        _UNIT.sub(f"\\1{_NO_BREAK}", text),
        view.width,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace(_NO_BREAK, " ")


def more(count: int, shown: int) -> Iterator[Line]:
    """Yield a line that says how many of ``count`` are not ``shown``, and where they are."""
    if count > shown:
        yield Line(f"  ... and {count - shown} more, see verdict.json", "dim")


def span(seconds: float) -> str:
    """Return such as ``3.4 s``, ``2 min 01 s`` or ``1 h 02 min``."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"

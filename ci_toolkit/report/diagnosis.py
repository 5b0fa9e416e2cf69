"""A diagnosis as lines of text: the mark, the name, what was seen, and below it what to do."""

import textwrap
from collections.abc import Iterator
from typing import Final

from ci_toolkit.model.diagnosis import Diagnosis, Finding, Mark
from ci_toolkit.report.text import Line, one_line

_STYLES: Final = {Mark.OK: "green", Mark.WRONG: "bold red", Mark.OPTIONAL: "dim"}
_LONGEST: Final = 2000
_MARK_COLUMNS: Final = max(map(len, Mark)) + 2
_LEAST_TEXT: Final = 20
"""Columns that the text keeps on the narrowest terminal."""


def diagnosis_lines(diagnosis: Diagnosis, width: int | None) -> Iterator[Line]:
    """Yield a line or more for each finding, and the answer last; without ``width`` no sentence is divided."""
    indent = _MARK_COLUMNS + max((len(finding.name) for finding in diagnosis.findings), default=0) + 2
    for finding in diagnosis.findings:
        yield Line("\n".join(_finding(finding, indent, width)), _STYLES[finding.mark])
    wrong = dict.fromkeys(finding.name for finding in diagnosis.findings if finding.mark is Mark.WRONG)
    if wrong:
        answer = f"doctor: the settings ask for what is wrong here: {', '.join(wrong)}"
    else:
        answer = "doctor: everything that the settings ask for is here"
    yield Line("\n".join(_divided(answer, "  ", width)), _STYLES[Mark.WRONG if wrong else Mark.OK])


def _finding(finding: Finding, indent: int, width: int | None) -> Iterator[str]:
    blank = " " * indent
    begin = f"{finding.mark:<{_MARK_COLUMNS}}{finding.name}"
    first, *rest = _text(finding.told, blank, width)
    yield f"{begin:<{indent}}{first[indent:]}"
    yield from rest
    if finding.advice:
        yield from _text(finding.advice, blank, width)


def _text(text: str, blank: str, width: int | None) -> Iterator[str]:
    for line in text.splitlines() or [""]:
        yield from _divided(blank + one_line(line.strip(), _LONGEST), blank, width)


def _divided(text: str, blank: str, width: int | None) -> list[str]:
    if width is None:
        return [text]
    return textwrap.wrap(
        text,
        max(width, len(blank) + _LEAST_TEXT),
        subsequent_indent=blank,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [text]

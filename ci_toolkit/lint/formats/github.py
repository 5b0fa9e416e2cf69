"""Findings as GitHub's workflow commands, which Actions turns into annotations on the changed lines."""

from ci_toolkit.lint.finding import Finding, LintReport
from ci_toolkit.lint.formats.text import printable
from ci_toolkit.lint.rules import RULES

_IN_MESSAGE = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTY = {**_IN_MESSAGE, ":": "%3A", ",": "%2C"}


def as_github(report: LintReport) -> str:
    """Return one ``::error`` command a line; a name or message cannot end its command or begin another."""
    return "".join(_command(found) for found in report.findings)


def _command(found: Finding) -> str:
    properties = {
        "file": found.path,
        "line": str(found.line),
        "endLine": str(found.end_line),
        "col": str(found.column),
        "title": f"{found.code} {RULES[found.code].name}",
    }
    written = ",".join(f"{name}={_escaped(value, _IN_PROPERTY)}" for name, value in properties.items())
    return f"::error {written}::{_escaped(found.message, _IN_MESSAGE)}\n"


def _escaped(value: str, table: dict[str, str]) -> str:
    """Escape by GitHub's rules; other control characters, which its rules forget, become visible text."""
    return "".join(table[char] if char in table else printable(char) for char in value)

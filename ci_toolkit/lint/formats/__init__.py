"""The forms in which findings are written: for people, for GitHub, for code scanning, for programs."""

from collections.abc import Callable

from ci_toolkit.lint.finding import LintReport
from ci_toolkit.lint.formats.github import as_github
from ci_toolkit.lint.formats.sarif import as_sarif
from ci_toolkit.lint.formats.text import as_text
from ci_toolkit.model.record import to_json


def as_json(report: LintReport) -> str:
    """Return the report itself as JSON."""
    return to_json(report).decode()


Format = Callable[[LintReport], str]

FORMATS: dict[str, Format] = {"text": as_text, "github": as_github, "sarif": as_sarif, "json": as_json}
"""Name to writer. Each takes the whole report and returns the whole text; equal reports give equal text."""

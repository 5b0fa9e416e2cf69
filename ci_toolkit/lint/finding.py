"""The results of linting: findings, files that were not checked, and the report that holds both."""

from ci_toolkit.model.record import Record


class Finding(Record, frozen=True, kw_only=True, order=True):
    """One place where a rule is broken. Findings sort by place."""

    path: str
    """As the user would type it from where the command runs, with ``/``."""
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    end_line: int
    code: str
    message: str
    """What is wrong here and what to do, in one line."""


class Skip(Record, frozen=True, kw_only=True, order=True):
    """A file that was not checked, and why."""

    path: str
    reason: str


class LintReport(Record, frozen=True, kw_only=True):
    """Everything that one run of the rules found."""

    files: int
    """How many files were checked."""
    findings: tuple[Finding, ...]
    skipped: tuple[Skip, ...] = ()
    waived: int = 0
    """How many findings a ``noqa`` comment with a reason waived."""

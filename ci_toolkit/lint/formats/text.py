"""Findings for people: one a line, in the form that editors and terminals make clickable."""

from ci_toolkit.lint.finding import LintReport


def as_text(report: LintReport) -> str:
    """Return ``path:line:column: CODE message`` lines; a hostile file name cannot start a line or move the cursor."""
    return "".join(
        f"{printable(found.path)}:{found.line}:{found.column}: {found.code} {printable(found.message)}\n"
        for found in report.findings
    )


def printable(value: str) -> str:
    """Return ``value`` with everything but printable characters written as an escape."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode() for char in value
    )

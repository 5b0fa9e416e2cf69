"""The reports that a merge leaves in its folder."""

from pathlib import Path

REPORT_PAGE = "report.html"
REPORTS = ("verdict.json", "summary.md", REPORT_PAGE, "junit.xml", "coverage.xml", "coverage.json", ".coverage")


def remove_reports(out: Path) -> None:
    """Remove the reports of an earlier run: they must not speak for one that cannot end, or begin."""
    for name in REPORTS:
        (out / name).unlink(missing_ok=True)

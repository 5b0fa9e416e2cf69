"""The reports that a merge leaves in its folder."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from ci_toolkit.model.merged import COPIED_SOURCES

REPORT_PAGE = "report.html"
REPORTS = ("verdict.json", "summary.md", REPORT_PAGE, "junit.xml", "coverage.xml", "coverage.json", ".coverage")

_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def has_browser(environment: Mapping[str, str]) -> bool:
    """Whether a report can be shown in a browser here."""
    return sys.platform == "darwin" or any(environment.get(name) for name in _SCREENS)


def remove_reports(out: Path) -> None:
    """Remove the reports of an earlier run: they must not speak for one that cannot end, or begin."""
    for name in REPORTS:
        (out / name).unlink(missing_ok=True)
    shutil.rmtree(out / COPIED_SOURCES, ignore_errors=True)

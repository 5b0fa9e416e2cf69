"""The reports that a merge leaves in its folder."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from ci_toolkit.merge.attachments import remove_attachments
from ci_toolkit.model.merged import COPIED_SOURCES
from ci_toolkit.model.verdict import Verdict

REPORT_PAGE = "report.html"
MOST_PICTURES = 50
MOST_PICTURE_BYTES = 8 * 1024 * 1024
"""Of those that the page holds itself, so that it still opens at once; it links to all others."""
REPORTS = ("verdict.json", "summary.md", REPORT_PAGE, "junit.xml", "coverage.xml", "coverage.json", ".coverage")

_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def has_browser(environment: Mapping[str, str]) -> bool:
    """Whether a report can be shown in a browser here."""
    return sys.platform == "darwin" or any(environment.get(name) for name in _SCREENS)


def pictures_of(verdict: Verdict, out: Path) -> dict[str, bytes]:
    """Return the first pictures that failed tests attached, as they stand in ``out``: path to content."""
    pictures: dict[str, bytes] = {}
    left = MOST_PICTURE_BYTES
    for failure in (*verdict.failures, *verdict.flaky):
        for attachment in failure.attachments:
            if attachment.path and attachment.is_picture and attachment.size <= left:
                pictures[attachment.path] = (out / attachment.path).read_bytes()
                left -= attachment.size
                if len(pictures) == MOST_PICTURES:
                    return pictures
    return pictures


def remove_reports(out: Path) -> None:
    """Remove the reports of an earlier run: they must not speak for one that cannot end, or begin."""
    for name in REPORTS:
        (out / name).unlink(missing_ok=True)
    remove_attachments(out)
    shutil.rmtree(out / COPIED_SOURCES, ignore_errors=True)

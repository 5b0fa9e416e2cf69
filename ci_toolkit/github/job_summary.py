"""The job summary: a file that GitHub shows, and drops as a whole where it is too large."""

from collections.abc import Mapping
from pathlib import Path

VARIABLE = "GITHUB_STEP_SUMMARY"
LARGEST = 1024 * 1024
"""Bytes of a step's summary."""
_MARGIN = 1024


def summary_file(environment: Mapping[str, str]) -> Path | None:
    """Return the file of this step's summary, or None outside of GitHub Actions."""
    path = environment.get(VARIABLE, "")
    return Path(path) if path else None


def room_in(path: Path) -> int:
    """Return how many bytes may be added to the summary."""
    return max(0, LARGEST - _MARGIN - (path.stat().st_size if path.exists() else 0))


def append_summary(path: Path, text: str) -> None:
    """Append ``text``. Raises OSError."""
    with path.open("ab") as file:
        file.write(text.encode("utf-8", "backslashreplace"))

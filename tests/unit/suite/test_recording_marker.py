import errno
import os
from pathlib import Path

import pytest

from ci_toolkit.suite.recording_marker import RecordingMarker


@pytest.fixture
def marker(tmp_path: Path) -> RecordingMarker:
    marker = RecordingMarker(tmp_path / "1.recording")
    marker.place()
    return marker


def test_what_keeps_a_process_from_recording_is_heard(marker: RecordingMarker) -> None:
    assert marker.failure() == ""
    marker.fail(OSError(errno.ENOSPC, "full"))
    marker.fail(OSError(errno.EIO, "later"))
    assert marker.failure() == os.strerror(errno.ENOSPC)


@pytest.mark.parametrize("name", ["1.recording.failed-abc", "1.recording.failed-", "other", "1.recording.failed-²"])
def test_a_test_that_renames_the_marker_stops_the_recording(marker: RecordingMarker, tmp_path: Path, name: str) -> None:
    (tmp_path / "1.recording").rename(tmp_path / name)
    assert marker.failure() == "the bundle's own files were removed or renamed while the tests ran"


def test_a_folder_that_is_gone_says_so(tmp_path: Path) -> None:
    assert "removed" in RecordingMarker(tmp_path / "gone/1.recording").failure()

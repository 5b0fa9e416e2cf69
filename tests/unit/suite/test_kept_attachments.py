import hashlib
from pathlib import Path

import pytest

from ci_toolkit.model.attachment import LARGEST_ATTACHMENT, MOST_OF_A_TEST, Attachment
from ci_toolkit.suite import attachments as limits
from ci_toolkit.suite.attachments import Attachments


@pytest.fixture
def told() -> list[Attachment]:
    return []


@pytest.fixture
def kept(tmp_path: Path, told: list[Attachment]) -> Attachments:
    return Attachments(str(tmp_path), "1-gw0-", told.append)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a\0b", "<script>", "", "x" * 9999])
def test_a_name_is_data_and_never_a_path(kept: Attachments, told: list[Attachment], tmp_path: Path, name: str) -> None:
    kept.keep(b"text", name, test="a.py::test")
    digest = hashlib.sha256(b"text").hexdigest()
    assert told == [Attachment(name=name[:200], path="1-gw0-1.txt", media_type="text/plain", size=4, sha256=digest)]
    assert [path.name for path in tmp_path.iterdir()] == ["1-gw0-1.txt"]


def test_a_test_that_hands_over_too_much_takes_nothing_from_the_others(kept: Attachments) -> None:
    of_one = [kept.keep(b"x", "x", test="a.py::greedy") for _ in range(MOST_OF_A_TEST + 1)]
    assert [bool(attachment.path) for attachment in of_one] == [True] * MOST_OF_A_TEST + [False]
    assert of_one[-1].why_not == "20 files of this test are kept already"
    assert kept.keep(b"x", "x", test="a.py::other").path


def test_a_large_file_and_what_goes_beyond_all_limits_is_told_and_not_kept(
    kept: Attachments, told: list[Attachment], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.keep(bytes(LARGEST_ATTACHMENT + 1), "large", test="a.py::test")
    monkeypatch.setattr(limits, "MOST_BYTES", 10)
    kept.keep(bytes(6), "first", test="a.py::test")
    kept.keep(bytes(6), "second", test="a.py::test")
    assert [attachment.why_not for attachment in told] == [
        f"it has {LARGEST_ATTACHMENT + 1} bytes, and {LARGEST_ATTACHMENT} may be kept",
        "",
        "1 files of 6 bytes are kept already",
    ]
    assert [path.stat().st_size for path in tmp_path.iterdir()] == [6]


def test_a_folder_that_takes_no_file_is_told(tmp_path: Path, told: list[Attachment]) -> None:
    Attachments(f"{tmp_path}/gone", "1-main-", told.append).keep(b"x", "x", test="a.py::test")
    assert [attachment.why_not for attachment in told] == ["No such file or directory"]


def test_a_run_whose_files_nobody_keeps_such_as_a_trial_writes_none(told: list[Attachment]) -> None:
    Attachments("", "1-main-", told.append).keep(b"x", "x", test="a.py::test")
    assert told == [Attachment(name="x", why_not="nobody keeps the files of this run")]


def test_a_link_that_lies_in_the_way_is_not_followed(kept: Attachments, tmp_path: Path) -> None:
    (tmp_path / "target").write_text("mine")
    (tmp_path / "1-gw0-1.txt").symlink_to(tmp_path / "target")
    assert kept.keep(b"x", "x", test="a.py::test").why_not == "File exists"
    assert (tmp_path / "target").read_text() == "mine"

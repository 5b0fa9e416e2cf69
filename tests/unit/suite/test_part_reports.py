"""What becomes of report files that options of unknown plugins name, when a shard has written them."""

import os
from pathlib import Path

import pytest

from ci_toolkit.model.own_settings import OwnReport
from ci_toolkit.suite.part_reports import PartReports, written_parts

LONG_AGO = 1_000_000_000.0


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "suite"
    folder.mkdir()
    return folder


def test_a_file_that_has_come_is_moved_and_listed(here: Path, tmp_path: Path) -> None:
    parts = PartReports({"csv_path": "of/new.csv", "md": None, "n": 2}, here, tmp_path / "parts/1", since=LONG_AGO)
    (here / "of").mkdir()
    (here / "of/new.csv").write_text("part")
    parts.put_away()
    assert not (here / "of/new.csv").exists()
    assert (tmp_path / "parts/1/new.csv").read_text() == "part"
    assert written_parts(tmp_path / "parts") == (OwnReport(option="--csv-path", path="of/new.csv"),)


def test_a_file_that_was_there_before_the_run_stays_and_is_listed_as_overwritten(here: Path, tmp_path: Path) -> None:
    (here / "kept.json").write_text("{}")
    os.utime(here / "kept.json", (LONG_AGO - 9, LONG_AGO - 9))
    parts = PartReports({"state": here / "kept.json"}, here, tmp_path / "parts/1", since=LONG_AGO)
    (here / "kept.json").write_text('{"part": 1}')
    parts.put_away()
    assert (here / "kept.json").exists()
    assert written_parts(tmp_path / "parts") == (OwnReport(option="--state", path="kept.json", is_overwritten=True),)


def test_a_file_that_a_shard_beside_us_had_just_written_is_moved_too(here: Path, tmp_path: Path) -> None:
    (here / "new.csv").write_text("of another shard")
    parts = PartReports({"csv": ["new.csv"]}, here, tmp_path / "parts/1", since=LONG_AGO)
    (here / "new.csv").write_text("ours")
    parts.put_away()
    assert not (here / "new.csv").exists()


@pytest.mark.parametrize(
    "data", [b"", b"{", b"{}", b"[1]", b'[{"option": 1}]', b"\xff", b"[" * 100_000, b'["' + b"x" * 2_000_000 + b'"]']
)
def test_a_list_that_a_test_damaged_says_nothing(here: Path, tmp_path: Path, data: bytes) -> None:
    parts = PartReports({"csv": "new.csv"}, here, tmp_path / "parts/1", since=LONG_AGO)
    (here / "new.csv").write_text("part")
    parts.put_away()
    (tmp_path / "parts/0.json").write_bytes(data)
    os.mkfifo(tmp_path / "parts/2.json")
    (tmp_path / "parts/3.json").mkdir()
    (tmp_path / "parts/4.json").symlink_to("1.json")
    assert written_parts(tmp_path / "parts") == (OwnReport(option="--csv", path="new.csv"),)


@pytest.mark.parametrize(
    "options", [{}, {"file_or_dir": ["test_a.py"]}, {"keyword": "test_a.py"}, {"x": "\0"}, {"x": ""}, {"x": "y" * 9999}]
)
def test_what_names_no_report_is_left_alone(here: Path, tmp_path: Path, options: dict[str, object]) -> None:
    parts = PartReports(options, here, tmp_path / "parts/1", since=LONG_AGO)
    (here / "test_a.py").write_text("")
    parts.put_away()
    assert (here / "test_a.py").exists()
    assert written_parts(tmp_path / "parts") == ()


def test_a_file_in_the_folder_of_parts_stays_where_it_is(here: Path, tmp_path: Path) -> None:
    folder = tmp_path / "parts/1"
    parts = PartReports({"report_log": str(folder / "log.jsonl")}, here, folder, since=LONG_AGO)
    folder.mkdir(parents=True)
    (folder / "log.jsonl").write_text("part")
    parts.put_away()
    assert written_parts(tmp_path / "parts") == ()

"""Snapshots: which are kept, and that nobody meets half of one."""

import os
from pathlib import Path

import pytest

from ci_toolkit.services.storage.snapshots import Snapshots, digest, partial_folder


def obtain(cache: Path, key: str, *, is_fresh: bool = False, content: str = "made") -> tuple[bool, str]:
    """Return whether the snapshot was there, and what is in the copy."""
    target = cache / "copy"

    def build() -> None:
        target.mkdir()
        (target / "file").write_text(content)

    was_there = Snapshots(cache, "session").obtain(key, target, build, is_fresh=is_fresh)
    text = (target / "file").read_text()
    (target / "file").unlink()
    target.rmdir()
    return was_there, text


def test_what_was_made_once_is_copied_until_it_is_asked_for_anew(tmp_path: Path) -> None:
    assert obtain(tmp_path, "key") == (False, "made")
    assert obtain(tmp_path, "key", content="other") == (True, "made")
    assert obtain(tmp_path, "key", is_fresh=True, content="other") == (False, "other")
    assert obtain(tmp_path, "key") == (True, "other")


def test_a_build_that_fails_leaves_no_snapshot(tmp_path: Path) -> None:
    def build() -> None:
        (tmp_path / "copy").mkdir()
        raise RuntimeError("the migration failed")

    with pytest.raises(RuntimeError):
        Snapshots(tmp_path, "session").obtain("key", tmp_path / "copy", build, is_fresh=False)
    (tmp_path / "copy").rmdir()
    assert obtain(tmp_path, "key") == (False, "made")
    assert not partial_folder(tmp_path, "session").exists()


def test_the_last_used_snapshots_stay(tmp_path: Path) -> None:
    for number in range(8):
        obtain(tmp_path, f"key{number}")
        os.utime(tmp_path / "snapshots" / f"key{number}", (number, number))
    obtain(tmp_path, "key2")
    obtain(tmp_path, "last")
    kept = {entry.name for entry in (tmp_path / "snapshots").iterdir() if entry.is_dir()}
    assert kept == {"last", "key2", "key4", "key5", "key6", "key7"}


def test_a_digest_tells_where_one_fact_ends() -> None:
    assert digest("ab", "c") != digest("a", "bc")

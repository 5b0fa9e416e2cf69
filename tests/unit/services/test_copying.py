"""Copies of data directories: whole, or an error."""

import os
import socket
from pathlib import Path

import pytest

from ci_toolkit.services.errors import DiskFullError
from ci_toolkit.services.storage.copying import copy_tree


def test_a_copy_has_the_same_files_folders_links_and_modes(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "base" / "1").mkdir(parents=True)
    (source / "empty folder").mkdir(mode=0o750)
    for number in range(5):
        (source / "base" / "1" / str(number)).write_bytes(os.urandom(9000 * number))
    (source / "base" / "1" / "4").chmod(0o440)
    (source / "link").symlink_to("base/1/2")
    (source / "dangling").symlink_to("nowhere")
    copy_tree(source, tmp_path / "target")
    assert listing(tmp_path / "target") == listing(source)


def listing(root: Path) -> dict[str, tuple[int, int, bytes | str]]:
    found: dict[str, tuple[int, int, bytes | str]] = {}
    for path in (root, *root.rglob("*")):
        status = path.lstat()
        content = str(path.readlink()) if path.is_symlink() else b"" if path.is_dir() else path.read_bytes()
        found[str(path.relative_to(root))] = (status.st_mode, status.st_uid, content)
    return found


@pytest.mark.parametrize("number", range(2))
def test_what_cannot_be_copied_is_an_error_in_whichever_thread(tmp_path: Path, number: int) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / str(1 - number)).write_text("content")
    with socket.socket(socket.AF_UNIX) as opened_by_nobody:
        opened_by_nobody.bind(os.path.relpath(source / str(number)))
    with pytest.raises(DiskFullError, match="No such device"):
        copy_tree(source, tmp_path / "target")

import os
from pathlib import Path

import pytest

from ci_toolkit.services.errors import DiskFullError
from ci_toolkit.services.storage.folders import own_folder


def test_a_new_folder_lets_another_users_server_pass_whatever_the_umask(tmp_path: Path) -> None:
    umask = os.umask(0o077)
    try:
        made = own_folder(tmp_path / "data")
    finally:
        os.umask(umask)
    assert made.stat().st_mode & 0o777 == 0o711


def test_a_folder_that_is_there_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert own_folder(tmp_path).stat().st_mode & 0o777 == 0o700


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(DiskFullError, match="cannot write"):
        own_folder(tmp_path / "data")

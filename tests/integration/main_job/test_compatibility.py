"""The rows of the compatibility matrix that need no plugins of their own; `nox -s compat` runs all."""

import sys
from pathlib import Path

import pytest
from compat_comparison import differences
from compat_rows import Row, read_rows


@pytest.mark.parametrize("row", [row for row in read_rows() if row.is_short], ids=lambda row: row.name)
def test_a_suite_with_plugins_ends_as_under_plain_pytest(row: Row, tmp_path: Path) -> None:
    found = differences(row, Path(sys.executable), tmp_path)
    assert found.keys() == row.differs.keys(), "\n".join(f"{aspect}: {seen}" for aspect, seen in found.items())

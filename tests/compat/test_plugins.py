"""What plugins and options do under ci-toolkit is what they do under plain pytest: the rows, each with its plugins."""

import shutil
from pathlib import Path

import pytest
from compat_comparison import differences
from compat_environments import Environments
from compat_rows import Row, read_rows


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Environments:
    return Environments(tmp_path_factory.mktemp("environments"))


@pytest.mark.parametrize("row", read_rows(), ids=lambda row: row.name)
def test_a_suite_ends_as_under_plain_pytest(row: Row, environments: Environments, tmp_path: Path) -> None:
    if missing := [program for program in row.needs if shutil.which(program) is None]:
        pytest.skip(f"needs {', '.join(missing)}")
    found = differences(row, environments.python(row.requires), tmp_path)
    assert found.keys() == row.differs.keys(), "\n".join(f"{aspect}: {seen}" for aspect, seen in found.items())

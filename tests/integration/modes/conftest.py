import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "main_job"))  # the suite in a folder of its own

from main_job_project import Project

NOT_NEEDED = ("-p no:asyncio", "-p no:hypothesispytest", "-p no:rerunfailures")
"""Plugins that cost a start of pytest half a second and that these tests are not about."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.write({"pytest.ini": f"[pytest]\naddopts = {' '.join(NOT_NEEDED)}\n"})
    return made

"""A host whose warnings are errors, in an environment with every extra of ours."""

import subprocess
import sys

import pytest
from main_job_project import Project

STRICT = "[pytest]\nfilterwarnings = error\n"
SUITE = "def test_one(): pass\ndef test_two(): pass\n"


def plain(project: Project, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "pytest", *args],
        cwd=project.folder,
        env=project.environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("args", [(), ("-n", "2")])
def test_no_plugin_that_our_extras_bring_warns_at_the_start_of_plain_pytest(
    project: Project, args: tuple[str, ...]
) -> None:
    project.write({"pytest.ini": STRICT, "test_a.py": SUITE})
    ended = plain(project, *args)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "2 passed" in ended.stdout


def test_a_strict_suite_passes_in_shards_too(project: Project) -> None:
    project.write({"pytest.ini": STRICT, "test_a.py": SUITE, "test_b.py": SUITE})
    ended = project.ci_toolkit("run", "--shards", "2")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_hosts_own_warnings_stay_errors(project: Project) -> None:
    conftest = "import warnings\ndef pytest_configure(config): warnings.warn('old setting', DeprecationWarning)\n"
    project.write({"pytest.ini": STRICT, "conftest.py": conftest, "test_a.py": SUITE})
    without_us = plain(project, "-p", "no:ci-toolkit", "-p", "no:asyncio")
    ended = plain(project)
    assert "old setting" in ended.stdout + ended.stderr
    assert ended.returncode == without_us.returncode  # an older pytest only shows what warns this early

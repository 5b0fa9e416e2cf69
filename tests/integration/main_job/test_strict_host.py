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


FAILS_TWICE = """
import pytest

TRIES = []

@pytest.mark.flaky{told}
def test_flaky():
    TRIES.append(1)
    assert len(TRIES) > 2
"""


@pytest.mark.parametrize(
    ("told", "pyproject", "args", "reruns"),
    [
        ("(reruns=3)", "", (), 2),
        ("(max_runs=3)", "", (), 0),  # another plugin's
        ("", "", (), 0),  # the host's own
        ("", "[tool.ci-toolkit]\n", (), 1),
        ("", "", ("--reruns", "2"), 1),
    ],
)
def test_our_plugin_for_reruns_leaves_marks_alone_that_do_not_speak_of_reruns(
    project: Project, told: str, pyproject: str, args: tuple[str, ...], reruns: int
) -> None:
    came_with_our_extra = project.folder / "packages" / "pytest_rerunfailures-16.7.dist-info"
    project.write(
        {
            "packages/pytest_rerunfailures-16.7.dist-info/METADATA": "Name: pytest-rerunfailures\nVersion: 16.7\n",
            "tests/test_a.py": FAILS_TWICE.format(told=told),
            "pyproject.toml": pyproject,
        }
    )
    program = f"import sys, pytest; sys.path.insert(0, {str(came_with_our_extra.parent)!r}); sys.exit(pytest.main())"
    ended = subprocess.run(
        [sys.executable, "-c", program, "tests", *args],
        cwd=project.folder,
        env=project.environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (f"{reruns} rerun" in ended.stdout) == bool(reruns), ended.stdout
    assert ended.returncode == (0 if reruns == 2 else 1)

"""`ci-toolkit flaky`, with real runs of a small suite that hides each kind of dependence."""

import json
import signal
from pathlib import Path

import pytest
from main_job_project import PLAIN, Project

SUITE = {
    "state.py": "table = {}\n",
    "test_a.py": "import state\ndef test_1(): state.table['dirty'] = 1\ndef test_2(): pass\n",
    "test_b.py": "import state\nstate.table['loaded'] = 1\n\ndef test_1(): pass\n",
    "test_v.py": "import state\n"
    "def test_imported(): assert 'loaded' not in state.table\n"
    "def test_polluted(): assert 'dirty' not in state.table\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("forensics"))
    (project.folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    project.write(SUITE)
    assert project.ci_toolkit("run", "--shards", "1", "--no-history", "--", *PLAIN).returncode == 1
    return project


def bisect(project: Project, test: str) -> tuple[int, list[str], str]:
    done = project.ci_toolkit("flaky", "bisect", f"test_v.py::{test}")
    return done.returncode, done.stdout.splitlines(), done.stderr


def test_the_polluter_is_found_although_somebody_interrupts(project: Project) -> None:
    with project.start("flaky", "bisect", "test_v.py::test_polluted") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "run 2: " in line:
                process.send_signal(signal.SIGINT)
                break
        rest = process.stdout.read()
    assert process.returncode == 130
    assert "2 are kept: the same command goes on from there" in rest
    code, lines, said = bisect(project, "test_polluted")
    assert (code, lines[:2]) == (0, ["test_v.py::test_polluted passes alone and fails after:", "  test_a.py::test_1"])
    assert "2 earlier replays count" in said
    assert "run 1: " not in said

    again = project.ci_toolkit("flaky", "rerun", "test_v.py::test_polluted", "--as", "shard", "1")
    assert again.returncode == 1
    assert again.stdout.startswith(
        "test_v.py::test_polluted, after 1 test of shard 1, which a bisection found among 4: failed 1 of 1 time"
    )
    assert "signature" in again.stdout


def test_a_rerun_names_the_signature_of_the_run(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write({"test_a.py": "def test_1(): assert [1] == [2]\n"})
    assert project.ci_toolkit("run", "--shards", "1", "--no-history", "--", *PLAIN).returncode == 1
    (failure,) = json.loads((project.out / "verdict.json").read_text())["failures"]

    again = project.ci_toolkit("flaky", "rerun", "test_a.py::test_1")

    assert f"signature {failure['signature']}" in again.stdout


def test_an_import_that_pollutes_is_found(project: Project) -> None:
    code, lines, _ = bisect(project, "test_imported")
    assert (code, lines[1]) == (0, "  the import of test_b.py, whether or not its tests run")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("test_v.py::test_poluted",), "Did you mean 'test_v.py::test_polluted'?"),
        (("test_v.py::test_polluted", "--as", "shard", "7"), "there is no bundle of shard 7"),
        (("test_v.py::test_polluted", "--plan", "gone.json"), "there is no run to replay"),
    ],
)
def test_a_test_that_did_not_run_is_a_usage_error(project: Project, args: tuple[str, ...], said: str) -> None:
    done = project.ci_toolkit("flaky", "rerun", *args)
    assert done.returncode == 2
    assert said in done.stderr

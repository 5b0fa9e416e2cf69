import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from main_job_project import PLAIN, Project

SLOW = {
    f"test_{n}.py": f"import time\ndef test_quick(): pass\ndef test_slow_{n}(): time.sleep(600)\ndef test_after(): pass\n"
    for n in (1, 2)
}
QUICK = {f"test_{n}.py": "def test_a(): pass\ndef test_b(): pass\n" for n in range(4)}


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in 120 s"
        time.sleep(0.02)


def journal_text(project: Project, index: int) -> str:
    return "".join(path.read_text() for path in (project.results / f"shard-{index}/journal").glob("*.jsonl"))


@pytest.mark.parametrize("extra", [(), ("-n", "2")])
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("import os; os._exit(0)", "exit status 0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
    ],
)
def test_a_test_that_kills_its_process_is_its_own_error_and_the_rest_goes_on(
    project: Project, body: str, reason: str, extra: tuple[str, ...]
) -> None:
    project.write({"test_it.py": f"def test_before(): pass\ndef test_killer():\n    {body}\ndef test_after(): pass\n"})
    done = project.ci_toolkit("run", "--shards", "1", "--", *PLAIN, *extra)
    assert done.returncode == 1, done.stdout
    assert project.verdict["counts"]["passed"] == 2
    (failure,) = project.verdict["failures"]
    assert failure["node_id"] == "test_it.py::test_killer"
    assert (reason if not extra else "worker died") in failure["message"]


def test_a_file_that_kills_its_process_at_import_is_an_error_and_the_rest_goes_on(project: Project) -> None:
    project.write({"test_a.py": "def test_a(): pass\n", "test_b.py": "import os; os._exit(3)\n"})
    assert project.ci_toolkit("run", "--shards", "1", "--", *PLAIN).returncode == 1
    assert project.verdict["counts"]["passed"] == 1
    assert [failure["node_id"] for failure in project.verdict["failures"]] == ["test_b.py"]


@pytest.mark.parametrize("extra", [(), ("-n", "2")])
def test_a_test_over_its_time_limit_is_its_own_error_with_its_stack(project: Project, extra: tuple[str, ...]) -> None:
    project.write({"test_it.py": "import time\ndef test_hangs(): time.sleep(600)\ndef test_after(): pass\n"})
    done = project.ci_toolkit("run", "--shards", "1", "--test-timeout", "5", "--", *PLAIN, *extra)
    assert done.returncode == 1, done.stdout
    assert project.verdict["counts"]["passed"] == 1
    (failure,) = project.verdict["failures"]
    assert "time limit of 5 s" in failure["message"]
    assert "in test_hangs" in failure["detail"]


def test_sigkill_of_a_shard_leaves_what_finished_and_names_the_test_in_flight(project: Project) -> None:
    project.write(SLOW)
    project.ci_toolkit("plan", "--shards", "2", "--", *PLAIN).check_returncode()
    shard = project.start("shard", "1")
    wait_for(lambda: '"t":"start","i":1' in journal_text(project, 1))
    shard.kill()
    shard.communicate()
    done = project.merge()
    assert done.returncode == 5
    assert project.verdict["status"] == "incomplete"
    assert project.verdict["counts"]["passed"] == 1
    lost = {test["node_id"]: test["reason"] for test in project.verdict["lost"]}
    assert "was running" in lost["test_1.py::test_slow_1"]
    assert "never ran" in lost["test_1.py::test_after"]
    assert "no bundle" in lost["test_2.py"]


def test_sigkill_of_a_shard_ends_its_pytest_too(project: Project) -> None:
    project.write(SLOW)
    project.ci_toolkit("plan", "--shards", "1", "--", *PLAIN).check_returncode()
    shard = project.start("shard", "1")
    wait_for(lambda: '"t":"start","i":1' in journal_text(project, 1))
    pid = int(journal_text(project, 1).partition('"pid":')[2].partition(",")[0])
    shard.kill()
    shard.communicate()
    wait_for(lambda: not Path(f"/proc/{pid}").exists() or "(zombie)" in Path(f"/proc/{pid}/status").read_text())


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_shard_closes_its_bundle_and_exits_130(project: Project, signum: signal.Signals) -> None:
    project.write(SLOW)
    project.ci_toolkit("plan", "--shards", "1", "--", *PLAIN).check_returncode()
    shard = project.start("shard", "1")
    wait_for(lambda: '"t":"start","i":1' in journal_text(project, 1))
    shard.send_signal(signum)
    shard.communicate()
    assert shard.returncode == 130
    assert project.merge().returncode == 5
    (report,) = project.verdict["shards"]
    assert (report["state"], report["reason"]) == ("stopped", signum.name)


@pytest.fixture
def finished(project: Project) -> Project:
    """A project with the bundles of two finished shards, all green."""
    project.write({**QUICK, ".coveragerc": "[run]\nsource = .\n"})
    project.plan_and_run(2, "--coverage")
    return project


def breaches(project: Project) -> str:
    return " ".join(breach["message"] for breach in project.verdict["breaches"])


def test_two_finished_shards_are_green(finished: Project) -> None:
    assert finished.merge().returncode == 0
    assert finished.verdict["counts"]["passed"] == 8


def test_a_missing_shard_is_incomplete_and_its_files_are_named(finished: Project) -> None:
    shutil.rmtree(finished.results / "shard-2")
    assert finished.merge().returncode == 5
    assert {lost["shard"] for lost in finished.verdict["lost"]} == {2}
    assert len(finished.verdict["lost"]) == 2


def test_a_shard_that_is_there_twice_is_incomplete(finished: Project) -> None:
    shutil.copytree(finished.results / "shard-1", finished.results / "again" / "shard-1")
    assert finished.merge().returncode == 5
    assert "shard 1 is there 2 times" in breaches(finished)


def test_a_bundle_of_another_plan_is_incomplete(finished: Project) -> None:
    finished.ci_toolkit("plan", "--shards", "2", "--", *PLAIN, "-k", "test_a").check_returncode()
    assert finished.merge().returncode == 5
    assert "followed another plan" in breaches(finished)


def test_a_truncated_journal_loses_no_finished_test_and_names_the_others(finished: Project) -> None:
    journal = finished.results / "shard-1/journal/1-main.jsonl"
    text = journal.read_bytes()
    end_of_first_test = text.index(b'"w":"teardown"')
    journal.write_bytes(text[: text.index(b"\n", end_of_first_test) + 20])
    assert finished.merge().returncode == 5
    assert finished.verdict["counts"]["passed"] == 5
    assert len(finished.verdict["lost"]) == 3


def test_a_garbled_journal_line_is_named_and_the_rest_counts(finished: Project) -> None:
    journal = finished.results / "shard-1/journal/1-main.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if b'"w":"call"' in line)
    lines[at] = b'{"t":"phase","i":\xff\xfe}\n'
    journal.write_bytes(b"".join(lines))
    assert finished.merge().returncode == 5
    assert f"shard-1/journal/1-main.jsonl line {at + 1} is garbled" in breaches(finished)
    assert (finished.verdict["counts"]["passed"], finished.verdict["counts"]["lost"]) == (7, 1)


def test_an_empty_journal_is_incomplete(finished: Project) -> None:
    (finished.results / "shard-1/journal/1-main.jsonl").write_bytes(b"")
    assert finished.merge().returncode == 5
    assert "is empty" in breaches(finished)


def test_a_deleted_journal_is_incomplete(finished: Project) -> None:
    (finished.results / "shard-2/journal/1-main.jsonl").unlink()
    assert finished.merge().returncode == 5
    assert "1-main.jsonl is missing" in breaches(finished)


def test_damaged_coverage_is_incomplete_and_named(finished: Project) -> None:
    (data,) = (finished.results / "shard-1/coverage").rglob(".coverage*")
    data.write_bytes(data.read_bytes()[:100])
    assert finished.merge().returncode == 5
    assert "shard 1 has coverage data that cannot be used: coverage/1/.coverage" in breaches(finished)


def test_coverage_of_another_shard_is_incomplete(finished: Project) -> None:
    (ours,) = (finished.results / "shard-1/coverage").rglob(".coverage*")
    (theirs,) = (finished.results / "shard-2/coverage").rglob(".coverage*")
    shutil.copyfile(theirs, ours)
    assert finished.merge().returncode == 5
    assert "is not the file that the shard wrote" in breaches(finished)


def test_a_path_that_leaves_the_bundle_is_refused(finished: Project) -> None:
    card = finished.results / "shard-1/shard.json"
    card.write_text(card.read_text().replace("coverage/1/.coverage", "../shard-2/coverage/1/.coverage"))
    assert finished.merge().returncode == 5
    assert "names a file outside its bundle" in breaches(finished)


def test_a_journal_that_is_a_link_is_refused(finished: Project) -> None:
    journal = finished.results / "shard-1/journal/1-main.jsonl"
    elsewhere = journal.rename(finished.folder / "stolen.jsonl")
    journal.symlink_to(elsewhere)
    assert finished.merge().returncode == 5
    assert "1-main.jsonl cannot be read" in breaches(finished)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small tmpfs; run the tests in a container as root")
def test_a_full_disk_is_said_and_never_green(project: Project) -> None:
    project.write({"test_it.py": "import pytest\n@pytest.mark.parametrize('n', range(5000))\ndef test_it(n): pass\n"})
    project.ci_toolkit("plan", "--shards", "1", "--", *PLAIN).check_returncode()
    disk = project.folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(disk)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a tmpfs; run the tests in a privileged container")
    try:
        done = project.ci_toolkit("shard", "1", "--results", str(disk))
        merged = project.merge("--results", str(disk))
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
    assert done.returncode == 4, done.stderr
    assert "No space left on device" in done.stderr
    assert merged.returncode == 5
    counts = project.verdict["counts"]
    assert counts["passed"] > 100
    assert counts["passed"] + counts["lost"] == 5000

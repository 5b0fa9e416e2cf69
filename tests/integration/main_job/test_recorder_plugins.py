"""What conftest files and plugins do to items, reports and the process: what runs counts, what does not is told."""

import pytest
from main_job_project import PLAIN, Project

TWO = "def test_a(): pass\ndef test_b(): assert 0, 'the clue'\n"
PASSES = "def test_a(): pass\ndef test_b(): pass\n"


def run_both_ways(project: Project, *options: str, shards: int = 1) -> int:
    """Run the suite plainly and in shards, assert that both saw the same, and return the exit status of ours."""
    plain = project.plain_pytest(*options)
    done = project.ci_toolkit("run", "--shards", str(shards), "--", *PLAIN, *options)
    assert project.verdict["counts"]["lost"] == 0, done.stdout
    assert project.merged() == plain
    return done.returncode


# --- items ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("-n", "2")])
@pytest.mark.parametrize(
    "change",
    [
        "items.extend([item for item in items if item.name == 'test_b'])",
        "items[:] = [item for item in items for _ in range(3)]",
        "items[:0] = items[-1:]",
    ],
)
def test_a_test_that_is_run_twice_counts_as_often_as_in_plain_pytest(
    project: Project, change: str, options: tuple[str, ...]
) -> None:
    project.write({"test_it.py": TWO, "conftest.py": f"def pytest_collection_modifyitems(items): {change}\n"})
    assert run_both_ways(project, *options) == 1


def test_a_test_that_is_run_twice_and_kills_its_process_the_second_time_loses_no_other(project: Project) -> None:
    conftest = "def pytest_collection_modifyitems(items): items.extend(list(items))\n"
    kills = "import os\nRUNS = []\ndef test_a():\n    RUNS.append(1)\n    if len(RUNS) == 2: os._exit(9)\ndef test_b(): pass\n"
    project.write({"test_it.py": kills, "conftest.py": conftest})
    assert project.ci_toolkit("run", "--shards", "1", "--", *PLAIN).returncode == 1
    counts = project.verdict["counts"]
    assert (counts["passed"], counts["errors"], counts["lost"], counts["total"]) == (3, 1, 0, 4)


@pytest.mark.parametrize(
    "change",
    [
        "items[:] = [item for item in items if item.name != 'test_b']",
        "del items[1:2]",
        "items.sort(key=lambda item: item.name, reverse=True); del items[:1]",
    ],
)
def test_a_test_that_a_conftest_removes_without_a_word_is_noted(project: Project, change: str) -> None:
    project.write({"test_it.py": TWO, "conftest.py": f"def pytest_collection_modifyitems(items): {change}\n"})
    assert run_both_ways(project) == 0
    assert any("1 test was collected and then removed" in note for note in project.verdict["notes"])


def test_a_test_that_is_deselected_is_not_called_removed(project: Project) -> None:
    announced = "def pytest_collection_modifyitems(config, items):\n    config.hook.pytest_deselected(items=items[1:])\n    del items[1:]\n"
    project.write({"test_it.py": TWO, "conftest.py": announced})
    assert run_both_ways(project) == 0
    assert [note for note in project.verdict["notes"] if "removed" in note] == []
    assert any("1 test deselected" in note for note in project.verdict["notes"])


@pytest.mark.parametrize("change", ["del items[::10]", "items.extend(items[:3])"])
def test_the_pieces_of_a_cut_file_add_up_where_tests_are_removed_or_added(project: Project, change: str) -> None:
    large = "".join(f"def test_{n}(): pass\n" for n in range(40))
    project.write({"test_it.py": large, "conftest.py": f"def pytest_collection_modifyitems(items): {change}\n"})
    done = project.ci_toolkit("run", "--shards", "2", "--", *PLAIN)
    assert done.returncode == 0, done.stdout
    assert "1 cut file, its pieces add up" in project.verdict["proof"]["statement"]


def test_a_mission_critical_test_that_is_removed_while_another_is_added_is_missed(project: Project) -> None:
    critical = "import pytest\n@pytest.mark.mission_critical\ndef test_critical(): pass\ndef test_other(): pass\n"
    conftest = "def pytest_collection_modifyitems(items): items[:1] = items[1:]\n"
    project.write({"test_it.py": critical, "conftest.py": conftest})
    assert project.ci_toolkit("run", "--shards", "1", "--", *PLAIN).returncode != 0


# --- reports ----------------------------------------------------------------------------------------

TRIES_AGAIN = """
import pytest
from _pytest.runner import runtestprotocol

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    for last in (False, True):
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        failed = any(report.failed for report in reports)
        for report in reports:
            if not last and report.failed: report.outcome = OUTCOME
            item.ihook.pytest_runtest_logreport(report=report)
        if not failed: break
    return True
"""
FLAKY = "TRIES = []\ndef test_flaky():\n    TRIES.append(1)\n    assert len(TRIES) > 1\ndef test_ok(): pass\n"


@pytest.mark.parametrize("outcome", ["retried", "rerun", "flaky"])
def test_an_outcome_that_only_a_plugin_knows_is_a_try_that_another_follows(project: Project, outcome: str) -> None:
    project.write({"test_it.py": FLAKY, "conftest.py": TRIES_AGAIN.replace("OUTCOME", repr(outcome))})
    done = project.ci_toolkit("run", "--shards", "1", "--", *PLAIN)
    assert done.returncode == 0, done.stdout
    counts = project.verdict["counts"]
    assert (counts["passed"], counts["flaky"], counts["total"]) == (2, 1, 2)


def test_an_outcome_that_only_a_plugin_knows_and_no_other_try_follows_is_a_failure(project: Project) -> None:
    conftest = (
        "import pytest\n"
        "@pytest.hookimpl(wrapper=True)\n"
        "def pytest_runtest_makereport(item, call):\n"
        "    report = yield\n"
        "    if report.failed: report.outcome = 'quarantined'\n"
        "    return report\n"
    )
    project.write({"test_it.py": TWO, "conftest.py": conftest})
    done = project.ci_toolkit("run", "--shards", "1", "--", *PLAIN)
    assert done.returncode == 1, done.stdout
    (failure,) = project.verdict["failures"]
    assert failure["node_id"] == "test_it.py::test_b"
    assert "outcome 'quarantined'" in failure["message"]
    assert "the clue" in failure["message"]


def test_one_failed_report_of_an_unknown_phase_is_an_error_as_in_pytests_junit_and_ends_the_test(
    project: Project,
) -> None:
    conftest = """
import pytest
from _pytest.runner import CallInfo, pytest_runtest_makereport

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    call = CallInfo.from_call(lambda: 0 / 0, when="???")
    if item.name == "test_b":
        item.ihook.pytest_runtest_logreport(report=pytest_runtest_makereport(item, call))
        return True
"""
    project.write({"test_it.py": PASSES, "conftest.py": conftest})
    done = project.ci_toolkit("run", "--shards", "1", "--", *PLAIN)
    assert done.returncode == 1, done.stdout
    counts = project.verdict["counts"]
    assert (counts["passed"], counts["errors"], counts["lost"], counts["total"]) == (1, 1, 0, 2)


def test_a_protocol_that_reports_nothing_leaves_no_outcome_and_ends(project: Project) -> None:
    project.write({"test_it.py": PASSES, "conftest.py": "def pytest_runtest_protocol(item): return True\n"})
    done = project.ci_toolkit("run", "--shards", "1", "--", *PLAIN)
    assert done.returncode == 5, done.stdout
    assert (project.verdict["counts"]["passed"], project.verdict["counts"]["lost"]) == (0, 2)


def test_a_failure_whose_text_cannot_be_made_is_a_failure(project: Project) -> None:
    conftest = (
        "import pytest\n"
        "@pytest.hookimpl(wrapper=True)\n"
        "def pytest_runtest_makereport(item, call):\n"
        "    report = yield\n"
        "    if report.failed: report.longrepr = Bad()\n"
        "    return report\n"
        "class Bad:\n"
        "    SHOWN = 0\n"
        "    def toterminal(self, out):\n"
        "        Bad.SHOWN += 1\n"
        "        if Bad.SHOWN == 1: raise RuntimeError('no text')\n"
    )
    project.write({"test_it.py": TWO, "conftest.py": conftest})
    assert project.ci_toolkit("run", "--shards", "1", "--", *PLAIN).returncode == 1
    (failure,) = project.verdict["failures"]
    assert "RuntimeError: no text" in failure["message"]


# --- how the process ends ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", [74, 5, 3])
def test_any_exit_status_of_a_test_is_its_own_error(project: Project, status: int) -> None:
    dies = f"import os\ndef test_before(): pass\ndef test_dies(): os._exit({status})\ndef test_after(): pass\n"
    project.write({"test_it.py": dies})
    done = project.ci_toolkit("run", "--shards", "1", "--", *PLAIN)
    assert done.returncode == 1, done.stdout
    counts = project.verdict["counts"]
    assert (counts["passed"], counts["errors"], counts["lost"]) == (2, 1, 0)
    assert f"exit status {status}" in project.verdict["failures"][0]["message"]


@pytest.mark.parametrize(
    ("conftest", "body"),
    [
        ("import atexit, os\natexit.register(os._exit, 5)\n", PASSES),
        ("import atexit, os\natexit.register(os._exit, 0)\n", TWO),
        ("def pytest_sessionfinish(session): session.exitstatus = 5\n", PASSES),
        ("import os\ndef pytest_unconfigure(): 'test_it' in sys.modules and os._exit(74)\nimport sys\n", PASSES),
    ],
)
def test_how_the_process_ends_after_its_last_test_makes_nothing_green(
    project: Project, conftest: str, body: str
) -> None:
    project.write({"test_it.py": body, "conftest.py": conftest})
    done = project.ci_toolkit("run", "--shards", "1", "--", *PLAIN)
    assert done.returncode == 1, done.stdout
    assert project.verdict["counts"]["lost"] == 0


def test_an_xdist_worker_that_ends_with_5_loses_nothing(project: Project) -> None:
    conftest = "import atexit, os\nif 'PYTEST_XDIST_WORKER' in os.environ: atexit.register(os._exit, 5)\n"
    project.write({"test_it.py": TWO, "conftest.py": conftest})
    assert run_both_ways(project, "-n", "2") == 1

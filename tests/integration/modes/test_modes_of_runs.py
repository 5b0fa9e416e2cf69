import itertools
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from main_job_project import Project

HANG = """
import time
def test_quick(): pass
def test_hangs():
    while True:
        try: time.sleep(60)
        except KeyboardInterrupt: pass
def test_after(): pass
"""
ODD = """
import os, time
import pytest

def test_forks_a_child_that_stays():
    if os.fork() == 0:
        time.sleep(600)
        os._exit(0)

def test_forks_a_child_that_runs_on():
    os.fork()

@pytest.fixture
def fails_after():
    yield
    raise RuntimeError("in teardown")

def test_fails_in_teardown(fails_after): pass

@pytest.fixture
def hangs_after():
    yield
    while True:
        try: time.sleep(60)
        except KeyboardInterrupt: pass

def test_hangs_in_teardown(hangs_after): pass
def test_never_begins(): pass
"""
FAST = """
[tool.ci-toolkit.modes.fast_feedback]
categories = ["unit"]
budget-seconds = 5
strictness = "lenient"
fail-fast = "never"
"""
ROOMS = {
    "tests/unit/test_u.py": "def test_u(): pass\n",
    "tests/integration/test_i.py": "import pytest\ndef test_i(): pass\n@pytest.mark.mission_critical\ndef test_ic(): pass\n",
    "tests/e2e/test_e.py": "def test_e(): pass\n",
    "tests/mission_critical/test_m.py": "def test_m(): pass\n",
    "tests/test_plain.py": "import pytest\ndef test_plain(): pass\n@pytest.mark.unit\ndef test_marked(): pass\n",
}


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in 120 s"
        time.sleep(0.02)


def ran(project: Project) -> set[str]:
    return {name for _, name, outcome in project.merged() if outcome != "Skipped"}


def breaches(project: Project, gate: str) -> list[str]:
    return [breach["message"] for breach in project.verdict["breaches"] if breach["gate"] == gate]


def names(tests: list[dict[str, Any]]) -> set[str]:
    return {test["node_id"].rpartition("::")[2] for test in tests}


# --- budget ---------------------------------------------------------------------------------------


def plan_and_time(project: Project) -> float:
    """Plan, and return how long that took: what one start of pytest costs on this machine, as busy as it is now."""
    begun = time.monotonic()
    project.ci_toolkit("plan", "--shards", "1", "--mode", "fast_feedback").check_returncode()
    return time.monotonic() - begun


def run_in_budget(project: Project, *words: str, start: float | None = None) -> None:
    """Run the one shard with a budget that leaves time for tests on this machine, see that it holds, and merge.

    The budget, and what may come on top of it, are counted in starts of pytest as this machine makes them now.
    """
    start = plan_and_time(project) if start is None else start
    budget = 4 + 5 * start
    project.ci_toolkit("shard", "1", "--budget", f"{budget:.1f}", *words)
    project.merge()
    (shard,) = project.verdict["shards"]
    assert shard["actual_seconds"] < budget + 5 + 5 * start


@pytest.mark.parametrize("extra", [(), ("--", "-n", "1")])
def test_a_hanging_test_fails_by_half_the_budget_and_does_not_stretch_it(
    project: Project, extra: tuple[str, ...]
) -> None:
    project.write({"pyproject.toml": FAST, "tests/unit/test_hang.py": HANG})
    run_in_budget(project, *extra)
    verdict = project.verdict
    assert verdict["status"] == "failed"
    (failure,) = verdict["failures"]
    assert failure["node_id"].endswith("::test_hangs")
    assert re.search("ran over its time limit|was still running when the budget", failure["message"])
    assert {"test_after"} == ran(project) - {"test_quick", "test_hangs"} | names(verdict["left_out"])
    assert (verdict["counts"]["total"], verdict["counts"]["lost"]) == (3, 0)


def test_forks_and_teardowns_that_fail_or_hang_leave_a_whole_verdict_within_the_budget(project: Project) -> None:
    project.write({"pyproject.toml": FAST, "tests/unit/test_odd.py": ODD})
    run_in_budget(project)
    verdict = project.verdict
    assert verdict["status"] == "failed"
    assert names(verdict["failures"]) == {"test_fails_in_teardown", "test_hangs_in_teardown"}
    assert names(verdict["left_out"]) <= {"test_never_begins"}
    assert (verdict["counts"]["total"], verdict["counts"]["lost"]) == (5, 0)


def test_a_process_that_hangs_after_its_last_test_is_ended_and_has_left_nothing_out(project: Project) -> None:
    hang = "import time\ndef pytest_sessionfinish(): time.sleep(600)\n"
    project.write({"pyproject.toml": FAST, "conftest.py": hang, "tests/unit/test_u.py": "def test_u(): pass\n"})
    run_in_budget(project, start=plan_and_time_without(project, "conftest.py"))
    assert project.verdict["exit_code"] == 0
    assert (ran(project), project.verdict["left_out"]) == ({"test_u"}, [])


def plan_and_time_without(project: Project, name: str) -> float:
    """Plan while the file ``name`` is not there."""
    path = project.folder / name
    aside = path.rename(path.with_suffix(".aside"))
    seconds = plan_and_time(project)
    aside.rename(path)
    return seconds


def test_no_process_of_a_test_that_forks_outlives_the_shard(project: Project) -> None:
    project.write({"tests/unit/test_fork.py": ODD.partition("@pytest.fixture")[0]})
    assert project.ci_toolkit("run", "--shards", "1").returncode == 0
    group = re.search(r'"pid":(\d+)', (project.results / "shard-1/journal/1-main.jsonl").read_text())
    assert group is not None
    wait_for(lambda: not living_members(int(group[1])))


def living_members(group: int) -> list[str]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(status.parent.name)
    return found


def test_the_whole_run_keeps_its_budget_and_runs_mission_critical_tests_first(project: Project) -> None:
    project.write({"pyproject.toml": FAST, "tests/unit/test_hang.py": HANG, **ROOMS})
    start = plan_and_time(project)
    budget = 4 + 9 * start
    begun = time.monotonic()
    done = project.ci_toolkit("run", "--execution-mode", "fast_feedback", "--shards", "1", "--budget", f"{budget:.1f}")
    assert time.monotonic() - begun < budget + 5 + 9 * start, done.stderr
    assert done.returncode == 1, done.stdout
    assert {"test_m", "test_ic"} <= ran(project)
    assert names(project.verdict["failures"]) == {"test_hangs"}
    assert project.verdict["counts"]["lost"] == 0


def test_ctrl_c_of_a_run_gives_a_verdict_with_every_test_in_it(project: Project) -> None:
    project.write({"tests/unit/test_hang.py": HANG, "tests/integration/test_i.py": "def test_i(): pass\n"})
    run = project.start("run", "--shards", "1", "--category", "unit", "--category", "integration")
    journal = project.results / "shard-1/journal/1-main.jsonl"
    wait_for(lambda: journal.exists() and '"t":"start","i":1' in journal.read_text())
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=120)
    assert run.returncode == 130
    assert project.verdict["status"] == "incomplete"
    assert ran(project) == {"test_quick"}
    assert names(project.verdict["lost"]) == {"test_hangs", "test_after", "tests/integration/test_i.py"}


# --- categories -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "tests"),
    [
        (["--category", "unit"], {"test_u", "test_marked", "test_m", "test_ic"}),
        (["--execution-mode", "commit"], {"test_u", "test_marked", "test_i", "test_m", "test_ic"}),
        (
            ["--execution-mode", "full"],
            {"test_u", "test_marked", "test_plain", "test_i", "test_e", "test_m", "test_ic"},
        ),
        (["--test-file", "tests/e2e/test_e.py"], {"test_e"}),
    ],
)
def test_a_choice_runs_its_categories_and_every_mission_critical_test(
    project: Project, words: list[str], tests: set[str]
) -> None:
    project.write(ROOMS)
    done = project.ci_toolkit("run", "--shards", "1", *words)
    assert done.returncode == 0, done.stdout
    assert ran(project) == tests


def test_categories_run_one_after_the_other(project: Project) -> None:
    project.write(ROOMS)
    assert project.ci_toolkit("run", "--shards", "1", "--execution-mode", "full").returncode == 0
    assert ran(project) == {"test_u", "test_marked", "test_plain", "test_i", "test_e", "test_m", "test_ic"}
    shards = project.json(".ci-toolkit/out/plan.json")["shards"]
    assert [shard["category"] for shard in shards] == ["mission_critical", "", "integration", "e2e"]
    opened = [(project.results / f"shard-{n}/journal/1-main.jsonl").read_text() for n in range(1, 5)]
    times = [(_first_time(text), _last_time(text)) for text in opened]
    assert all(ended <= begun for (_, ended), (begun, _) in itertools.pairwise(times))


def _first_time(journal: str) -> float:
    return float(re.findall(r'"at":([\d.]+)', journal)[0])


def _last_time(journal: str) -> float:
    return float(re.findall(r'"at":([\d.]+)', journal)[-1])


def test_a_category_of_ones_own_is_found_by_directory_and_by_marker(project: Project) -> None:
    project.write(
        {
            "pytest.ini": "[pytest]\naddopts = --strict-markers\n",
            "pyproject.toml": '[tool.ci-toolkit.categories.contract]\ndirectories = ["pacts"]\nafter = ["unit"]\n',
            "tests/pacts/test_p.py": "def test_p(): pass\n",
            "tests/test_a.py": "import pytest\n@pytest.mark.contract\ndef test_c(): pass\ndef test_other(): pass\n",
            "tests/unit/test_u.py": "def test_u(): pass\n",
        }
    )
    done = project.ci_toolkit("run", "--shards", "1", "--category", "contract")
    assert done.returncode == 0, done.stdout
    assert ran(project) == {"test_p", "test_c"}


def test_a_test_with_two_categories_fails_the_run_by_name(project: Project) -> None:
    project.write(
        {
            "tests/e2e/test_a.py": "import pytest\n@pytest.mark.unit\ndef test_a(): pass\n",
            "tests/test_b.py": "import pytest\n@pytest.mark.unit\n@pytest.mark.integration\ndef test_b(): pass\n",
            "tests/unit/test_c.py": "import pytest\n@pytest.mark.mission_critical\ndef test_c(): pass\n",
        }
    )
    assert project.ci_toolkit("run", "--shards", "1").returncode == 1
    first, second = sorted(breaches(project, "categories"))
    assert first.startswith("tests/e2e/test_a.py::test_a is marked unit in a directory of e2e")
    assert second.startswith("tests/test_b.py::test_b is marked integration and unit")


# --- mission-critical -----------------------------------------------------------------------------

CRITICAL = {
    "test_mark_skip.py": "import pytest\n@pytest.mark.skip(reason='later')\ndef test_it(): pass\n",
    "test_call_skip.py": "import pytest\ndef test_it(): pytest.skip('later')\n",
    "test_xfail.py": "import pytest\n@pytest.mark.xfail\ndef test_it(): assert 0\n",
    "test_whole_file.py": "import pytest\npytest.skip('later', allow_module_level=True)\ndef test_it(): pass\n",
    "test_importorskip.py": "import pytest\npytest.importorskip('no_such_module')\ndef test_it(): pass\n",
    "test_works.py": "def test_it(): pass\n",
}


def test_a_mission_critical_test_that_does_not_do_its_work_fails_the_run(project: Project) -> None:
    project.write({f"tests/mission_critical/{name}": body for name, body in CRITICAL.items()})
    assert project.ci_toolkit("run", "--shards", "1").returncode == 1
    named = {message.split()[0].split("/")[-1] for message in breaches(project, "mission_critical")}
    assert named == {
        "test_mark_skip.py::test_it",
        "test_call_skip.py::test_it",
        "test_xfail.py::test_it",
        "test_whole_file.py",
        "test_importorskip.py",
    }


def test_no_option_leaves_out_a_test_that_is_marked_no_skip(project: Project) -> None:
    tests = "".join(f"@pytest.mark.no_skip\ndef test_{name}(): pass\n" for name in ("k", "d"))
    marked = "@pytest.mark.no_skip\n@pytest.mark.slow\ndef test_m(): pass\n"
    project.write({"tests/unit/test_u.py": f"import pytest\ndef test_u(): pass\n{tests}{marked}"})
    deselect = ("-k", "not test_k", "-m", "not slow", "--deselect", "tests/unit/test_u.py::test_d")
    assert project.ci_toolkit("run", "--shards", "1", "--", *deselect).returncode == 1
    assert ran(project) == {"test_u"}
    messages = breaches(project, "mission_critical")
    assert {message.split()[0][-6:] for message in messages} == {"test_k", "test_m", "test_d"}
    assert all("is mission-critical and was deselected" in message for message in messages)


def test_a_conftest_that_takes_a_mission_critical_test_away_in_silence_is_found_out(project: Project) -> None:
    hook = "def pytest_collection_modifyitems(items): items[:] = [i for i in items if i.name != 'test_it']\n"
    body = "import pytest\ndef test_u(): pass\n@pytest.mark.mission_critical\ndef test_it(): pass\n"
    project.write({"conftest.py": hook, "tests/unit/test_u.py": body})
    assert project.ci_toolkit("run", "--shards", "1").returncode == 1
    assert "test_it is mission-critical and was deselected" in breaches(project, "mission_critical")[0]


# --- fail fast ------------------------------------------------------------------------------------

FAILING = {
    "tests/unit/test_u.py": "def test_1(): assert 0\n" + "".join(f"def test_{n}(): pass\n" for n in range(2, 6)),
    "tests/integration/test_i.py": "def test_i(): pass\n",
}


def test_fast_fail_stops_at_the_first_failure_and_names_the_rest(project: Project) -> None:
    body = "import time\ndef test_1(): assert 0\ndef test_2(): time.sleep(60)\ndef test_3(): pass\n"
    project.write({**FAILING, "tests/unit/test_u.py": body})
    done = project.ci_toolkit("run", "--shards", "1", "--category", "unit", "--category", "integration", "--fast-fail")
    assert done.returncode == 1
    assert project.verdict["status"] == "failed"
    assert project.verdict["counts"]["lost"] == 0
    assert names(project.verdict["left_out"]) == {"test_2", "test_3", "tests/integration/test_i.py"}


@pytest.mark.parametrize(("rule", "goes_on"), [("category", False), ("critical", True)])
def test_a_failed_category_stops_the_next_only_under_a_rule_that_says_so(
    project: Project, rule: str, *, goes_on: bool
) -> None:
    project.write(FAILING)
    done = project.ci_toolkit("run", "--shards", "1", "--mode", "commit", "--fail-fast", rule)
    assert done.returncode == 1
    assert project.verdict["counts"]["failed"] == 1
    assert ({"test_5", "test_i"} if goes_on else {"test_5"}) <= ran(project)
    assert names(project.verdict["left_out"]) == (set() if goes_on else {"tests/integration/test_i.py"})


def test_a_category_has_a_time_limit_for_each_test(project: Project) -> None:
    project.write(
        {
            "pyproject.toml": "[tool.ci-toolkit.categories.unit]\ntest-seconds = 5\n",
            "tests/unit/test_u.py": "import time\ndef test_slow(): time.sleep(60)\ndef test_after(): pass\n",
        }
    )
    assert project.ci_toolkit("run", "--shards", "1").returncode == 1
    assert names(project.verdict["failures"]) == {"test_slow"}
    assert "time limit of 5 s" in project.verdict["failures"][0]["message"]
    assert project.verdict["counts"]["passed"] == 1

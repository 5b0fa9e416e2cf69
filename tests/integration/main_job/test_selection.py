import json

import pytest
from main_job_project import PLAIN, Project

LAST_RUN = ".ci-toolkit/out/last-run.json"
SUITE = {
    "test_a.py": """
import pytest
@pytest.mark.parametrize("n", range(6))
def test_many(n): assert n != 3
@pytest.mark.slow
def test_slow(): pass
""",
    "test_b.py": "def test_one(): pass\ndef test_two(): pass\n",
    "test_c.py": "def test_three(): assert 0\n",
    "pytest.ini": "[pytest]\nmarkers = slow\naddopts = --strict-markers\n",
}


def run(project: Project, *arguments: str) -> int:
    return project.ci_toolkit("run", "--no-history", *arguments, "--", *PLAIN).returncode


def test_a_selection_is_that_of_pytest_and_complete(project: Project) -> None:
    project.write(SUITE)
    words = ("-m", "not slow", "-k", "(many and not 3) or two")
    assert run(project, *words) == 0
    assert project.merged() == project.plain_pytest(*words)


def test_an_expression_that_pytest_cannot_read_is_refused_at_once(project: Project) -> None:
    project.write(SUITE)
    done = project.ci_toolkit("run", "-k", "a and and b")
    assert done.returncode == 2
    assert "Wrong expression passed to '-k'" in done.stderr


def failures(project: Project) -> list[str]:
    return [failure["node_id"] for failure in project.verdict["failures"]]


def test_what_failed_runs_again_until_it_passes(project: Project) -> None:
    project.write(SUITE)
    assert run(project) == 1
    failed = ["test_a.py::test_many[3]", "test_c.py::test_three"]
    assert sorted(failures(project)) == failed
    project.ci_toolkit("run", "--no-such-option")  # a mistake forgets nothing
    project.write({"test_c.py": "def test_three(): pass\n"})
    assert run(project, "--failed") == 1
    assert (failures(project), project.verdict["counts"]["total"]) == (failed[:1], 2)
    assert project.json(LAST_RUN)["failed"] == failed[:1]


def remembered(project: Project, *failed: str) -> None:
    """Let an earlier run have left these failures."""
    project.write({LAST_RUN: json.dumps({"schema": 1, "failed": failed})})


def test_failed_first_runs_everything_in_that_order(project: Project) -> None:
    project.write(
        {
            "conftest.py": "def pytest_runtest_setup(item): open('order', 'a').write(item.name + ' ')\n",
            "test_a.py": "def test_1(): pass\ndef test_2(): pass\ndef test_3(): pass\n",
        }
    )
    remembered(project, "test_a.py::test_2")
    assert run(project, "--shards", "1", "--ff") == 0
    assert (project.folder / "order").read_text().split() == ["test_2", "test_1", "test_3"]


@pytest.mark.parametrize(
    ("words", "ran"),
    [("--lf", ["2"]), ("--ff", ["2", "1", "3"])],
)
def test_the_suites_own_options_ask_for_the_last_run_as_under_pytest(
    project: Project, words: str, ran: list[str]
) -> None:
    project.write(
        {
            "conftest.py": "def pytest_runtest_setup(item): open('order', 'a').write(item.name[-1] + ' ')\n",
            "test_a.py": "def test_1(): pass\ndef test_2(): pass\ndef test_3(): pass\n",
            "pytest.ini": f"[pytest]\naddopts = {words}\n",
        }
    )
    remembered(project, "test_a.py::test_2")
    assert run(project, "--shards", "1") == 0
    assert (project.folder / "order").read_text().split() == ran


def test_an_option_of_the_suite_that_runs_no_test_is_refused(project: Project) -> None:
    project.write({"test_a.py": "def test_1(): pass\n", "pytest.ini": "[pytest]\naddopts = -q --collect-only\n"})
    done = project.ci_toolkit("run", "--no-history")
    assert done.returncode == 2
    assert "--collect-only in addopts runs no test" in done.stderr


def test_a_plan_carries_what_failed_to_its_shards(project: Project) -> None:
    project.write(SUITE)
    remembered(project, "test_a.py::test_many[3]", "test_b.py")
    project.ci_toolkit("plan", "--lf", "--shards", "1", "--no-history", "--", *PLAIN).check_returncode()
    project.ci_toolkit("shard", "1")
    assert project.merge("--no-history").returncode == 1
    assert (project.verdict["status"], project.verdict["counts"]["total"]) == ("failed", 3)


def test_a_run_ends_after_so_many_failures(project: Project) -> None:
    project.write({"test_a.py": "".join(f"def test_{n}(): assert 0\n" for n in range(4))})
    assert run(project, "--shards", "1", "--maxfail", "2") == 1
    counts = project.verdict["counts"]
    assert (counts["failed"], counts["left_out"]) == (2, 2)


def test_a_mission_critical_test_beside_what_failed_is_not_missed(project: Project) -> None:
    project.write(
        {
            "test_a.py": "import pytest\ndef test_1(): pass\n@pytest.mark.mission_critical\ndef test_2(): pass\n",
        }
    )
    remembered(project, "test_a.py::test_1")
    assert run(project, "--failed", "--shards", "1") == 0


def test_a_stepwise_run_goes_on_where_the_last_one_stopped(project: Project) -> None:
    tests = ("def test_1(): pass\n", "def test_2(): assert 0\n", "def test_3(): assert 0\n", "def test_4(): pass\n")
    project.write({"test_a.py": "".join(tests)})

    def stepped(*words: str) -> tuple[list[str], int]:
        run(project, "--shards", "1", *words)
        return [name[-1] for name in failures(project)], project.verdict["counts"]["left_out"]

    assert stepped("--sw") == (["2"], 2)
    assert stepped("--sw") == (["2"], 2)
    assert stepped("--sw-skip") == (["2", "3"], 1)
    project.write({"test_a.py": "".join(tests).replace("assert 0", "pass")})
    assert stepped("--sw") == ([], 0)
    assert project.verdict["counts"]["total"] == 2  # what it stopped at, and what was left
    assert stepped("--sw") == ([], 0)
    assert project.verdict["counts"]["total"] == 4

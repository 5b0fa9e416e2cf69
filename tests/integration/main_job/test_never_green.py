"""Ways in which a run could look better than it is, each tried on the real program."""

import shutil
import subprocess
import time

import msgspec
import pytest
from main_job_project import PLAIN, Project

PASSES = "def test_it(): pass\n"
COVERED = {
    ".coveragerc": "[run]\nsource = pkg\n",
    "pkg/__init__.py": "",
    "pkg/code.py": "def sign(x):\n    if x < 0:\n        return -1\n    return 1\n",
    "test_it.py": "import sys; sys.path.insert(0, '.')\nfrom pkg.code import sign\ndef test_it(): assert sign(1)\n",
}


@pytest.mark.parametrize(
    "command", [("run", "--", "--continue-on-collection-errors"), ("plan", "--collect", "--shards", "1", "--")]
)
def test_a_folder_whose_conftest_cannot_be_imported_is_not_left_out(project: Project, command: tuple[str, ...]) -> None:
    broken = {
        "tests/broken/conftest.py": "import no_such_module\n",
        "tests/broken/test_b.py": "def test_b(): assert 0\n",
    }
    project.write({"tests/test_a.py": PASSES, **broken})
    done = project.ci_toolkit(*command, *PLAIN)
    assert done.returncode == 2
    assert "what is in tests/broken is unknown" in done.stderr


SKIPS_ITSELF = "import pytest\npytest.skip('not now', allow_module_level=True)\n"


@pytest.mark.parametrize(
    ("conftests", "options"),
    [
        ({"tests/mission_critical": 'collect_ignore_glob = ["*"]\n'}, ()),
        ({}, ("--ignore", "tests/mission_critical")),
        ({"tests/mission_critical": SKIPS_ITSELF}, ()),
        ({"shop": SKIPS_ITSELF}, ()),
    ],
)
def test_mission_critical_tests_cannot_be_left_out(
    project: Project, conftests: dict[str, str], options: tuple[str, ...]
) -> None:
    critical = {f"{folder}/mission_critical/test_c.py": PASSES for folder in ("tests", "shop/tests")}
    project.write({"unit/test_a.py": PASSES, **critical})
    project.write({f"{folder}/conftest.py": text for folder, text in conftests.items()})
    done = project.ci_toolkit("run", "--mode", "fast_feedback", "--", *PLAIN, *options)
    assert done.returncode == 2
    assert "mission-critical tests always run" in done.stderr
    assert not (project.out / "verdict.json").exists()


@pytest.mark.parametrize("command", [("run", "--"), ("plan", "--collect", "--shards", "1", "--explain", "--")])
def test_a_folder_that_skips_itself_is_told(project: Project, command: tuple[str, ...]) -> None:
    project.write({"tests/test_a.py": PASSES, "tests/b/conftest.py": SKIPS_ITSELF, "tests/b/test_b.py": PASSES})
    done = project.ci_toolkit(*command, *PLAIN)
    assert done.returncode == 0
    assert "nothing in tests/b runs, for its conftest.py skips all of it: not now" in done.stdout + done.stderr


def test_coverage_without_the_sources_that_git_knows_is_no_coverage(project: Project) -> None:
    project.write(COVERED)
    for arguments in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *arguments], cwd=project.folder, check=True)
    project.plan_and_run(1, "--coverage")
    shutil.rmtree(project.folder / "pkg")
    done = project.merge("--coverage-threshold", "99")
    assert done.returncode == 5
    assert "No source for code" in done.stdout
    assert "check out the sources" in done.stdout


def test_coverage_data_is_found_by_whatever_path_leads_to_it(project: Project) -> None:
    project.write({**COVERED, "deep/pytest.ini": "[pytest]\n"})
    project.plan_and_run(1, "--coverage")
    (project.folder / "linked").symlink_to(project.results)
    for results in ("linked", "deep/../.ci-toolkit/results"):
        done = project.merge("--results", results, "--coverage-threshold", "75")
        assert done.returncode == 0, done.stdout


def test_a_category_that_did_not_run_has_no_coverage_to_judge(project: Project) -> None:
    (project.folder / "pytest.ini").unlink()
    settings = "[tool.ci-toolkit.categories.integration]\ncoverage-threshold = 80\n[tool.pytest.ini_options]\n"
    project.write({**COVERED, "pyproject.toml": settings})
    done = project.ci_toolkit("run", "--coverage", "--", *PLAIN)
    assert done.returncode == 0, done.stdout
    asked = project.ci_toolkit("run", "--category-threshold", "integration=10", "--", *PLAIN)
    assert asked.returncode == 1
    assert "coverage of category integration was not measured" in asked.stdout


def test_a_file_that_one_shard_skips_and_another_cannot_import_is_an_error(project: Project) -> None:
    head = (
        "import os, pytest\n"
        "if os.environ['WHICH'] == '1': pytest.skip('not here', allow_module_level=True)\n"
        "raise RuntimeError('cannot be imported')\n"
    )
    project.write({"test_large.py": head + "".join(f"def test_{n}(): pass\n" for n in range(40))})
    project.ci_toolkit("plan", "--shards", "2", "--", *PLAIN).check_returncode()
    for index in ("1", "2"):
        environment = {**project.environment(), "WHICH": index}
        subprocess.run(project.command("shard", index), cwd=project.folder, env=environment, timeout=120, check=False)
    assert project.merge().returncode == 1
    assert project.verdict["counts"]["errors"] == 1
    assert project.merged() == {("", "test_large", "Error"): 1}


def test_a_failure_counts_even_if_the_budget_ends_in_its_teardown(project: Project) -> None:
    (project.folder / "pytest.ini").unlink()
    mode = '[tool.ci-toolkit.modes.short]\nbudget-seconds = 8\nstrictness = "lenient"\n[tool.pytest.ini_options]\n'
    hangs = """
import time, pytest

@pytest.fixture
def slow_to_go():
    yield
    time.sleep(600)

def test_bad(slow_to_go): assert 0
def test_never(): pass
"""
    project.write({"pyproject.toml": mode, "test_it.py": hangs})
    began = time.monotonic()
    project.ci_toolkit("plan", "--shards", "1", "--", *PLAIN).check_returncode()
    budget = 4 + 6 * (time.monotonic() - began)  # with time to start pytest, as busy as this machine is
    done = project.ci_toolkit("run", "--mode", "short", "--budget", f"{budget:.1f}", "--shards", "1", "--", *PLAIN)
    assert done.returncode == 1, done.stdout
    counts = project.verdict["counts"]
    assert (counts["failed"], counts["left_out"] + counts["passed"], counts["total"]) == (1, 1, 2)
    assert f'tests="{counts["total"] - counts["left_out"]}"' in (project.out / "junit.xml").read_text().splitlines()[1]


def test_a_process_that_dies_between_two_tests_is_told(project: Project) -> None:
    dies = "import os\ndef pytest_runtest_logfinish(nodeid):\n    if 'test_first' in nodeid: os._exit(9)\n"
    project.write({"conftest.py": dies, "test_it.py": "def test_first(): pass\ndef test_second(): pass\n"})
    done = project.ci_toolkit("run", "--shards", "1", "--", *PLAIN)
    assert done.returncode == 1, done.stdout
    assert "exit status 9 between two tests" in done.stdout
    assert project.verdict["counts"]["passed"] == 2


def test_what_is_deselected_is_told_and_so_are_arguments_of_one_shard(project: Project) -> None:
    project.write({"test_it.py": "def test_one(): pass\ndef test_two(): pass\n"})
    project.ci_toolkit("plan", "--shards", "1", "--", *PLAIN).check_returncode()
    project.ci_toolkit("shard", "1", "--", "-k", "one")
    done = project.merge()
    assert "1 test deselected" in done.stdout
    assert "shard 1 was given arguments of its own: -k one" in done.stdout


def test_a_journal_from_beyond_time_is_damaged_and_an_old_verdict_does_not_stay(project: Project) -> None:
    project.write({"test_it.py": PASSES})
    project.plan_and_run(1)
    assert project.merge().returncode == 0
    (journal,) = (project.results / "shard-1/journal").iterdir()
    opened, *rest = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(msgspec.json.encode({**msgspec.json.decode(opened), "at": 1e15}) + b"\n" + b"".join(rest))
    done = project.merge()
    assert done.returncode == 5, done.stderr
    assert project.verdict["status"] == "incomplete"


def test_a_plan_goes_where_it_is_told_and_says_so_where_it_cannot(project: Project) -> None:
    project.write({"test_it.py": PASSES, "file": ""})
    assert project.ci_toolkit("plan", "--shards", "1", "--out", "a/b/plan.json", "--", *PLAIN).returncode == 0
    done = project.ci_toolkit("plan", "--shards", "1", "--out", "file/plan.json", "--", *PLAIN)
    assert done.returncode == 2
    assert "file" in done.stderr
    assert "bug" not in done.stderr


def test_two_files_of_one_module_name_fail_in_shards_as_in_one_process(project: Project) -> None:
    project.write({"a/test_it.py": PASSES, "b/test_it.py": PASSES})
    done = project.ci_toolkit("run", "--shards", "2", "--no-history", "--", *PLAIN)
    assert done.returncode == 1, done.stdout
    assert "import file mismatch" in done.stdout
    done = project.ci_toolkit("run", "--shards", "2", "--no-history", "--", *PLAIN, "--import-mode=importlib")
    assert done.returncode == 0, done.stdout


def test_running_each_test_once_a_worker_is_refused(project: Project) -> None:
    project.write({"test_it.py": PASSES})
    done = project.ci_toolkit("run", "--no-history", "--", *PLAIN, "-n", "2", "--dist", "each")
    assert done.returncode == 2, done.stdout
    assert "--dist each runs every test once a worker" in done.stderr


def test_stepping_in_addopts_is_refused(project: Project) -> None:
    project.write({"test_it.py": PASSES, "pytest.ini": "[pytest]\naddopts = --sw\n"})
    done = project.ci_toolkit("run", "--no-history", "--", *PLAIN)
    assert done.returncode == 2, done.stdout
    assert "`ci-toolkit run --sw` steps through the whole suite" in done.stderr

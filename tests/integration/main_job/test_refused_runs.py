from pathlib import Path

import pytest
from main_job_project import Project

PASSED = {"verdict.json": '{"status": "passed"}', "junit.xml": "<testsuites/>", "report.html": "passed"}
SUITE = {"test_a.py": "def test_a(): pass\n"}


@pytest.mark.parametrize(
    ("words", "files"),
    [
        pytest.param(["merge"], {"plan.json": '{"schema": 1, "sha'}, id="a plan that is cut short"),
        pytest.param(["merge", "--plan", "none.json"], {}, id="no plan"),
        pytest.param(["merge"], {"pyproject.toml": "[tool"}, id="settings that cannot be read"),
        pytest.param(["merge"], {"pyproject.toml": "[tool.ci-toolkit]\nshardz = 2\n"}, id="an unknown setting"),
        pytest.param(["merge", "--coverage-threshold", "many"], {}, id="a value that is none"),
        pytest.param(["merge", "--no-such-option"], {}, id="an unknown option"),
        pytest.param(["run", "--mode", "none"], {}, id="an unknown mode"),
        pytest.param(["run"], {"pyproject.toml": "[tool"}, id="settings of a run that cannot be read"),
        pytest.param(["run", "--category", "none"], {}, id="an unknown category"),
        pytest.param(["run", "no_such_folder"], {}, id="a suite that is not there"),
        pytest.param(["run", "test_a.py::test_a", "test_a.py::test_b"], {}, id="a test that is not there"),
    ],
)
def test_a_run_or_merge_that_is_refused_leaves_no_earlier_report(
    project: Project, words: list[str], files: dict[str, str]
) -> None:
    project.write(SUITE | files | {f"out/{name}": text for name, text in PASSED.items()})
    done = project.ci_toolkit(*words, "--no-history", "--out", "out")
    assert done.returncode == 2, done.stderr
    assert list((project.folder / "out").iterdir()) == []


def test_a_merge_without_a_results_folder_leaves_no_earlier_report(project: Project) -> None:
    project.write(SUITE | {f"out/{name}": text for name, text in PASSED.items()})
    project.ci_toolkit("plan", "--shards", "1", "--no-history").check_returncode()
    assert project.ci_toolkit("merge", "--results", "none", "--no-history", "--out", "out").returncode == 2
    assert list((project.folder / "out").iterdir()) == []


@pytest.mark.parametrize("words", [["--help"], ["--show-settings"]])
def test_asking_for_help_or_settings_removes_nothing(project: Project, words: list[str]) -> None:
    project.write({"out/verdict.json": "{}"})
    project.ci_toolkit("merge", "--out", "out", *words).check_returncode()
    assert (project.folder / "out" / "verdict.json").is_file()


@pytest.mark.parametrize(
    ("words", "files"),
    [
        pytest.param(["--mode", "none"], {}, id="an unknown mode"),
        pytest.param(["--shards", "many"], {}, id="a value that is none"),
        pytest.param(["--github-output"], {}, id="no file for the outputs"),
        pytest.param(["no_such_folder"], {}, id="a suite that is not there"),
        pytest.param([], {"conftest.py": "import no_such_module\n"}, id="a conftest that cannot be imported"),
    ],
)
def test_a_plan_that_is_refused_leaves_no_earlier_plan(
    project: Project, words: list[str], files: dict[str, str]
) -> None:
    project.write(SUITE | files | {"plan.json": "{}"})
    assert project.ci_toolkit("plan", "--shards", "1", "--no-history", *words).returncode == 2
    assert not (project.folder / "plan.json").exists()


def test_a_plan_may_stay_close_to_the_one_that_it_replaces(project: Project) -> None:
    project.write(SUITE)
    project.ci_toolkit("plan", "--shards", "1", "--no-history").check_returncode()
    done = project.ci_toolkit("plan", "--shards", "1", "--no-history", "--previous", "plan.json")
    assert (done.returncode, done.stderr) == (0, "ci-toolkit: looking for the tests\n")
    assert (project.folder / "plan.json").is_file()


def test_two_plans_of_one_suite_are_equal_and_name_different_runs(project: Project) -> None:
    project.write(SUITE)
    plans = []
    for _ in range(2):
        project.ci_toolkit("plan", "--shards", "1", "--no-history").check_returncode()
        plans.append(project.json("plan.json"))
    first, second = plans
    assert first["plan_id"] == second["plan_id"]
    assert first.pop("run_id") != second.pop("run_id")
    assert first == second


def test_an_output_that_is_a_folders_neighbour_of_another_kind_is_a_usage_error(project: Project) -> None:
    project.write(SUITE | {"file": ""})
    done = project.ci_toolkit("plan", "--shards", "1", "--no-history", "--out", "file/plan.json")
    assert done.returncode == 2
    assert "error [file]: file/plan.json: Not a directory" in done.stderr


def test_names_and_files_with_commands_of_a_ci_system_are_printed_as_text(project: Project) -> None:
    project.write(
        {
            "test_##[add-mask]a.py": "import pytest\n"
            "@pytest.mark.parametrize('x', ['##[error]y', '\\r::error::z'])\n"
            "def test_a(x): assert 0, '\\n::error::in the message\\n##vso[task.complete]'\n"
        }
    )
    run = project.start("run", "--shards", "1", "--no-history")
    said, _ = run.communicate(timeout=120)
    assert run.returncode == 1
    assert "# #[error]y" in said
    assert not [line for line in said.splitlines() if line.lstrip().startswith("::") or "##[" in line or "##v" in line]


def test_the_card_says_which_commit_and_attempt_it_is_of(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write(SUITE)
    monkeypatch.setenv("GITHUB_RUN_ATTEMPT", "3")
    project.ci_toolkit("plan", "--shards", "1", "--no-history").check_returncode()
    project.ci_toolkit("shard", "1").check_returncode()
    card = project.json(str(Path(".ci-toolkit", "results", "shard-1", "shard.json")))
    assert (card["run_attempt"], card["run_id"]) == (3, project.json("plan.json")["run_id"])


def test_a_shard_that_collects_none_of_its_files_is_incomplete(project: Project) -> None:
    project.write(SUITE)
    project.ci_toolkit("plan", "--shards", "1", "--no-history").check_returncode()
    done = project.ci_toolkit("shard", "1", "--", "-p", "no:python")
    assert done.returncode == 5, done.stderr

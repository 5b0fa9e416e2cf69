import subprocess

import jsonschema
import msgspec
import pytest
from main_job_project import PLAIN, Project

from ci_toolkit.schemas import shipped


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--shard", "2"], "--shards"),
        (["mrege"], "Did you mean 'merge'?"),
        (["shard", "0"], "'0' is neither a whole number from 1"),
        (["merge", "--plan", "nowhere.json"], "nowhere.json cannot be read"),
        (["run", "--category-threshold", "unti=80"], "names the category 'unti'"),
    ],
)
def test_bad_input_is_refused_with_the_way_out(project: Project, arguments: list[str], said: str) -> None:
    done = project.ci_toolkit(*arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_plan_of_another_version_is_refused_with_advice(project: Project) -> None:
    (project.folder / "plan.json").write_text('{"schema": 99}')
    done = project.ci_toolkit("shard", "1")
    assert done.returncode == 2
    assert "format version 99" in done.stderr
    assert "same ci-toolkit version" in done.stderr


def test_an_edited_plan_is_refused(project: Project) -> None:
    project.write({"test_a.py": "def test_a(): pass\n"})
    project.ci_toolkit("plan", "--shards", "1", "--", *PLAIN).check_returncode()
    path = project.folder / "plan.json"
    path.write_text(path.read_text().replace("test_a.py", "test_b.py"))
    done = project.ci_toolkit("shard", "1")
    assert done.returncode == 2
    assert "changed after it was planned" in done.stderr


def test_a_shard_that_the_plan_does_not_have_is_refused(project: Project) -> None:
    project.write({"test_a.py": "def test_a(): pass\n"})
    project.ci_toolkit("plan", "--shards", "1", "--", *PLAIN).check_returncode()
    assert "its shards are 1 to 1" in project.ci_toolkit("shard", "2").stderr


def test_a_broken_conftest_is_told_in_pytests_words(project: Project) -> None:
    project.write({"conftest.py": "import no_such_thing\n", "test_a.py": "def test_a(): pass\n"})
    done = project.ci_toolkit("plan", "--shards", "1")
    assert done.returncode == 2
    assert "no_such_thing" in done.stderr


def test_a_results_folder_that_holds_something_else_is_left_alone(project: Project) -> None:
    project.write({"test_a.py": "def test_a(): pass\n", "mine/shard-1/thesis.txt": "years of work"})
    project.ci_toolkit("plan", "--shards", "1", "--", *PLAIN).check_returncode()
    done = project.ci_toolkit("shard", "1", "--results", "mine")
    assert done.returncode == 2
    assert "is in the way" in done.stderr
    assert (project.folder / "mine/shard-1/thesis.txt").read_text() == "years of work"


def test_help_names_every_command_and_exit_code(project: Project) -> None:
    text = project.ci_toolkit("--help").stdout
    for word in ("run", "plan", "shard", "merge", "5 incomplete"):
        assert word in text


def test_git_sees_nothing_of_what_a_run_leaves(project: Project) -> None:
    project.write({"test_it.py": "def test_it(): pass\n"})
    git = ["git", "-C", str(project.folder)]
    subprocess.run([*git, "init", "-q"], check=True)
    project.ci_toolkit("run", "--", *PLAIN, "-p", "no:cacheprovider").check_returncode()
    status = subprocess.run([*git, "status", "--porcelain"], check=True, capture_output=True, text=True)
    assert [line for line in status.stdout.splitlines() if "__pycache__" not in line] == [
        "?? pytest.ini",
        "?? test_it.py",
    ]


@pytest.mark.parametrize("name", ["plan", "verdict"])
def test_what_a_run_writes_fits_the_shipped_schema(project: Project, name: str) -> None:
    project.write({"test_it.py": "def test_it(): assert 0\n"})
    project.ci_toolkit("run", "--", *PLAIN)
    schema = msgspec.json.decode(shipped(name))
    jsonschema.Draft202012Validator(schema).validate(project.json(f".ci-toolkit/out/{name}.json"))


def test_the_setting_keep_counts_for_a_run_as_for_a_plan(project: Project) -> None:
    project.write({"test_a.py": "".join(f"def test_{number}(): pass\n" for number in range(6))})
    cuts = []
    for settings in ("", 'keep = "module"\n'):
        project.write({"pyproject.toml": f"[tool.ci-toolkit]\n{settings}"})
        project.ci_toolkit("run", "--shards", "2", "--no-history").check_returncode()
        cuts.append([cut["path"] for cut in project.json(".ci-toolkit/out/plan.json")["cuts"]])
    assert cuts == [["test_a.py"], []]

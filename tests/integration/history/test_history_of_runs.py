"""The real program, run after run: what one records, the next plans by."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from main_job_project import PLAIN, Project

from ci_toolkit.history.locations import open_history
from ci_toolkit.workflow.history import this_environment

SLOW = "import time\n\ndef test_slow():\n    time.sleep(0.4)\n\ndef test_quick():\n    pass\n"
QUICK = "import pytest\n\n@pytest.mark.parametrize('n', range(5))\ndef test_it(n):\n    pass\n"
RED = "def test_red():\n    assert False\n\ndef test_green():\n    pass\n"


def plan(project: Project, *args: str, shards: int = 2) -> Mapping[str, Any]:
    done = project.ci_toolkit("plan", "--shards", str(shards), *args)
    assert done.returncode == 0, done.stderr
    found: Mapping[str, Any] = project.json("plan.json")
    return found


def notes(plan: Mapping[str, Any]) -> dict[str, str]:
    return {note["kind"]: note["message"] for note in plan["notes"]}


def run_once(project: Project, *args: str) -> str:
    done = project.ci_toolkit("run", "--shards", "1", *args, "--", *PLAIN)
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def recorded_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = Project(tmp_path_factory.mktemp("recorded"))
    project.write({"test_a_slow.py": SLOW, "test_b_quick.py": QUICK, "test_c_red.py": RED})
    assert "recorded the times of 3 files" in run_once(project)
    return project.folder


@pytest.fixture
def recorded(recorded_once: Path, tmp_path: Path) -> Project:
    return Project(Path(shutil.copytree(recorded_once, tmp_path / "project")))


def test_second_run_is_planned_from_what_the_first_one_took(recorded: Project) -> None:
    seconds: Counter[str] = Counter()
    for shard in plan(recorded)["shards"]:
        for unit in shard["units"]:  # pieces of a file add up
            seconds[unit["path"]] += unit["estimated_seconds"]
    took: Counter[str] = Counter()
    for node_id, taken in json.loads(recorded.ci_toolkit("history", "export").stdout).items():
        took[node_id.partition("::")[0]] += taken
    assert took["test_a_slow.py"] >= 0.4
    for path in ("test_a_slow.py", "test_b_quick.py"):
        assert took[path] <= seconds[path] + 1e-3, "the tests of the file and its import"
    assert seconds["test_b_quick.py"] < seconds["test_a_slow.py"]
    assert notes(recorded.json("plan.json")) == {}


def test_a_file_that_skips_itself_is_known_to_hold_no_test(project: Project) -> None:
    skips = "import pytest\n\npytest.importorskip('no_such_module')\n\ndef test_it():\n    pass\n"
    project.write({"test_a_slow.py": SLOW, "test_skips.py": skips, "test_empty.py": "import os\n"})
    assert {"test_skips.py", "test_empty.py"} <= {unit["path"] for s in plan(project)["shards"] for unit in s["units"]}
    run_once(project)
    planned = plan(project)
    assert notes(planned) == {}
    seconds = {unit["path"]: unit["estimated_seconds"] for shard in planned["shards"] for unit in shard["units"]}
    assert max(seconds["test_skips.py"], seconds["test_empty.py"]) < planned["makespan_seconds"] / 2


def test_failed_run_is_recorded_but_its_failures_are_no_times(recorded: Project) -> None:
    shown = json.loads(recorded.ci_toolkit("history", "show", "--json").stdout)
    assert (shown["tests"], shown["files"]) == (9, 3)
    assert [test["node_id"] for test in shown["unsteady"]] == ["test_c_red.py::test_red"]
    assert shown["slowest_tests"][0]["node_id"] == "test_a_slow.py::test_slow"


def test_same_bundles_merged_again_are_recorded_once(recorded: Project) -> None:
    plan_file = str(recorded.out / "plan.json")
    assert "recorded the times of 0 files" in recorded.merge("--plan", plan_file).stderr


def test_renamed_file_and_deleted_test_are_planned_from_what_is_known(recorded: Project) -> None:
    (recorded.folder / "test_a_slow.py").rename(recorded.folder / "test_z_renamed.py")
    recorded.write({"test_c_red.py": "def test_green():\n    pass\n"})
    planned = plan(recorded)
    paths = {unit["path"] for shard in planned["shards"] for unit in shard["units"]}
    assert paths == {"test_z_renamed.py", "test_b_quick.py", "test_c_red.py"}
    assert "test_z_renamed.py (was test_a_slow.py)" in notes(planned)["renamed-file"]
    assert planned["makespan_seconds"] > 0.4
    assert "9 passed of 9" not in run_once(recorded)
    assert recorded.verdict["counts"]["passed"] == 8
    known = json.loads(recorded.ci_toolkit("history", "export").stdout)
    assert "test_c_red.py::test_red" not in known
    assert "test_z_renamed.py::test_slow" in known


def test_history_from_another_machine_plans_and_is_told(project: Project) -> None:
    project.write({"test_a_slow.py": SLOW, "test_b_quick.py": QUICK})
    path = project.folder / "elsewhere.json"
    path.write_text(json.dumps({"test_a_slow.py::test_slow": 30.0, "test_a_slow.py::test_quick": 1.0}))
    project.ci_toolkit("history", "import", str(path), "--environment", "cpython-3.9-macos").check_returncode()
    planned = plan(project)
    assert planned["makespan_seconds"] >= 30.0
    assert notes(planned)["other-environment"] == (
        f"times from cpython-3.9-macos are used for 1 file: nothing was recorded on {this_environment()}"
    )


def test_half_written_history_is_told_planned_without_and_kept(recorded: Project) -> None:
    path = recorded.folder / ".ci-toolkit" / "history.sqlite"
    half = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(half)
    assert "is damaged" in notes(plan(recorded))["history-damaged"]
    said = run_once(recorded)
    assert "was moved to" in said
    assert path.with_name("history.sqlite.damaged-1").read_bytes() == half
    assert notes(plan(recorded)) == {}


def test_run_without_history_neither_reads_nor_writes_one(project: Project) -> None:
    project.write({"test_b_quick.py": QUICK})
    assert "history" not in run_once(project, "--no-history")
    assert not (project.folder / ".ci-toolkit" / "history.sqlite").exists()


def test_history_that_cannot_be_written_changes_nothing_about_the_verdict(project: Project) -> None:
    project.write({"test_b_quick.py": QUICK})
    (project.folder / "taken").write_text("a file, not a folder")
    done = project.ci_toolkit("run", "--shards", "1", "--no-history", "--", *PLAIN)
    merged = project.merge("--plan", str(project.out / "plan.json"), "--history", "taken/history.sqlite")
    assert (done.returncode, merged.returncode) == (0, 0)
    assert "this run was not recorded" in merged.stderr


def test_shard_that_died_makes_no_test_look_deleted(project: Project) -> None:
    deadly = (
        "import os, signal\n\ndef test_first():\n    pass\n\ndef test_then():\n    {}\n\ndef test_last():\n    pass\n"
    )
    project.write({"test_a.py": deadly.format("pass")})
    run_once(project)
    project.write({"test_a.py": deadly.format("os.kill(os.getppid(), signal.SIGKILL)")})
    planned = project.ci_toolkit("plan", "--shards", "1", "--", *PLAIN)
    assert planned.returncode == 0
    project.ci_toolkit("shard", "1")
    assert project.merge().returncode == 5
    known = json.loads(project.ci_toolkit("history", "export").stdout)
    assert set(known) == {"test_a.py::test_first", "test_a.py::test_then", "test_a.py::test_last"}


def test_prediction_and_advice_stand_beside_what_was_achieved(recorded: Project) -> None:
    said = run_once(recorded)
    assert re.search(r"^time: wall .*, start-up .*, tests .*; predicted: ", said, re.MULTILINE)
    assert "advice: nothing to do: the run is short" in said
    assert recorded.verdict["predicted_seconds"] >= 0.4
    assert recorded.verdict["achieved_seconds"] >= 0.4 + recorded.verdict["overhead_seconds"] > 0.4
    for report in ("summary.md", "report.html"):
        assert "Advice: nothing to do" in (recorded.out / report).read_text()


# --- collection, outputs, interchange ----------------------------------------------------------------


def test_planning_imports_no_test_file_unless_asked_to_collect(project: Project) -> None:
    project.write({"test_marks.py": "open('imported', 'w').close()\n\ndef test_a():\n    pass\n"})
    plan(project, shards=1)
    assert not (project.folder / "imported").exists()
    plan(project, "--collect", shards=1)
    assert (project.folder / "imported").exists()


def test_collected_plan_knows_generated_tests_and_forgets_dead_ones(project: Project) -> None:
    generated = "import pytest\n\n@pytest.mark.parametrize('n', range(40))\ndef test_it(n):\n    pass\n"
    project.write({"test_a.py": generated, "test_broken.py": "import nowhere\n"})
    times = {f"test_a.py::test_it[{n}]": 1.0 for n in range(40)} | {"test_a.py::test_dead": 500.0}
    (project.folder / "times.json").write_text(json.dumps(times))
    project.ci_toolkit("history", "import", "times.json").check_returncode()
    assert plan(project)["makespan_seconds"] > 200
    planned = plan(project, "--collect", "--shards", "4")
    assert planned["makespan_seconds"] < 60
    named = {name for cut in planned["cuts"] for piece in cut["pieces"] for name in piece}
    assert {f"test_it[{n}]" for n in range(40)} <= named


def test_matrix_is_appended_to_the_steps_outputs(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write({"test_b_quick.py": QUICK, "test_a_slow.py": SLOW})
    monkeypatch.setenv("GITHUB_OUTPUT", str(project.folder / "outputs"))
    planned = plan(project, "--github-output")
    matrix, plan_id = (project.folder / "outputs").read_text().splitlines()
    assert [job["index"] for job in json.loads(matrix.removeprefix("matrix="))["include"]] == [1, 2]
    assert plan_id == f"plan-id={planned['plan_id']}"


def test_a_project_with_trials_says_so_in_the_steps_outputs_wherever_it_writes_that(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write({"test_b_quick.py": QUICK, "pyproject.toml": "[tool.ci-toolkit]\nflaky = { budget = '90s' }\n"})
    monkeypatch.setenv("GITHUB_OUTPUT", str(project.folder / "outputs"))
    plan(project, "--github-output")
    assert (project.folder / "outputs").read_text().splitlines()[2:] == ["judges=true"]


def test_outside_github_no_plan_is_written_for_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write({"test_b_quick.py": QUICK})
    monkeypatch.delenv("GITHUB_OUTPUT", raising=False)
    done = project.ci_toolkit("plan", "--shards", "1", "--github-output")
    assert done.returncode == 2
    assert "GITHUB_OUTPUT" in done.stderr


def test_import_names_what_it_leaves_out_and_export_gives_the_rest_back(project: Project) -> None:
    (project.folder / ".test_durations").write_text('{"a.py::test_a": 1.5, "a.py::test_bad": -1, "b.py::test_b": NaN}')
    taken = project.ci_toolkit("history", "import", ".test_durations")
    assert taken.returncode == 0
    assert "a.py::test_bad' (-1)" in taken.stderr
    assert "b.py::test_b' (NaN)" in taken.stderr
    project.ci_toolkit("history", "export", "--out", "out.json").check_returncode()
    assert project.json("out.json") == {"a.py::test_a": 1.5}


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("show",), "there is no history"),
        (("export", "--history", "pytest.ini"), "is not a history"),
        (("import", "missing.json"), "missing.json cannot be read"),
        (("import", "pytest.ini"), "pytest.ini is not valid JSON"),
        (("prune", "--older-than", "soon"), "is not a time"),
        (("shwo",), "No such command"),
    ],
)
def test_what_cannot_be_done_is_said_with_exit_code_2(project: Project, args: tuple[str, ...], says: str) -> None:
    done = project.ci_toolkit("history", *args)
    assert done.returncode == 2
    assert says in done.stderr


def test_unknown_environment_names_the_nearest(recorded: Project) -> None:
    done = recorded.ci_toolkit("history", "show", "--environment", "cpyton-3.11-linux")
    assert done.returncode == 2
    assert "Did you mean" in done.stderr


def test_prune_forgets_files_that_are_gone_and_nothing_in_a_wrong_folder(recorded: Project) -> None:
    store = str(recorded.folder / ".ci-toolkit" / "history.sqlite")
    (recorded.folder / "test_b_quick.py").unlink()
    assert "removed 1 file and" in recorded.ci_toolkit("history", "prune").stderr
    history = open_history(store)
    assert history is not None
    with history:
        assert history.paths(this_environment()) == {"test_a_slow.py", "test_c_red.py"}
    for name in ("test_a_slow.py", "test_c_red.py"):
        (recorded.folder / name).unlink()
    assert "Nothing was removed" in recorded.ci_toolkit("history", "prune").stderr


def test_past_of_one_test_is_drawn_with_its_failures(recorded: Project) -> None:
    recorded.write({"test_c_red.py": RED.replace("assert False", "pass")})
    run_once(recorded)
    drawn = recorded.ci_toolkit("history", "show", "--test", "test_c_red.py::test_red")
    assert drawn.returncode == 0, drawn.stderr
    assert re.search(r"2 outcomes, the oldest first: 1 passed, 1 failed\n.*  A\.\n", drawn.stdout), drawn.stdout
    assert "AssertionError: assert False" in drawn.stdout
    past = json.loads(recorded.ci_toolkit("history", "show", "--json", "--test", "test_c_red.py::test_red").stdout)
    assert [known["go"]["ended"] for known in past["goes"]] == ["F", "."]
    assert past["ways"][0]["signature"] == past["goes"][0]["go"]["signature"]


def test_misspelt_test_is_told_what_was_meant(recorded: Project) -> None:
    done = recorded.ci_toolkit("history", "show", "--test", "test_c_rde.py::test_red")
    assert done.returncode == 2
    assert "Did you mean 'test_c_red.py::test_red'" in done.stderr

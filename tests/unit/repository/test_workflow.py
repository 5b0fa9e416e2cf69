import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[3]
GITHUB = ROOT / ".github"
FILES = sorted([*GITHUB.glob("workflows/*.yml"), *GITHUB.glob("actions/*/action.yml")])
JOBS: dict[str, Any] = YAML(typ="safe").load(GITHUB / "workflows" / "ci.yml")["jobs"]
REQUIRED = "required"
PREFIX = "${{ inputs.name && format('{0}-', inputs.name) }}"
"""Empty where a run has one suite."""


def test_the_required_check_needs_every_other_job() -> None:
    assert set(JOBS[REQUIRED]["needs"]) == set(JOBS) - {REQUIRED}


def test_the_required_check_has_a_fixed_name_and_runs_whatever_the_others_end_with() -> None:
    assert JOBS[REQUIRED]["name"] == REQUIRED
    assert JOBS[REQUIRED]["if"] == "always()"
    assert "continue-on-error" not in str(JOBS)


def test_every_job_that_runs_tests_takes_the_wheel_that_was_built_once() -> None:
    installing = {name: str(job["steps"]) for name, job in JOBS.items() if "requirements/ci.txt" in str(job["steps"])}
    assert {"pythons", "shard"} <= set(installing)
    for name, steps in installing.items():
        assert "dist/*.whl" in steps, name
        assert "build" in JOBS[name]["needs"], name
        assert "-e ." not in steps, name


@pytest.mark.parametrize("name", ["workflows/ci-toolkit.yml", "actions/shard/action.yml"])
def test_a_bundle_is_uploaded_whatever_the_shard_ended_with_and_overwrites_no_other(name: str) -> None:
    upload = the_step(name, "name", PREFIX + "shard-")
    assert upload["if"] == "always()"
    assert upload["with"]["name"].endswith("-attempt-${{ github.run_attempt }}")
    assert upload["with"]["include-hidden-files"] is True


@pytest.mark.parametrize("name", ["workflows/ci-toolkit.yml", "actions/merge/action.yml"])
def test_the_merge_takes_every_attempt_and_history_is_saved_after_red(name: str) -> None:
    downloads = [step["with"] for step in steps_of(name) if "pattern" in step.get("with", {})]
    assert {download["pattern"] for download in downloads} == {PREFIX + "shard-*-attempt-*"}
    assert not any("merge-multiple" in download for download in downloads)
    saved = [step for step in steps_of(name) if "actions/cache/save@" in step.get("uses", "")]
    assert [step["if"].startswith("always() && ") for step in saved] == [True]


def test_no_artifact_is_written_over() -> None:
    for path in FILES:
        assert "overwrite" not in path.read_text(encoding="utf-8"), path


def test_nothing_but_the_environment_brings_values_into_a_shell() -> None:
    for path in FILES:
        for step in steps_of(path.relative_to(GITHUB).as_posix()):
            assert "${{" not in step.get("run", ""), (path, step)


def test_every_action_of_others_is_pinned_by_its_commit_and_everywhere_the_same() -> None:
    used = {
        step["uses"]
        for path in FILES
        for step in steps_of(path.relative_to(GITHUB).as_posix())
        if not step.get("uses", "./").startswith("./")
    }
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", uses) for uses in used)
    assert len({uses.partition("@")[0] for uses in used}) == len(used)


def test_every_job_has_a_limit_of_time_and_the_called_workflow_leaves_concurrency_to_its_caller() -> None:
    called = read("workflows/ci-toolkit.yml")
    for name, job in {**JOBS, **called["jobs"]}.items():
        assert "timeout-minutes" in job, name
    assert "concurrency" not in called
    least = {name: job.get("permissions") for name, job in called["jobs"].items()}
    reads = {"contents": "read"}
    assert least == {"plan": reads, "shard": reads, "adjudicate": reads, "verdict": None}, "the caller's"
    assert "./" not in str([step.get("uses") for step in steps_of("workflows/ci-toolkit.yml")])


def test_a_merge_queue_gets_its_check() -> None:
    assert {"push", "pull_request", "merge_group", "workflow_dispatch"} == set(read("workflows/ci.yml")["on"])


def test_the_publisher_writes_with_the_code_of_the_default_branch_alone() -> None:
    workflow = read("workflows/publish.yml")
    assert set(workflow["on"]) == {"workflow_run"}
    assert workflow["permissions"] == {}
    (job,) = workflow["jobs"].values()
    assert "ref" not in str(job["steps"])
    assert "download-artifact" not in str(job["steps"])
    assert "cache" not in str(job["steps"])


def read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe").load(GITHUB / name)
    return document


def steps_of(name: str) -> list[dict[str, Any]]:
    document = read(name)
    if "jobs" in document:
        return [step for job in document["jobs"].values() for step in job["steps"]]
    return list(document["runs"]["steps"])


def the_step(name: str, key: str, begins_with: str) -> dict[str, Any]:
    """The one step whose input ``key`` begins so."""
    (step,) = (step for step in steps_of(name) if str(step.get("with", {}).get(key, "")).startswith(begins_with))
    return step

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[3]
JOBS: dict[str, Any] = YAML(typ="safe").load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
REQUIRED = "required"


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

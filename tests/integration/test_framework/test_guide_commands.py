"""The commands that the guide has its reader type, in the guide's project."""

from pathlib import Path

import msgspec
import pytest
from netra_project import ADVICE, copy_of_netra, credentials, python

from ci_toolkit.test_framework.scripted_llm import ScriptedLLM

RUNNER = "tests/unified_test_runner.py"


@pytest.fixture
def netra(tmp_path: Path) -> Path:
    return copy_of_netra(tmp_path)


def counts(folder: Path) -> dict[str, int]:
    found: dict[str, int] = msgspec.json.decode((folder / ".ci-toolkit/out/verdict.json").read_bytes())["counts"]
    return {name: count for name, count in found.items() if count}


def test_the_guides_runner_runs_a_category_with_real_services_and_a_real_llm(netra: Path) -> None:
    e2e = "netra_backend/tests/e2e"
    options = (e2e, "--category", "e2e", "--real-services", "--real-llm", "--dynamic-ports", "--force-recreate")
    with ScriptedLLM([ADVICE], repeat=True) as llm:
        result = python(netra, RUNNER, *options, "--shards", "1", **credentials(llm))
    assert result.returncode == 0, result.stdout + result.stderr
    found = counts(netra)
    assert found == {"total": found["passed"], "passed": found["passed"]}
    assert found["passed"] >= 9
    assert "new snapshot" in result.stderr
    assert llm.requests


def test_a_mission_critical_suite_runs_alone(netra: Path) -> None:
    result = python(netra, "tests/mission_critical/test_websocket_agent_events_suite.py")
    assert result.returncode == 0, result.stdout + result.stderr
    assert counts(netra) == {"total": 1, "passed": 1}


def test_the_guides_runner_runs_in_parallel_with_coverage(netra: Path) -> None:
    file = "netra_backend/tests/unit/test_cost_calculator.py"
    result = python(
        netra, RUNNER, "--test-file", file, "--parallel", "--workers", "2", "--coverage", "--coverage-threshold", "1"
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert counts(netra) == {"total": 1, "passed": 1}
    assert msgspec.json.decode((netra / ".ci-toolkit/out/verdict.json").read_bytes())["coverage"]["threshold"] == 1

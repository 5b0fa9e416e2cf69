"""The guide's markers do what the guide says, in runs of a project that has its lines."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

MARKED = """
import pytest

@pytest.mark.unit
def test_calculate_token_cost(): ...

@pytest.mark.integration  # One category
async def test_database_operation(): ...

@pytest.mark.e2e
def test_flow(): ...
"""
FLAKY = """
import pytest
from pathlib import Path

TRIES = Path(__file__).with_name("tries")

@pytest.mark.integration
@pytest.mark.flaky(reruns=3)  # Temporary while fixing
async def test_being_fixed():
    # Document why it's flaky and fix plan
    with TRIES.open("a") as tries:
        tries.write("x")
    assert len(TRIES.read_text()) == PASSES_AT
"""
IN_CI = """
import pytest
from ci_toolkit.isolated_environment import get_env
from ci_toolkit.test_framework.real_llm import has_llm_credentials

@pytest.mark.skipif(
    get_env().get("CI") == "true" and not has_llm_credentials(),
    reason="LLM credentials not available in CI"
)
async def test_requiring_llm():
    pass
"""
CREDENTIALS = {"CI_TOOLKIT_LLM_API_KEY": "some-key", "CI_TOOLKIT_LLM_MODEL": "m"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.ci-toolkit]\n[tool.pytest.ini_options]\nasyncio_mode = 'auto'\naddopts = '--strict-markers'\n"
        "asyncio_default_fixture_loop_scope = 'function'\n"
    )
    return tmp_path


def run(folder: Path, *words: str, **variables: str) -> tuple[int, dict[str, int]]:
    """Return the exit code of a run, and how many tests of its verdict ended in which way."""
    kept = {name: value for name, value in os.environ.items() if name not in {"CI", *CREDENTIALS}}
    done = subprocess.run(
        [sys.executable, "-m", "ci_toolkit", "run", "--shards", "1", *words], cwd=folder, env=kept | variables,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    verdict = json.loads((folder / ".ci-toolkit/out/verdict.json").read_text())
    assert verdict["exit_code"] == done.returncode, done.stdout + done.stderr
    return done.returncode, {name: count for name, count in verdict["counts"].items() if count}


def test_a_category_marker_says_when_a_test_runs_and_needs_no_service_by_itself(project: Path) -> None:
    (project / "test_marked.py").write_text(MARKED)
    assert run(project, "--category", "unit", "--category", "integration") == (0, {"total": 2, "passed": 2})


@pytest.mark.parametrize(("passes_at", "ends"), [
    (3, (0, {"total": 1, "passed": 1, "flaky": 1})),
    (9, (1, {"total": 1, "failed": 1})),
])  # fmt: skip
def test_a_flaky_test_is_run_again_three_times_and_a_pass_after_a_failure_is_called_flaky(
    project: Path, passes_at: int, ends: tuple[int, dict[str, int]]
) -> None:
    (project / "test_flaky.py").write_text(FLAKY.replace("PASSES_AT", str(passes_at)))
    assert run(project) == ends
    assert len((project / "tries").read_text()) == min(passes_at, 4)


@pytest.mark.parametrize(("variables", "ends"), [
    ({"CI": "true"}, {"total": 1, "skipped": 1}),
    ({"CI": "true", **CREDENTIALS}, {"total": 1, "passed": 1}),
    ({}, {"total": 1, "passed": 1}),
])  # fmt: skip
def test_a_skip_that_asks_the_environment_skips_in_ci_without_credentials_alone(
    project: Path, variables: dict[str, str], ends: dict[str, int]
) -> None:
    (project / "test_in_ci.py").write_text(IN_CI)
    assert run(project, **variables)[1] == ends

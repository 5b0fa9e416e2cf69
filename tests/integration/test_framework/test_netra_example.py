"""The guide's examples, in a suite of their own, against real PostgreSQL, Redis and a real WebSocket server."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from netra_project import ADVICE, EXAMPLE, copy_of_netra, credentials, python

from ci_toolkit.test_framework.scripted_llm import ScriptedLLM


@pytest.fixture
def netra(tmp_path: Path) -> Path:
    return copy_of_netra(tmp_path)


def pytest_in(folder: Path, *args: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return python(folder, "-m", "pytest", "-p", "no:cacheprovider", "-rs", *args, **variables)


def names(junit: Path) -> set[str]:
    return {str(case.get("name")) for case in ET.parse(junit).iter("testcase")}


def test_every_example_of_the_guide_passes_as_written(netra: Path) -> None:
    with ScriptedLLM([ADVICE], repeat=True) as llm:
        options = ("netra_backend/tests", "tests", "--junitxml=out.xml")
        result = pytest_in(netra, *options, CI_TOOLKIT_REAL_LLM="1", **credentials(llm))
    assert result.returncode == 0, result.stdout + result.stderr
    assert "skipped" not in result.stdout
    assert {
        "test_cost_optimization_flow",
        "test_create_and_retrieve_thread",
        "test_all_five_events_sent",
    } <= names(netra / "out.xml")
    for server in ("postgresql 1", "redis ", "backend "):
        assert f"\n{server}" in result.stdout
    asked = [request["messages"][0]["content"] for request in llm.requests]
    assert any(question.startswith("Analyze my AWS costs for last month\nMonthly waste") for question in asked)
    assert "1 calls, " in result.stdout  # what a test itself asked of the model; the backend's calls are the backend's
    assert llm.api_key not in result.stdout + (netra / "out.xml").read_text()


def test_workers_have_a_backend_each_and_without_a_model_only_the_mission_critical_test_fails(netra: Path) -> None:
    result = pytest_in(netra, "-n", "2", "netra_backend/tests/e2e", "tests")
    assert "2 skipped, 1 error" in result.stdout, result.stdout + result.stderr
    assert "a mission-critical test is never skipped" in result.stdout
    assert result.stdout.count("\nbackend ") == 2


def test_the_rules_of_the_guide_find_nothing_in_its_examples() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "ci_toolkit", "lint", str(EXAMPLE)], capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip
    assert found.returncode == 0, found.stdout + found.stderr

"""docs/guide.md: every name of the guide is on it, and every test that it names exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from ci_toolkit.lint.rules import RULES

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| in the guide")]
NAMED = sorted(set(re.findall(r"`([^`]+\.py)::(\w+)`", PAGE)))

GUIDE = re.findall(
    r"\S+",
    """
--category --real-services --real-llm --execution-mode fast_feedback --parallel --workers --coverage --coverage-threshold
--fast-fail --test-file --force-recreate --dynamic-ports unified_test_runner.py docker_manual.py
pytest.mark.unit pytest.mark.integration pytest.mark.e2e pytest.mark.mission_critical pytest.mark.no_skip
pytest.mark.real_services pytest.mark.real_llm pytest.mark.flaky skipif
real_services_fixture real_services real_db_fixture real_db real_redis_fixture real_redis real_llm_fixture real_llm
isolated_env test_config clean_database websocket_client
BaseIntegrationTest BaseE2ETest MissionCriticalTest create_test_user get_thread execute_agent_with_monitoring event_order
WebSocketTestClient send_json receive_json send_message receive_events collect_events assert_websocket_events
assert_websocket_events_sent ALL_FIVE_EVENTS wait_for_agent_completion wait_for_websocket_ready create_test_agent
mock_llm_response assert_agent_execution wait_for_condition utilities has_llm_credentials
IsolatedEnvironment get_env TEST_PORTS ALPINE_TEST_PORTS DEV_PORTS UnifiedDockerManager acquire_environment
release_environment create_real_agent execute_with_context real_websocket_client execute_and_collect_events
""",
)


def file_of(path: str) -> Path:
    return ROOT / "examples/netra" / path[2:] if path.startswith("E:") else ROOT / "tests" / path


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions_in(path: Path) -> frozenset[str]:
    nodes = ast.walk(tree_of(path))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_that_the_page_names_exists(path: str, name: str) -> None:
    assert name in functions_in(file_of(path))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_that_the_page_names_does_something(path: str, name: str) -> None:
    found = next(node for node in ast.walk(tree_of(file_of(path))) if getattr(node, "name", "") == name)
    assert isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef)
    is_empty = [
        isinstance(item, ast.Pass) or isinstance(getattr(item, "value", None), ast.Constant) for item in found.body
    ]
    assert not all(is_empty)


@pytest.mark.parametrize("name", GUIDE)
def test_a_name_of_the_guide_stands_in_a_file_that_proves_its_row(name: str) -> None:
    rows = [row for row in ROWS if re.search(rf"`[^`]*{re.escape(name)}\b[^`]*`", row.split(" | ")[0])]
    for row in rows:
        proofs = [file_of(path).read_text(encoding="utf-8") for path, _ in re.findall(r"`([^`]+\.py)::(\w+)`", row)]
        assert any(name.removeprefix("pytest.").removesuffix(".py") in text for text in proofs), row


@pytest.mark.parametrize("name", GUIDE)
def test_every_name_of_the_guide_is_on_the_page(name: str) -> None:
    assert re.search(rf"{re.escape(name)}\b", PAGE)


def test_every_row_is_shown_by_a_test() -> None:
    assert [row for row in ROWS if "::" not in row] == []


def test_every_rule_of_the_linter_that_is_the_guides_is_on_the_page() -> None:
    shown = set(re.findall(r"CIT\d{3}", PAGE)) | {f"CIT00{number}" for number in range(1, 9)}
    assert {code for code in RULES if "CIT001" <= code <= "CIT013"} <= shown

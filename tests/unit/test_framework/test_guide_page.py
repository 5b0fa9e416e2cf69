"""docs/guide.md: every name of the guide is on it, and every row is shown by tests that use what it names."""

import ast
import re
from pathlib import Path

import pytest
from guide_rows import PAGE, Function, Row, file_of, functions_in, is_empty, names_used, rows

from ci_toolkit.lint.rules import RULES

ROWS = rows()
PROOFS = sorted({proof for row in ROWS for proof in row.proofs})

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


@pytest.mark.parametrize(("path", "name"), PROOFS)
def test_a_test_that_the_page_names_exists_and_does_something(path: str, name: str) -> None:
    assert not is_empty(functions_in(file_of(path))[name])


@pytest.mark.parametrize("row", [row for row in ROWS if row.names], ids=lambda row: row.cell)
def test_the_tests_of_a_row_use_what_it_names(row: Row) -> None:
    used = {proof: names_used(file_of(proof[0]), proof[1]) for proof in row.proofs}
    assert [proof for proof, words in used.items() if not words & row.names] == [], "no name of the row is in them"
    assert row.names - frozenset().union(*used.values()) == frozenset(), "these are in none of its tests"


@pytest.mark.parametrize(
    ("body", "empty"),
    [
        ("pass", True),
        ("...", True),
        ("'only words'", True),
        ("'words'; assert True", True),
        ("assert flaky()", False),
        ("await flaky()", False),
        ("[flaky() for _ in more]", False),
    ],
)
def test_a_proof_with_an_empty_body_is_none(body: str, *, empty: bool) -> None:
    (function,) = ast.parse(f"async def test_flaky(): {body}").body
    assert isinstance(function, Function)
    assert is_empty(function) is empty


def test_a_proof_uses_the_names_of_its_row_itself_or_through_what_it_calls(tmp_path: Path) -> None:
    file = tmp_path / "test_it.py"
    file.write_text(
        "SUITE = '@pytest.mark.flaky(reruns=3)'\ndef helper(): return SUITE\n"
        "class TestIt(Base):\n    def test_by_its_class(self): assert 1\n"
        "def test_by_a_helper(fixture): assert helper()\ndef test_idle(): assert 'flake'\n"
    )
    (row,) = rows("| `@pytest.mark.flaky(reruns=3)` | again | `a.py::test_by_a_helper` |")
    assert row.names == {"flaky", "reruns"}
    assert row.names <= names_used(file, "test_by_a_helper")
    assert "Base" in names_used(file, "test_by_its_class")
    assert not row.names & names_used(file, "test_idle")
    assert rows("| `--coverage-threshold 80`, `wait(what, timeout=)` | x |")[0].names == {
        "coverage_threshold", "wait", "timeout",
    }  # fmt: skip


@pytest.mark.parametrize("name", GUIDE)
def test_every_name_of_the_guide_is_on_the_page(name: str) -> None:
    assert re.search(rf"{re.escape(name)}\b", PAGE)


def test_every_row_is_shown_by_a_test() -> None:
    assert [row.cell for row in ROWS if not row.proofs] == []


def test_every_rule_of_the_linter_that_is_the_guides_is_on_the_page() -> None:
    shown = set(re.findall(r"CIT\d{3}", PAGE)) | {f"CIT00{number}" for number in range(1, 9)}
    assert {code for code in RULES if "CIT001" <= code <= "CIT013"} <= shown

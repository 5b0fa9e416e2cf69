"""
Test Isolated Environment

Business Value Justification (BVJ):
- Segment: Platform
- Business Goal: Tests that never disturb each other
- Value Impact: A red test means a broken feature
- Strategic Impact: Trust in the suite
"""

import pytest
from ci_toolkit.isolated_environment import IsolatedEnvironment, get_env
from ci_toolkit.test_framework.isolated_environment_fixtures import isolated_env, test_config
from ci_toolkit.test_framework.real_llm import has_llm_credentials
from ci_toolkit.test_framework.test_config import TEST_PORTS
from netra_backend.tests.http_client import HttpClient

client = HttpClient(f"localhost:{TEST_PORTS['postgresql']}")


def test_with_isolated_env():
    env = get_env()
    env.set("API_KEY", "test_key", source="test")


def test_nothing_of_it_is_left():
    assert get_env().get("API_KEY") is None


def test_with_isolated_env_fixture(isolated_env):
    isolated_env.set("TEST_VAR", "value", source="test")
    assert isinstance(isolated_env, IsolatedEnvironment)
    assert isolated_env.get_variable_source("TEST_VAR") == "test"


def test_ports_come_from_one_table(test_config):
    assert client.address == f"localhost:{TEST_PORTS['postgresql']}"
    assert set(test_config.ports) >= {"postgresql", "redis", "backend", "clickhouse", "analytics"}


@pytest.mark.skipif(
    get_env().get("CI") == "true" and not has_llm_credentials(),
    reason="LLM credentials not available in CI"
)
async def test_requiring_llm():
    pass

"""Every example of the test guide: the forbidden ones are found with their own rule, the correct ones pass clean.

The snippets are the guide's, in the order in which it gives them; imports read ``ci_toolkit`` where the guide's own
system stood, and a fragment that only names its file in a comment is put at that path.
"""

from textwrap import dedent

import pytest

from ci_toolkit.lint.engine import lint_source
from ci_toolkit.lint.settings import LintSettings

BAD = {
    "philosophy: everything mocked": (
        "tests/test_handler.py",
        "CIT012",
        '''
        from unittest.mock import Mock

        def test_message_handler_calls_function():
            """Test that proves nothing about real system."""
            mock_handler = Mock()
            mock_handler.handle_message(Mock())
            mock_handler.handle_message.assert_called_once()  # Useless!
        ''',
    ),
    "environment: the line it calls bad": (
        "tests/test_environment.py",
        "CIT002",
        """
        import os

        def test_with_environ():
            os.environ["API_KEY"] = "test"
        """,
    ),
    "legacy: a mocked agent": (
        "tests/test_old.py",
        "CIT012",
        """
        from unittest.mock import Mock

        def test_agent_mock():  # BAD: Tests mocks, not real system
            mock_agent = Mock()
            mock_agent.execute.return_value = "mocked"
            assert mock_agent.execute() == "mocked"  # Proves nothing!
        """,
    ),
    "legacy: the name of its file": (
        "tests/old_test_mock_agent.py",
        "CIT005",
        """
        def test_agent_mock():
            pass
        """,
    ),
    "forbidden 1: mocks in e2e": (
        "tests/test_flow.py",
        "CIT001",
        """
        import pytest
        from unittest.mock import patch

        @pytest.mark.e2e
        def test_e2e_with_mocks():  # WRONG!
            with patch("database.connect"):  # FORBIDDEN!
                pass
        """,
    ),
    "forbidden 2: os.environ": (
        "tests/test_environ.py",
        "CIT002",
        """
        import os

        def test_with_environ():
            os.environ["TEST_VAR"] = "value"  # WRONG!
        """,
    ),
    "forbidden 3: hard-coded port": (
        "tests/test_port.py",
        "CIT003",
        """
        from clients import HttpClient

        def test_with_hardcoded_port():
            client = HttpClient("localhost:5432")  # WRONG!
        """,
    ),
    "forbidden 4: agent without events": (
        "tests/test_agent.py",
        "CIT004",
        """
        async def test_agent_without_events():
            result = await agent.execute()  # WRONG!
        """,
    ),
    "forbidden 5: a script that fixes tests": ("fix_test_issues.py", "CIT005", "print('fixing')\n"),
    "forbidden 5: a temporary test": ("tests/temp_test.py", "CIT005", "def test_it():\n    pass\n"),
    "forbidden 6: mixed categories": (
        "tests/test_confused.py",
        "CIT006",
        """
        import pytest

        @pytest.mark.unit
        @pytest.mark.e2e  # WRONG! Pick one!
        def test_confused_category():
            pass
        """,
    ),
    "forbidden 7: sleep": (
        "tests/test_sleep.py",
        "CIT007",
        """
        import asyncio

        async def test_with_sleep():
            await asyncio.sleep(5)  # WRONG!
        """,
    ),
    "forbidden 8: ignored failure": (
        "tests/test_flaky.py",
        "CIT008",
        """
        import pytest

        @pytest.mark.skip("Failing sometimes")  # WRONG!
        def test_flaky():
            # Fix the test, don't skip it!
            pass
        """,
    ),
}

GOOD = {
    "philosophy: real services": (
        "tests/test_message.py",
        '''
        async def test_user_can_send_message_to_agent():
            """Test that delivers REAL business value."""
            # Uses real WebSocket, real agent, real database
            async with real_websocket_client() as client:
                response = await client.send_agent_message("Help me optimize costs")
                assert response.contains_actionable_insights()
        ''',
    ),
    "unit": (
        "netra_backend/tests/unit/test_cost_calculator.py",
        '''
        def test_calculate_token_cost():
            """Pure logic test - no infrastructure needed."""
            cost = calculate_token_cost(tokens=1000, model="gpt-4")
            assert cost == 0.03  # Business logic validation
        ''',
    ),
    "integration": (
        "netra_backend/tests/integration/test_user_session.py",
        '''
        async def test_user_session_persistence(real_db, real_redis):
            """Test with REAL database and cache."""
            user = await create_user(real_db, email="test@example.com")
            session = await create_session(real_redis, user_id=user.id)
            assert await get_session(real_redis, session.id) is not None
        ''',
    ),
    "e2e": (
        "netra_backend/tests/e2e/test_complete_agent_flow.py",
        '''
        async def test_agent_optimization_workflow(real_services, real_llm):
            """Complete business value delivery test."""
            # Real user, real WebSocket, real agent, real LLM
            user = await create_real_user()
            async with WebSocketClient(user.token) as client:
                # Send real optimization request
                await client.send_message({
                    "type": "agent_request",
                    "agent": "cost_optimizer",
                    "message": "Analyze my AWS spend"
                })

                # Verify all 5 critical WebSocket events
                events = await client.collect_events(timeout=30)
                assert_websocket_events_sent(events, [
                    "agent_started",
                    "agent_thinking",
                    "tool_executing",
                    "tool_completed",
                    "agent_completed"
                ])

                # Verify business value delivered
                result = events[-1]["data"]["result"]
                assert "cost_savings" in result
                assert result["cost_savings"]["amount"] > 0
        ''',
    ),
    "mission critical": (
        "tests/mission_critical/test_websocket_agent_events.py",
        '''
        async def test_all_websocket_events_sent():
            """CRITICAL: WebSocket events enable chat value."""
            # This test MUST pass or the system has no value
        ''',
    ),
    "first test": (
        "netra_backend/tests/integration/test_agent_execution.py",
        '''
        """
        Test Agent Execution Pipeline

        Business Value Justification (BVJ):
        - Segment: All (Free, Early, Mid, Enterprise)
        - Business Goal: Ensure agents deliver value
        - Value Impact: Agents must execute correctly to provide insights
        - Strategic Impact: Core platform functionality
        """

        import pytest
        from ci_toolkit.test_framework.base_integration_test import BaseIntegrationTest
        from ci_toolkit.test_framework.real_services_test_fixtures import real_services_fixture

        class TestAgentExecution(BaseIntegrationTest):
            """Test agent execution with real services."""

            @pytest.mark.integration
            @pytest.mark.real_services
            async def test_agent_executes_with_real_database(self, real_services_fixture):
                """Test agent execution with real PostgreSQL and Redis."""
                # Your test here
        ''',
    ),
    "environment": (
        "tests/test_isolated.py",
        """
        from ci_toolkit.isolated_environment import IsolatedEnvironment, get_env

        def test_with_isolated_env():
            env = get_env()
            env.set("API_KEY", "test_key", source="test")
        """,
    ),
    "base classes": (
        "tests/test_bases.py",
        '''
        from ci_toolkit.test_framework.base_e2e_test import BaseE2ETest

        class MyE2ETest(BaseE2ETest):
            """Provides WebSocket client, real services, assertions."""
            pass
        ''',
    ),
    "websocket testing": (
        "tests/test_websocket.py",
        """
        from ci_toolkit.test_framework.websocket_helpers import WebSocketTestClient, assert_websocket_events

        async def test_websocket_flow():
            async with WebSocketTestClient(token=user_token) as client:
                await client.send_json({"type": "message", "content": "test"})
                response = await client.receive_json()
                assert_websocket_events(response, ["agent_started"])
        """,
    ),
    "agent testing": (
        "tests/test_agents.py",
        """
        from ci_toolkit.test_framework.agent_test_helpers import create_test_agent, assert_agent_execution

        async def test_agent():
            agent = create_test_agent("cost_optimizer")
            result = await agent.execute("Optimize my costs")
            assert_agent_execution(result, expected_tools=["analyze_costs"])
        """,
    ),
    "legacy: the replacement": (
        "tests/integration/test_agent_execution.py",
        '''
        async def test_agent_delivers_business_value(real_services_fixture):
            """Test agent provides real optimization insights."""
            # Real agent, real database, real value
            agent = await create_real_agent("cost_optimizer")
            result = await agent.execute_with_context(
                message="Analyze costs",
                user_context=real_user_context
            )
            assert result.contains_actionable_insights()
            assert result.potential_savings > 0  # Real business value!
        ''',
    ),
    "correct 1: real services": (
        "tests/test_real.py",
        """
        import pytest

        @pytest.mark.integration
        async def test_with_real_services(real_services_fixture):
            # Real database, real Redis, real APIs
            pass
        """,
    ),
    "correct 2: IsolatedEnvironment": (
        "tests/test_isolated_env.py",
        """
        def test_with_isolated_env(isolated_env):
            isolated_env.set("TEST_VAR", "value", source="test")
        """,
    ),
    "correct 3: configuration constants": (
        "tests/test_ports.py",
        """
        from ci_toolkit.test_framework.test_config import TEST_PORTS
        client = HttpClient(f"localhost:{TEST_PORTS['postgresql']}")
        """,
    ),
    "correct 4: events": (
        "tests/test_events.py",
        """
        async def test_agent_with_events(websocket_client):
            events = await execute_and_collect_events()
            assert_websocket_events(events, ALL_FIVE_EVENTS)
        """,
    ),
    "correct 5: shared code": ("test_framework/shared_utility.py", "def shared():\n    return 1\n"),
    "forbidden 5: the name it calls good": ("test_framework/utilities.py", "def shared():\n    return 1\n"),
    "correct 6: one category": (
        "tests/test_database.py",
        """
        import pytest

        @pytest.mark.integration  # One category
        async def test_database_operation():
            pass
        """,
    ),
    "correct 7: wait conditions": (
        "tests/test_wait.py",
        """
        async def test_with_wait():
            await wait_for_condition(
                lambda: service.is_ready(),
                timeout=10,
                interval=0.5
            )
        """,
    ),
    "correct 8: flaky, being fixed": (
        "tests/test_being_fixed.py",
        """
        import pytest

        @pytest.mark.integration
        @pytest.mark.flaky(reruns=3)  # Temporary while fixing
        async def test_being_fixed():
            # Document why it's flaky and fix plan
            pass
        """,
    ),
    "example 1: integration": (
        "netra_backend/tests/integration/test_thread_management.py",
        '''
        """
        Test User Thread Management

        Business Value Justification (BVJ):
        - Segment: All
        - Business Goal: Enable conversation continuity
        - Value Impact: Users can maintain context across sessions
        - Strategic Impact: Core chat functionality
        """

        import pytest
        from ci_toolkit.test_framework.base_integration_test import BaseIntegrationTest
        from ci_toolkit.test_framework.real_services_test_fixtures import real_services_fixture
        from netra_backend.app.models import User, Thread

        class TestThreadManagement(BaseIntegrationTest):
            """Test thread management with real services."""

            @pytest.mark.integration
            @pytest.mark.real_services
            async def test_create_and_retrieve_thread(self, real_services_fixture):
                """Test thread creation and retrieval with real database."""
                db = real_services_fixture["db"]
                redis = real_services_fixture["redis"]
                user = User(email="test@example.com", name="Test User")
                db.add(user)
                await db.commit()
                thread = Thread(
                    user_id=user.id,
                    title="Cost Optimization Discussion"
                )
                db.add(thread)
                await db.commit()
                await redis.set(f"thread:{thread.id}", thread.to_json())
                cached_thread = await redis.get(f"thread:{thread.id}")
                assert cached_thread is not None
                db_thread = await db.get(Thread, thread.id)
                assert db_thread.title == "Cost Optimization Discussion"
                assert db_thread.user_id == user.id
        ''',
    ),
    "example 2: e2e, mission critical on top": (
        "netra_backend/tests/e2e/test_agent_optimization.py",
        '''
        """
        Test Complete Agent Optimization Flow

        Business Value Justification (BVJ):
        - Segment: Early, Mid, Enterprise
        - Business Goal: Deliver optimization insights
        - Value Impact: Users receive actionable cost savings
        - Strategic Impact: Core value proposition
        """

        import pytest
        from ci_toolkit.test_framework.base_e2e_test import BaseE2ETest
        from ci_toolkit.test_framework.websocket_helpers import WebSocketTestClient

        class TestAgentOptimizationE2E(BaseE2ETest):
            """Test complete agent optimization flow."""

            @pytest.mark.e2e
            @pytest.mark.real_llm
            @pytest.mark.mission_critical
            async def test_cost_optimization_flow(self, real_services, real_llm):
                """Test complete cost optimization with real LLM."""
                user = await self.create_test_user(
                    email="enterprise@example.com",
                    subscription="enterprise"
                )
                async with WebSocketTestClient(
                    token=user.token,
                    base_url=real_services["backend_url"]
                ) as client:
                    await client.send_json({
                        "type": "agent_request",
                        "agent": "cost_optimizer",
                        "message": "Analyze my AWS costs for last month",
                        "context": {
                            "aws_account_id": "123456789",
                            "monthly_spend": 50000
                        }
                    })
                    events = []
                    async for event in client.receive_events(timeout=60):
                        events.append(event)
                        if event["type"] == "agent_completed":
                            break
                    event_types = [e["type"] for e in events]
                    assert "agent_started" in event_types
                    assert "agent_thinking" in event_types
                    assert "tool_executing" in event_types
                    assert "tool_completed" in event_types
                    assert "agent_completed" in event_types
                    final_event = events[-1]
                    thread_id = final_event["data"]["thread_id"]
                    thread = await self.get_thread(thread_id)
                    assert thread is not None
        ''',
    ),
    "example 3: mission critical": (
        "tests/mission_critical/test_websocket_event_delivery.py",
        '''
        """
        Test WebSocket Event Delivery

        MISSION CRITICAL: Without these events, chat has no value!
        """

        import pytest
        from tests.mission_critical.base import MissionCriticalTest

        class TestWebSocketEventDelivery(MissionCriticalTest):
            """Ensure WebSocket events are always delivered."""

            @pytest.mark.mission_critical
            @pytest.mark.no_skip  # NEVER skip this
            async def test_all_five_events_sent(self):
                """All 5 events MUST be sent for every agent execution."""
                result = await self.execute_agent_with_monitoring(
                    agent="triage_agent",
                    message="Simple test query"
                )
                assert result.events["agent_started"] > 0
                assert result.event_order == [
                    "agent_started",
                    "agent_thinking",
                    "agent_completed"
                ]
        ''',
    ),
    "troubleshooting 3: environment detection": (
        "tests/test_llm.py",
        """
        import pytest
        from ci_toolkit.isolated_environment import get_env

        @pytest.mark.skipif(
            get_env().get("CI") == "true" and not has_llm_credentials(),
            reason="LLM credentials not available in CI"
        )
        async def test_requiring_llm():
            pass
        """,
    ),
    "troubleshooting 4: waiting for the socket": (
        "tests/test_socket.py",
        """
        from ci_toolkit.test_framework.websocket_helpers import wait_for_websocket_ready

        async def test_websocket():
            async with WebSocketTestClient() as client:
                await wait_for_websocket_ready(client)  # Wait for connection
        """,
    ),
    "troubleshooting 5: cleanup": (
        "tests/conftest.py",
        '''
        import pytest

        @pytest.fixture
        async def clean_database(real_db):
            """Ensure clean database state."""
            yield real_db
            await real_db.execute("TRUNCATE users CASCADE")
            await real_db.commit()
        ''',
    ),
}


def codes_in(path: str, source: str) -> list[str]:
    report = lint_source(dedent(source).lstrip().encode(), path=path, within=path, settings=LintSettings())
    return [finding.code for finding in report.findings]


@pytest.mark.parametrize(("path", "code", "source"), BAD.values(), ids=BAD.keys())
def test_a_forbidden_example_is_found_with_its_own_rule_and_no_other(path: str, code: str, source: str) -> None:
    assert codes_in(path, source) == [code]


@pytest.mark.parametrize(("path", "source"), GOOD.values(), ids=GOOD.keys())
def test_a_correct_example_passes_clean(path: str, source: str) -> None:
    assert codes_in(path, source) == []


def test_the_bad_examples_stay_bad_without_their_imports() -> None:
    """The guide shows the forbidden lines without imports; a reader would still call them wrong."""
    assert codes_in("tests/test_a.py", 'def test_a():\n    os.environ["TEST_VAR"] = "value"\n') == ["CIT002"]
    assert codes_in("tests/test_a.py", "async def test_a():\n    await asyncio.sleep(5)\n") == ["CIT007"]
    bare = '@pytest.mark.e2e\ndef test_a():\n    with patch("database.connect"):\n        pass\n'
    assert codes_in("tests/test_a.py", bare) == ["CIT001"]


FORBIDDEN_AT_ONCE = """
# 1. NEVER use mocks in E2E tests
@pytest.mark.e2e
def test_e2e_with_mocks():  # WRONG!
    with patch("database.connect"):  # FORBIDDEN!
        pass

# 2. NEVER access os.environ directly
def test_with_environ():
    os.environ["TEST_VAR"] = "value"  # WRONG!

# 3. NEVER hardcode ports
def test_with_hardcoded_port():
    client = HttpClient("localhost:5432")  # WRONG!

# 4. NEVER skip WebSocket events in agent tests
async def test_agent_without_events():
    result = await agent.execute()  # WRONG!

# 6. NEVER mix test categories
@pytest.mark.unit
@pytest.mark.e2e  # WRONG! Pick one!
def test_confused_category():
    pass

# 7. NEVER use sleep for synchronization
async def test_with_sleep():
    await asyncio.sleep(5)  # WRONG!

# 8. NEVER ignore test failures
@pytest.mark.skip("Failing sometimes")  # WRONG!
def test_flaky():
    pass
"""


def test_the_forbidden_patterns_in_one_file_are_each_found_once() -> None:
    expected = ["CIT001", "CIT002", "CIT003", "CIT004", "CIT006", "CIT007", "CIT008"]
    assert codes_in("tests/test_forbidden.py", FORBIDDEN_AT_ONCE) == expected

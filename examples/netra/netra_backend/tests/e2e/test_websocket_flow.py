"""
Test WebSocket Flow

Business Value Justification (BVJ):
- Segment: All
- Business Goal: A chat that answers
- Value Impact: Users see an agent work
- Strategic Impact: Chat is the product
"""

import pytest
from ci_toolkit.test_framework.agent_test_helpers import (
    create_test_agent,
    assert_agent_execution,
)
from ci_toolkit.test_framework.base_e2e_test import BaseE2ETest
from ci_toolkit.test_framework.websocket_helpers import (
    ALL_FIVE_EVENTS,
    WebSocketTestClient,
    assert_websocket_events,
    wait_for_agent_completion,
    wait_for_websocket_ready,
)
from netra_backend.tests.agent_clients import create_real_user, execute_and_collect_events, real_websocket_client

pytestmark = pytest.mark.usefixtures("backend_url")


@pytest.fixture
async def user_token(backend_url):
    return (await create_real_user()).token


async def test_websocket_flow(user_token):
    async with WebSocketTestClient(token=user_token) as client:
        await client.send_json({"type": "message", "content": "test"})
        response = await client.receive_json()
        assert_websocket_events(response, ["agent_started"])
        assert (await wait_for_agent_completion(client))[-1]["status"] == "success"


async def test_websocket(user_token):
    async with WebSocketTestClient(token=user_token) as client:
        await wait_for_websocket_ready(client)  # Wait for connection
        # Now safe to send messages


async def test_agent():
    agent = create_test_agent("cost_optimizer")
    result = await agent.execute("Optimize my costs")
    assert_agent_execution(result, expected_tools=["analyze_costs"])


async def test_agent_with_events(websocket_client):
    events = await execute_and_collect_events()
    assert_websocket_events(events, ALL_FIVE_EVENTS)


async def test_user_can_send_message_to_agent():
    """Test that delivers REAL business value."""
    # Uses real WebSocket, real agent, real database
    async with real_websocket_client() as client:
        response = await client.send_agent_message("Help me optimize costs")
        assert response.contains_actionable_insights()


class TestBase(BaseE2ETest):
    """Provides WebSocket client, real services, assertions."""

    async def test_users_never_see_each_other(self):
        first, second = await self.create_test_user(), await self.create_test_user()
        async with self.websocket_client(first) as one, self.websocket_client(second) as two:
            for client in (one, two):
                await client.send_json({"type": "message", "content": "hello"})
            ours, theirs = await one.collect_events(), await two.collect_events()
        self.assert_events(ours, ["agent_started", "agent_thinking", "agent_completed"])
        assert {ours[0]["user_id"], theirs[0]["user_id"]} == {first.id, second.id}
        assert ours[0]["thread_id"] != theirs[0]["thread_id"]
        assert (await self.get_thread(ours[0]["thread_id"])).user_id == first.id

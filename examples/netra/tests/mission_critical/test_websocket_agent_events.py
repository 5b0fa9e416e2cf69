"""
Test WebSocket Agent Events

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Users see the agent work
- Value Impact: Silence looks like a crash
- Strategic Impact: Chat is the product
"""

import pytest
from ci_toolkit.test_framework.websocket_helpers import ALL_FIVE_EVENTS, assert_websocket_events
from netra_backend.tests.agent_clients import execute_and_collect_events


@pytest.mark.usefixtures("backend_url")
async def test_all_websocket_events_sent():
    """CRITICAL: WebSocket events enable chat value."""
    # This test MUST pass or the system has no value
    assert_websocket_events(await execute_and_collect_events(), ALL_FIVE_EVENTS)

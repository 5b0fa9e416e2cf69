"""How the tests of this suite reach agents: the names that the guide's shorter examples use."""

from contextlib import asynccontextmanager

from ci_toolkit.test_framework.agent_test_helpers import create_test_agent
from ci_toolkit.test_framework.utilities import create_user_context
from ci_toolkit.test_framework.websocket_helpers import WebSocketTestClient
from netra_backend.app.agents import AgentResult
from netra_backend.testing import NetraApplication


class AgentClient:
    """A connected user who asks an agent and reads its answer."""

    def __init__(self, client):
        self._client = client

    async def send_agent_message(self, message):
        await self._client.send_json({"type": "agent_request", "agent": "cost_optimizer", "message": message})
        events = await self._client.collect_events(timeout=30)
        result = events[-1]["data"]["result"]
        return AgentResult(result["summary"], result["recommendations"], result["potential_savings"]["monthly_amount"])


async def create_real_user(services=None):
    return await NetraApplication().create_user(
        services or {}, email=create_user_context().email, subscription="free"
    )


def WebSocketClient(token):  # noqa: N802 (the guide's short name)
    return WebSocketTestClient(token=token)


@asynccontextmanager
async def real_websocket_client():
    user = await create_real_user()
    async with WebSocketClient(user.token) as client:
        yield AgentClient(client)


async def execute_and_collect_events():
    run = await create_test_agent("cost_optimizer").execute("Optimize my costs")
    return run.transcript

"""How ci-toolkit's test framework reaches this application: the Protocol ``Application``, implemented once."""

from dataclasses import dataclass, field
from typing import Any

from ci_toolkit.test_framework.application import Services
from ci_toolkit.test_framework.websocket_helpers import WebSocketTestClient
from netra_backend.app.models import Thread


@dataclass(frozen=True)
class TestUser:
    """Somebody with an account and a session."""

    __test__ = False

    id: str
    email: str
    token: str = field(repr=False)


class NetraApplication:
    """Users sign up over the WebSocket as in life; threads are read from PostgreSQL."""

    async def create_user(self, services: Services, *, email: str, subscription: str) -> TestUser:
        async with WebSocketTestClient(base_url=services.get("backend_url", ""), path="/signup") as client:
            await client.send_json({"email": email, "subscription": subscription})
            answer = await client.receive_json()
        return TestUser(id=answer["user_id"], email=email, token=answer["token"])

    async def get_thread(self, services: Services, thread_id: str) -> Any:
        return await services["db"].get(Thread, thread_id)

"""The fixture ``websocket_client``; registered where pytest-asyncio is there to run it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from ci_toolkit.test_framework.agent_run import fresh_email
from ci_toolkit.test_framework.application import Services, load_application, needed
from ci_toolkit.test_framework.websocket_client import WebSocketTestClient, default_backend_url


@pytest_asyncio.fixture
async def websocket_client(real_services: Services) -> AsyncIterator[WebSocketTestClient]:
    """Give a connection of a new user to the running backend."""
    create_user: Any = needed(load_application(), "create_user", by="websocket_client")
    user = await create_user(real_services, email=fresh_email("user"), subscription="free")
    base_url = real_services.get("backend_url") or default_backend_url()
    async with WebSocketTestClient(token=user.token, base_url=base_url) as client:
        yield client

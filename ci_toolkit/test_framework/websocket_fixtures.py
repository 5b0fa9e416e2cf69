"""The fixtures ``backend_url`` and ``websocket_client``; registered where pytest-asyncio is there to run them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from ci_toolkit.test_framework.agent_run import fresh_email
from ci_toolkit.test_framework.application import Services, load_application, needed
from ci_toolkit.test_framework.websocket_client import WebSocketTestClient, backend_url_of


@pytest_asyncio.fixture(loop_scope="function")
async def backend_url(real_services: Services) -> str:
    """Give where the backend listens, started if need be; clients that are told no address use it too."""
    return backend_url_of(real_services)


@pytest_asyncio.fixture(loop_scope="function")
async def websocket_client(real_services: Services, backend_url: str) -> AsyncIterator[WebSocketTestClient]:
    """Give a connection of a new user to the running backend."""
    create_user: Any = needed(load_application(), "create_user", by="websocket_client")
    user = await create_user(real_services, email=fresh_email("user"), subscription="free")
    async with WebSocketTestClient(token=user.token, base_url=backend_url) as client:
        yield client

"""The base of end-to-end tests: real users of the real application over its WebSocket, on real services."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest_asyncio

from ci_toolkit.test_framework.agent_events import Event
from ci_toolkit.test_framework.agent_run import fresh_email
from ci_toolkit.test_framework.application import Services, User, load_application, needed
from ci_toolkit.test_framework.base_integration_test import BaseIntegrationTest
from ci_toolkit.test_framework.websocket_client import WebSocketTestClient, backend_url_of
from ci_toolkit.test_framework.websocket_helpers import assert_websocket_events


class BaseE2ETest(BaseIntegrationTest):
    """Real services, users, threads and WebSocket clients, through the Application that the project names."""

    services: Services
    """What the fixture ``real_services`` gave this test."""

    @property
    def application(self) -> Any:
        """The project's Application. Raises ApplicationError where none is named."""
        return load_application()

    async def create_test_user(self, email: str = "", subscription: str = "free") -> User:
        """Create a real user, deleted after the test where the Application has ``delete_user``."""
        create = needed(self.application, "create_user", by="create_test_user")
        user: User = await create(self.services, email=email or fresh_email("user"), subscription=subscription)
        self._users.append(user)
        return user

    async def get_thread(self, thread_id: str) -> Any:
        """Return the thread as it was persisted, or ``None``."""
        return await needed(self.application, "get_thread", by="get_thread")(self.services, thread_id)

    def websocket_client(self, user: User) -> WebSocketTestClient:
        """Return a client for ``user``; connect it with ``async with``."""
        return WebSocketTestClient(token=user.token, base_url=self.backend_url)

    @property
    def backend_url(self) -> str:
        """Where the backend listens; looking starts it."""
        return backend_url_of(self.services)

    def assert_events(self, events: Event | Sequence[Event], expected: Sequence[str]) -> None:
        """Assert that ``expected`` came in this order, with the fields of the contract."""
        __tracebackhide__ = True
        assert_websocket_events(events, expected)

    @pytest_asyncio.fixture(autouse=True, loop_scope="function")
    async def _services_and_users(self, real_services: Services) -> AsyncIterator[None]:
        self.services = real_services
        self._users: list[User] = []
        yield
        if self._users and hasattr(self.application, "delete_user"):
            for user in self._users:
                await self.application.delete_user(self.services, user)

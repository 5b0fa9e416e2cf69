"""One run of an agent over the real WebSocket, and what it sent."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from ci_toolkit.test_framework.agent_events import Event, count_events, event_order, field_of, transcript, type_of
from ci_toolkit.test_framework.application import Services, load_application, needed
from ci_toolkit.test_framework.running_test import services_of_the_running_test
from ci_toolkit.test_framework.websocket_client import WebSocketTestClient, backend_url_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRun:
    """What an agent sent while it worked."""

    agent: str
    transcript: tuple[Event, ...]
    """Every message, in order."""

    @property
    def events(self) -> Counter[str]:
        """How often each type came; 0 for one that did not."""
        return count_events(self.transcript)

    @property
    def event_order(self) -> list[str]:
        """The agent events in the order of their first coming, without the tool events that are optional between."""
        return event_order(self.transcript)

    @property
    def tools(self) -> tuple[str, ...]:
        """The tools that completed, in order."""
        ended = (event for event in self.transcript if type_of(event) == "tool_completed")
        return tuple(str(field_of(event, "tool_name")) for event in ended)

    @property
    def result(self) -> Any:
        """What ``agent_completed`` holds as ``result``, else its ``final_response``; ``None`` where it never came."""
        last = next((event for event in reversed(self.transcript) if type_of(event) == "agent_completed"), {})
        result = field_of(last, "result")
        return field_of(last, "final_response") if result is None else result

    def __str__(self) -> str:
        return f"{self.agent}:\n{transcript(self.transcript)}"


def agent_request(agent: str, message: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Return what makes an agent work, as the guide's examples send it."""
    request: dict[str, Any] = {"type": "agent_request", "agent": agent, "message": message}
    return request | ({"context": dict(context)} if context else {})


async def run_agent(
    client: WebSocketTestClient,
    *,
    agent: str,
    message: str,
    context: Mapping[str, Any] | None = None,
    timeout: float = 60.0,  # noqa: ASYNC109 (as its siblings)
    request: Any = agent_request,
) -> AgentRun:
    """Ask ``agent`` over an open connection and return what came up to ``agent_completed``."""
    __tracebackhide__ = True
    await client.send_json(request(agent, message, context or {}))
    return AgentRun(agent=agent, transcript=tuple(await client.collect_events(timeout)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAgent:
    """An agent of the running backend; each execution is a user and a connection of its own."""

    name: str
    application: Any
    services: Services | None
    """None for those of the test that runs."""
    seconds: float = 60.0

    async def execute(self, message: str, **context: Any) -> AgentRun:
        """Create a user, connect, ask, and return what came."""
        __tracebackhide__ = True
        if self.services is not None:
            return await self._execute(self.services, message, context)
        async with services_of_the_running_test() as services:
            return await self._execute(services, message, context)

    async def _execute(self, services: Services, message: str, context: Mapping[str, Any]) -> AgentRun:
        __tracebackhide__ = True
        create_user = needed(self.application, "create_user", by=f"an execution of {self.name}")
        user = await create_user(services, email=fresh_email(self.name), subscription="free")
        request = getattr(self.application, "agent_request", agent_request)
        async with WebSocketTestClient(token=user.token, base_url=backend_url_of(services)) as client:
            return await run_agent(
                client, agent=self.name, message=message, context=context, timeout=self.seconds, request=request
            )


def agent_of(name: str, services: Services | None) -> Any:
    """Return the agent called ``name``: the application's own way to it, else over the WebSocket."""
    application = load_application()
    create = getattr(application, "create_agent", None)
    return RemoteAgent(name=name, application=application, services=services) if create is None else create(name)


def fresh_email(name: str) -> str:
    """Return an address that no other test uses."""
    return f"{name}-{uuid4().hex}@example.com"

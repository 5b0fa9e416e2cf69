"""WebSocket tests as the guide writes them: the client, the assertions on events, and what to wait for."""

from collections.abc import Mapping, Sequence
from typing import Any

from ci_toolkit.test_framework.agent_events import (
    ALL_FIVE_EVENTS,
    Event,
    breaches,
    missing_fields,
    missing_in_order,
    transcript,
)
from ci_toolkit.test_framework.websocket_client import WebSocketFailure, WebSocketTestClient

__all__ = [
    "ALL_FIVE_EVENTS",
    "WebSocketFailure",
    "WebSocketTestClient",
    "assert_websocket_events",
    "assert_websocket_events_sent",
    "wait_for_agent_completion",
    "wait_for_websocket_ready",
]


def assert_websocket_events(events: Event | Sequence[Event], expected: Sequence[str]) -> None:
    """Assert that ``expected`` came in this order, others between, each with the fields of the contract.

    Takes one event or several. A whole run, from ``agent_started`` to ``agent_completed``, keeps the whole contract.
    The failure shows every event.
    """
    __tracebackhide__ = True
    several = [events] if isinstance(events, Mapping) else list(events)
    wrong = [f"{kind} did not come, or not in this order" for kind in missing_in_order(several, expected)]
    if {"agent_started", "agent_completed"} <= set(expected):
        wrong += breaches(several)
    else:
        wrong += missing_fields(several, expected)
    if wrong:
        raise AssertionError(
            f"expected {', '.join(expected)}\n"
            + "".join(f"  - {one}\n" for one in wrong)
            + f"in\n{transcript(several)}"
        )


def assert_websocket_events_sent(events: Sequence[Event], expected: Sequence[str]) -> None:
    """Assert the same as ``assert_websocket_events``; the guide has both names."""
    __tracebackhide__ = True
    assert_websocket_events(events, expected)


async def wait_for_agent_completion(
    client: WebSocketTestClient,
    timeout: float = 60.0,  # noqa: ASYNC109 (the guide's word)
) -> list[dict[str, Any]]:
    """Return every event up to ``agent_completed``. Fails after ``timeout`` seconds, showing what came."""
    __tracebackhide__ = True
    return await client.collect_events(timeout)


async def wait_for_websocket_ready(
    client: WebSocketTestClient,
    timeout: float = 10.0,  # noqa: ASYNC109 (the guide's word)
) -> None:
    """Wait until the server answers on this connection. Fails after ``timeout`` seconds."""
    __tracebackhide__ = True
    await client.ping(timeout)

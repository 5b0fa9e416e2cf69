"""The WebSocket client against real servers: limits, refusals, transcripts, a token that shows nowhere."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from ci_toolkit.test_framework.agent_test_helpers import assert_agent_execution
from ci_toolkit.test_framework.utilities import wait_for_condition
from ci_toolkit.test_framework.websocket_helpers import (
    ALL_FIVE_EVENTS,
    WebSocketFailure,
    WebSocketTestClient,
    assert_websocket_events,
    assert_websocket_events_sent,
    wait_for_agent_completion,
    wait_for_websocket_ready,
)

TOKEN = "token-0123456789"
FIELDS: dict[str, dict[str, Any]] = {
    "agent_started": {"user_id": "u", "thread_id": "t"},
    "agent_thinking": {"reasoning": "hm"},
    "tool_executing": {"tool_name": "analyze_costs", "parameters": {}},
    "tool_completed": {"tool_name": "analyze_costs", "results": {}, "duration": 0.1},
    "agent_completed": {"status": "success", "final_response": "done", "data": {"result": {"saved": 1}}},
}
RUN = [{"type": kind, "timestamp": 1, **FIELDS[kind]} for kind in ALL_FIVE_EVENTS]

Talk = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[str]:
    def check(connection: ServerConnection, request: Request) -> Response | None:
        if request.path == "/moved":
            return connection.respond(HTTPStatus.NOT_FOUND, "nothing here")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return connection.respond(HTTPStatus.UNAUTHORIZED, f"not you: {request.headers.get('Authorization')}")
        return None

    async with serve(talk, "127.0.0.1", 0, process_request=check) as running:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"


async def runs_an_agent(connection: ServerConnection) -> None:
    async for _ in connection:
        for event in RUN:
            await connection.send(json.dumps(event))


async def says_nothing(connection: ServerConnection) -> None:
    await connection.wait_closed()


async def starts_and_dies(connection: ServerConnection) -> None:
    await connection.send(json.dumps({"type": "agent_started", "echo": TOKEN}))
    await connection.close(1011, f"crashed on {TOKEN}")


async def starts_and_leaves(connection: ServerConnection) -> None:
    await connection.send(json.dumps(RUN[0]))


async def babbles(connection: ServerConnection) -> None:
    await connection.send(f"<html> {TOKEN}")


def run(scenario: Callable[[WebSocketTestClient], Awaitable[Any]], talk: Talk = runs_an_agent, **options: Any) -> Any:
    async def main() -> Any:
        async with server(talk) as url, WebSocketTestClient(token=TOKEN, base_url=url, **options) as client:
            return await scenario(client)

    return asyncio.run(main())


def test_the_guides_examples_of_websocket_tests() -> None:
    async def scenario(client: WebSocketTestClient) -> None:
        await wait_for_websocket_ready(client)
        await client.send_json({"type": "message", "content": "test"})
        response = await client.receive_json()
        assert_websocket_events(response, ["agent_started"])
        assert [event["type"] for event in await wait_for_agent_completion(client)] == list(ALL_FIVE_EVENTS[1:])
        await client.send_message({"type": "message"})
        events = []
        async for event in client.receive_events(timeout=60):
            events.append(event)
            if event["type"] == "agent_completed":
                break
        assert_websocket_events_sent(events, ALL_FIVE_EVENTS)
        assert_agent_execution(events, expected_tools=["analyze_costs"])

    run(scenario)


@pytest.mark.parametrize(
    "receive",
    [
        lambda client: client.receive_json(timeout=0.05),
        lambda client: client.collect_events(timeout=0.05),
        lambda client: wait_for_agent_completion(client, timeout=0.05),
    ],
)
def test_every_receive_has_a_limit(receive: Callable[[WebSocketTestClient], Awaitable[Any]]) -> None:
    with pytest.raises(WebSocketFailure, match=r"waited 0\.05 s for ws://127\.0\.0\.1:\d+/ws to send a message"):
        run(receive, says_nothing)


def test_a_loop_over_events_ends_at_its_limit_even_if_others_keep_coming() -> None:
    async def chatters(connection: ServerConnection) -> None:
        while True:
            await connection.send('{"type": "pong"}')
            await asyncio.sleep(0.01)

    async def scenario(client: WebSocketTestClient) -> None:
        await client.receive_json()
        async for _ in client.receive_events(timeout=0.1):
            pass

    with pytest.raises(WebSocketFailure, match=r"^waited 0\.1 s for [^\n]*(?s:.*)1  pong"):
        run(scenario, chatters)


def test_a_crash_shows_what_came_before_it_and_not_the_token() -> None:
    with pytest.raises(WebSocketFailure, match="closed the connection") as caught:
        run(lambda client: client.collect_events(), starts_and_dies)
    text = str(caught.value)
    assert "1011" in text
    assert "agent_started" in text
    assert "crashed on ***" in text
    assert TOKEN not in text


def test_a_server_that_leaves_in_good_order_ends_the_events_and_fails_who_waits_for_more() -> None:
    async def scenario(client: WebSocketTestClient) -> list[Any]:
        return [event async for event in client.receive_events()]

    assert run(scenario, starts_and_leaves) == [RUN[0]]
    with pytest.raises(WebSocketFailure, match="closed before it sent agent_completed"):
        run(lambda client: client.collect_events(), starts_and_leaves)


def test_a_loop_over_events_fails_on_what_is_not_json_even_if_the_server_then_left_in_good_order() -> None:
    async def says_one_thing_and_babbles(connection: ServerConnection) -> None:
        await connection.send(json.dumps(RUN[0]))
        await connection.send("not json")

    async def scenario(client: WebSocketTestClient) -> None:
        events = client.receive_events()
        assert await anext(events) == RUN[0]
        await wait_for_condition(lambda: client.is_closed_in_order, interval=0.001)
        async for _ in events:
            pytest.fail("there is nothing more")

    with pytest.raises(WebSocketFailure, match="sent what is not JSON: 'not json'"):
        run(scenario, says_one_thing_and_babbles)


def test_what_is_not_json_is_shown_without_the_token() -> None:
    with pytest.raises(WebSocketFailure, match=r"sent what is not JSON: '<html> \*\*\*'"):
        run(lambda client: client.receive_json(), babbles)


def test_a_refusal_is_a_failure_with_the_address_and_what_to_do() -> None:
    async def connect(url: str, **options: Any) -> None:
        async with WebSocketTestClient(base_url=url, **options):
            pytest.fail("it was refused")

    async def refused() -> None:
        async with server(runs_an_agent) as url:
            with pytest.raises(
                WebSocketFailure, match=r"ws://.*/ws refused the connection with HTTP 401\n  Is the token"
            ):
                await connect(url, token="wrong-token-1")
            with pytest.raises(
                WebSocketFailure, match=r"/moved refused the connection with HTTP 404\n  .*websocket-path"
            ):
                await connect(url, token=TOKEN, path="/moved")
        with pytest.raises(WebSocketFailure, match=r"ws://.* cannot be connected to: .*\n  Is the backend running"):
            await connect(url, token=TOKEN)

    asyncio.run(refused())


def test_a_server_that_accepts_and_never_shakes_hands_is_left_within_the_limit() -> None:
    async def scenario() -> None:
        left = asyncio.Event()

        async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()
            await writer.wait_closed()
            left.set()

        async with await asyncio.start_server(mute, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            with pytest.raises(WebSocketFailure, match="cannot be connected to: "):
                async with WebSocketTestClient(base_url=f"http://127.0.0.1:{port}", timeout=0.5):
                    pytest.fail("nobody shook hands")
            await left.wait()

    asyncio.run(scenario())


def test_the_token_is_in_no_log_and_no_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "ci_toolkit.websocket")
    seen: list[str] = []

    async def scenario(client: WebSocketTestClient) -> None:
        await client.send_json({"type": "hello"})
        await client.collect_events()
        seen.append(f"{client!r} {vars(client)!r} {client.transcript}")

    run(scenario)
    ours = [record.getMessage() for record in caplog.records if record.name == "ci_toolkit.websocket"]
    assert "> Authorization: Bearer ***" in ours
    assert TOKEN not in "\n".join(ours + seen)


def test_a_client_that_was_never_connected_says_so() -> None:
    with pytest.raises(WebSocketFailure, match="use `async with"):
        asyncio.run(WebSocketTestClient(base_url="http://127.0.0.1:1").receive_json())


def test_a_failed_assertion_shows_every_event_and_each_breach() -> None:
    broken = [RUN[0], RUN[3], RUN[4]]
    with pytest.raises(AssertionError) as caught:
        assert_websocket_events(broken, ALL_FIVE_EVENTS)
    text = str(caught.value)
    for line in (
        "- agent_thinking did not come", "- tool_executing did not come", "- agent_thinking never came",
        "- event 2, tool_completed of analyze_costs, ends a call", "  1  agent_started", "  3  agent_completed",
    ):  # fmt: skip
        assert line in text
    with pytest.raises(AssertionError, match="event 1, agent_started, lacks user_id"):
        assert_websocket_events({"type": "agent_started", "thread_id": "t", "timestamp": 1}, ["agent_started"])


def test_an_execution_is_asked_for_its_tools_and_its_status() -> None:
    with pytest.raises(AssertionError, match="the tool forecast did not complete"):
        assert_agent_execution(RUN, expected_tools=["analyze_costs", "forecast"])
    failed = [*RUN[:4], {**RUN[4], "status": "error"}]
    with pytest.raises(AssertionError, match="agent_completed says 'error'"):
        assert_agent_execution(failed)

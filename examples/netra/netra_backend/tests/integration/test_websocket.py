"""
Test the WebSocket of the backend

Business Value Justification (BVJ):
- Segment: All
- Business Goal: A chat that keeps its promises
- Value Impact: Every request has one end that its user sees, in order, whatever goes wrong
- Strategic Impact: Chat is the product
"""

import json
from contextlib import AsyncExitStack

import pytest
from ci_toolkit.test_framework.agent_events import breaches
from ci_toolkit.test_framework.base_integration_test import BaseIntegrationTest
from ci_toolkit.test_framework.utilities import wait_for_condition
from ci_toolkit.test_framework.websocket_helpers import WebSocketTestClient
from netra_backend.app.accounts import create_user
from netra_backend.app.models import Message
from netra_backend.testing import access_token
from sqlalchemy import select
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

SUBPROTOCOL = "netra"


@pytest.fixture
async def user(real_db, backend_url):
    return await create_user(real_db, email="test@example.com")


def ask(message, agent="cost_optimizer", **fields):
    return {"type": "agent_request", "agent": agent, "message": message} | fields


async def end_of(client, request_id):
    """Return the events of one request up to its end; those of others are dropped."""
    events = []
    async for event in client.receive_events(timeout=30):
        if event.get("request_id") == request_id:
            events.append(event)
            if event["type"] in {"agent_completed", "error"}:
                return events
    raise AssertionError(f"{request_id} has no end: {client.transcript}")


def of_request(events, request_id):
    return [event for event in events if event.get("request_id") == request_id]


async def let_in(stack, user):
    """Return a connection whose token ends soon; a busy machine may take longer than that until it is let in."""
    for seconds in (3, 12, 48):
        try:
            return await stack.enter_async_context(WebSocketTestClient(token=access_token(user, seconds=seconds)))
        except AssertionError as error:
            late = error
    raise late


class TestBackendWebSocket(BaseIntegrationTest):
    """The running backend, on this worker's databases, with the scripted language model."""

    @pytest.mark.integration
    async def test_several_requests_at_once_have_their_events_in_order(self, user):
        """Events of different requests may mix; those of one never do."""
        names = [f"request-{number}" for number in range(5)]
        async with WebSocketTestClient(token=access_token(user)) as client:
            for name in names:
                await client.send_json(ask("Save", request_id=name))
            events, ended = [], set()
            while ended != set(names):
                events.append(await client.receive_json(timeout=30))
                if events[-1]["type"] == "agent_completed":
                    ended.add(events[-1]["request_id"])
        for name in names:
            ours = of_request(events, name)
            assert breaches(ours) == ()
            assert [event["number"] for event in ours] == list(range(1, len(ours) + 1))
        assert len({event["thread_id"] for event in events}) == len(names)

    @pytest.mark.integration
    async def test_a_request_that_is_sent_again_has_the_same_answer_and_is_worked_on_once(self, user):
        """Whoever lost the connection asks again, and nobody pays twice."""
        async with WebSocketTestClient(token=access_token(user)) as client:
            await client.send_json(ask("Save", request_id="r1"))
            first = await end_of(client, "r1")
        async with WebSocketTestClient(token=access_token(user)) as client:
            await client.send_json(ask("Save", request_id="r1"))
            second = await end_of(client, "r1")
        assert breaches(second) == ()
        assert (second[-1]["data"], second[-1]["thread_id"]) == (first[-1]["data"], first[-1]["thread_id"])
        assert "tool_executing" not in [event["type"] for event in second]

    @pytest.mark.integration
    async def test_what_cannot_be_done_is_an_error_of_its_request_and_the_connection_goes_on(self, user):
        """Nonsense, strangers' threads, unknown agents, and figures that are none."""
        async with WebSocketTestClient(token=access_token(user)) as client:
            for number, (code, message) in enumerate([
                ("invalid", {"type": "shutdown"}),
                ("invalid", ask("")),
                ("no_such_agent", ask("Save", agent="root")),
                ("no_such_thread", ask("Save", thread_id="nobody-s")),
                ("tool_failed", ask("Save", context={"monthly_spend": "a lot"})),
                ("too_large", ask("x" * 17_000)),
            ]):
                await client.send_json(message | {"request_id": f"r{number}"})
                assert (await end_of(client, f"r{number}"))[-1]["code"] == code
            await client.send_json({"type": "ping"})
            assert (await client.receive_json())["type"] == "pong"

    @pytest.mark.integration
    async def test_a_message_beyond_all_limits_ends_its_connection_and_no_other(self, user):
        """The backend does not even keep it."""
        async with WebSocketTestClient(token=access_token(user)) as other:
            async with connect(other.url, additional_headers=bearer(user), proxy=None) as client:
                await client.send("x" * 1_000_000)
                with pytest.raises(ConnectionClosed):
                    await client.recv()
            assert client.close_code == 1009
            await other.ping()

    @pytest.mark.integration
    async def test_what_a_client_that_left_has_asked_is_answered_all_the_same(self, user, real_db):
        """The answer is in the thread when the user comes back."""
        async with WebSocketTestClient(token=access_token(user)) as client:
            await client.send_json(ask("Save", request_id="left"))
            thread_id = (await client.receive_json())["thread_id"]
        answers = select(Message.content).where(Message.thread_id == thread_id, Message.role == "agent")

        async def is_answered():
            return (await real_db.scalars(answers)).all()

        await wait_for_condition(is_answered, timeout=30, interval=0.05)
        async with WebSocketTestClient(token=access_token(user)) as client:
            await client.send_json(ask("Save", request_id="left"))
            assert (await end_of(client, "left"))[-1]["thread_id"] == thread_id

    @pytest.mark.integration
    async def test_a_token_that_expires_closes_the_connection_and_says_so(self, user):
        """Code 4401, after an error that says what to do; what was asked before is answered."""
        async with AsyncExitStack() as stack:
            client = await let_in(stack, user)
            error = await client.receive_json(timeout=60)
            assert (error["type"], error["code"]) == ("error", "token_expired")
            with pytest.raises(AssertionError, match="4401"):
                await client.receive_json(timeout=30)

    @pytest.mark.integration
    @pytest.mark.parametrize("token", ["", "no token", "expired"])
    async def test_a_stranger_is_not_let_in(self, user, token):
        """HTTP 401 where a client can see it; a browser is let in to be told, and closed with 4401."""
        token = access_token(user, seconds=-1) if token == "expired" else token
        with pytest.raises(AssertionError, match="HTTP 401"):
            async with WebSocketTestClient(token=token):
                pass
        url = WebSocketTestClient().url
        offered = [SUBPROTOCOL, f"bearer.{token.replace(' ', '')}"]
        async with connect(url, subprotocols=offered, proxy=None) as browser:
            assert json.loads(await browser.recv())["type"] == "error"
            with pytest.raises(ConnectionClosed):
                await browser.recv()
        assert browser.close_code == 4401

    @pytest.mark.integration
    async def test_a_browser_shows_its_token_as_a_subprotocol(self, user):
        """Scripts of a page can set no header."""
        url = WebSocketTestClient().url
        offered = [SUBPROTOCOL, f"bearer.{access_token(user)}"]
        async with connect(url, subprotocols=offered, proxy=None) as browser:
            assert browser.subprotocol == SUBPROTOCOL
            await browser.send(json.dumps(ask("hello costs", "triage_agent")))
            assert json.loads(await browser.recv())["user_id"] == user.id


def bearer(user):
    return {"Authorization": f"Bearer {access_token(user)}"}

"""
Test the limits of a connection

Business Value Justification (BVJ):
- Segment: All
- Business Goal: One client never harms another
- Value Impact: A slow or greedy client meets its own limits, and what it asked is worked on all the same
- Strategic Impact: Reliability
"""

import asyncio
import json
import time

import pytest
from shared.access import Identity
from netra_backend.app.connection import Connection
from netra_backend.app.settings import Limits
from netra_backend.app.tasks import Tasks
from starlette.websockets import WebSocketDisconnect, WebSocketState

FAR = time.time() + 3600


class ClientSide:
    """What a connection asks of its WebSocket, with a client that says what a test has it say."""

    application_state = WebSocketState.CONNECTED

    def __init__(self, *, reads=True):
        self.said = asyncio.Queue()
        self.read = asyncio.Queue()
        self.closed = None
        self._reads = reads

    async def receive_text(self):
        said = await self.said.get()
        if said is None:
            raise WebSocketDisconnect
        return said

    async def send_text(self, text):
        if not self._reads:
            await asyncio.Event().wait()
        await self.read.put(json.loads(text))

    async def send_json(self, message):
        await self.read.put(message)

    async def close(self, code, reason):
        self.closed = (code, reason)


class CountingRunner:
    """Runs a request by sending ``events``, and ends when it may."""

    def __init__(self, events=1):
        self.may_end = asyncio.Event()
        self.ended = 0
        self._events = events

    async def run(self, context, emit):
        for number in range(self._events):
            await emit({"type": "event", "number": number, "request_id": context.request_id})
        await self.may_end.wait()
        self.ended += 1


def connection(client, runner, tasks, *, expires_at=FAR, **limits):
    identity = Identity(user_id="u1", subscription="free", expires_at=expires_at)
    return Connection(client, identity, runner, tasks, Limits(**limits))


def ask(request_id):
    return json.dumps({"type": "message", "message": "hello", "request_id": request_id})


async def test_a_connection_has_room_for_so_many_requests_at_once():
    client, runner, tasks = ClientSide(), CountingRunner(), Tasks()
    serving = asyncio.create_task(connection(client, runner, tasks, requests_at_once=2).serve())
    for request_id in ("one", "two", "three"):
        client.said.put_nowait(ask(request_id))
    read = [await client.read.get() for _ in range(3)]
    refused = next(event for event in read if event["request_id"] == "three")
    assert (refused["type"], refused["code"]) == ("error", "too_many_requests")
    runner.may_end.set()
    await tasks.drain(30)
    client.said.put_nowait(ask("four"))
    assert (await client.read.get())["request_id"] == "four"
    client.said.put_nowait(None)
    await serving


async def test_what_a_client_asked_goes_on_when_it_has_left():
    client, runner, tasks = ClientSide(), CountingRunner(), Tasks()
    serving = asyncio.create_task(connection(client, runner, tasks).serve())
    client.said.put_nowait(ask("one"))
    await client.read.get()
    client.said.put_nowait(None)
    await serving
    assert (len(tasks), runner.ended, client.closed) == (1, 0, None)
    runner.may_end.set()
    await tasks.drain(30)
    assert runner.ended == 1


async def test_a_client_that_takes_no_events_is_closed_and_its_request_goes_on():
    client, runner, tasks = ClientSide(reads=False), CountingRunner(events=50), Tasks()
    runner.may_end.set()
    client.said.put_nowait(ask("one"))
    await connection(client, runner, tasks, waiting_events=3, slow_seconds=0.01).serve()
    assert client.closed == (4408, "too_slow")
    await tasks.drain(30)
    assert runner.ended == 1


async def test_a_connection_ends_with_its_token():
    client, tasks = ClientSide(), Tasks()
    await connection(client, CountingRunner(), tasks, expires_at=time.time() - 1).serve()
    assert (await client.read.get())["code"] == "token_expired"
    assert client.closed == (4401, "token_expired")


async def test_a_message_of_bytes_ends_the_connection_without_noise(caplog):
    class Bytes(ClientSide):
        async def receive_text(self):
            raise KeyError("text")  # as Starlette does

    await connection(Bytes(), CountingRunner(), Tasks()).serve()
    assert caplog.records == []


async def test_what_does_not_end_in_time_is_cancelled_and_may_say_so():
    tasks, said = Tasks(), []

    async def stubborn():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            said.append("interrupted")
            raise

    tasks.start(stubborn())
    await asyncio.create_task(tasks.drain(0.01))
    assert (said, len(tasks)) == (["interrupted"], 0)


@pytest.mark.parametrize("text", ['{"type": "message", "message": "x", "request_id": ["no", "text"]}', "nonsense"])
async def test_an_error_names_the_request_only_where_the_client_did(text):
    client = ClientSide()
    serving = asyncio.create_task(connection(client, CountingRunner(), Tasks()).serve())
    client.said.put_nowait(text)
    error = await client.read.get()
    assert (error["type"], error["code"], "request_id" in error) == ("error", "invalid", False)
    client.said.put_nowait(None)
    await serving

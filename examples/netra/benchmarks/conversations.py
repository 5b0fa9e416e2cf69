"""How soon the first event comes when many users talk at once, and whether each sees a whole answer.

    python -m benchmarks.conversations --conversations 200 --rounds 5

The backend runs as a process of its own on real PostgreSQL and Redis, with the scripted language model. In every round
all users send a message at the same moment, in their threads of the round before. Exits 1 where an event is missing,
out of order, unpaired or somebody else's, where the database lacks a message, and where the median is over the bound.
The figures are those of a machine with nothing else to do; `chrt -r 1 python ...` goes before what runs beside it.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from netra_backend.app.database import connect
from netra_backend.app.models import Message
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.chat_users import ENDS, ChatUser, create_users, events_to_the_end, is_silent
from tests.own_stack import own_stack

from ci_toolkit.test_framework.agent_events import ALL_FIVE_EVENTS, breaches, missing_in_order
from ci_toolkit.test_framework.websocket_helpers import WebSocketTestClient

BOUND_SECONDS = 0.1
MODEL = {"LLM_BASE_URL": "{scripted_llm_url}/v1", "LLM_API_KEY": "none is needed", "LLM_MODEL": "scripted"}


@dataclass
class Conversation:
    """One user's talk: what was wrong with it, and the seconds from each message to its first event and its last."""

    user: ChatUser
    client: WebSocketTestClient
    thread_id: str = ""
    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    async def turn(self, number: int) -> None:
        """Send one message, and take every event of its answer."""
        asked = {"type": "agent_request", "agent": "cost_optimizer", "message": f"Save {number}"}
        began = time.perf_counter()
        await self.client.send_json(asked | {"request_id": f"turn-{number}", "thread_id": self.thread_id})
        started = await self.client.receive_json()
        self.first.append(time.perf_counter() - began)
        events = [started]
        if started["type"] not in ENDS:
            events += await events_to_the_end(self.client)
        self.whole.append(time.perf_counter() - began)
        self.wrong += self._judge(events, f"turn-{number}")
        self.thread_id = started.get("thread_id", "")

    def _judge(self, events: list[dict[str, Any]], request_id: str) -> list[str]:
        mine = (self.user.id, self.thread_id or events[0].get("thread_id"), request_id)
        strange = [
            f"{event['type']} of {event.get('thread_id')} {event.get('request_id')}"
            for event in events
            if (event.get("user_id", self.user.id), event.get("thread_id"), event.get("request_id")) != mine
        ]
        return [*breaches(events), *missing_in_order(events, ALL_FIVE_EVENTS), *strange]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    load = os.getloadavg()[0]
    with own_stack("backend", name="conversations", variables=MODEL) as stack:
        database, backend = stack.variables()["DATABASE_URL"], stack.endpoint("backend").url()
        conversations, stored = asyncio.run(talk(database, backend, options.conversations, options.rounds))
    wrong = [f"{one.user.id}: {breach}" for one in conversations for breach in one.wrong]
    if stored != (expected := 2 * options.conversations * options.rounds):
        wrong.append(f"{stored} messages are stored; {expected} were said")
    print(f"{options.conversations} conversations at once, {options.rounds} rounds, load {load:.1f} before, ms")
    for name in ("first", "whole"):
        seconds = sorted(one for conversation in conversations for one in getattr(conversation, name))
        print(
            f"  {name} event: median {statistics.median(seconds) * 1000:.0f}"
            f"  95% {seconds[int(len(seconds) * 0.95)] * 1000:.0f}  most {seconds[-1] * 1000:.0f}"
        )
    print(f"breaches of the events' contract: {len(wrong)}", *wrong[:20], sep="\n  ")
    median = statistics.median(one for conversation in conversations for one in conversation.first)
    return int(bool(wrong) or median > BOUND_SECONDS)


async def talk(database: str, backend: str, number: int, rounds: int) -> tuple[list[Conversation], int]:
    """Hold the conversations; return them, and how many messages PostgreSQL has."""
    engine = connect(database, service="benchmark")
    async with AsyncExitStack() as connections, AsyncSession(engine, expire_on_commit=False) as db:
        users = [ChatUser(user, backend) for user in await create_users(db, number)]
        conversations = [Conversation(user, await connections.enter_async_context(user.connect())) for user in users]
        for turn in range(rounds):
            await asyncio.gather(*(conversation.turn(turn) for conversation in conversations))
        for conversation in conversations:
            if not await is_silent(conversation.client):
                conversation.wrong.append("an event came after the answer")
        stored = await db.scalar(select(func.count()).select_from(Message))
    await engine.dispose()
    return conversations, stored or 0


if __name__ == "__main__":
    sys.exit(main())

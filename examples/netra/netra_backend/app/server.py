"""The backend: a WebSocket server on PostgreSQL and Redis. ``python -m netra_backend.app.server``, port in ``PORT``."""

import asyncio
import json
import signal
from http import HTTPStatus
from typing import Any

import redis.asyncio
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ci_toolkit.isolated_environment import get_env
from netra_backend.app.accounts import create_session, create_user, get_session
from netra_backend.app.agents import AGENTS, new_request
from netra_backend.app.models import Message, Thread, User


class Backend:
    """Answers clients. Everything that lasts is in PostgreSQL or Redis."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        driver_url = database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        self.engine = create_async_engine(driver_url, pool_pre_ping=True)
        self.database = async_sessionmaker(self.engine, expire_on_commit=False)
        self.redis = redis.asyncio.from_url(redis_url)

    async def check(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer plain HTTP, and let in only who has a session."""
        if request.path == "/health":
            return connection.respond(HTTPStatus.OK, await self.health())
        if request.path == "/signup":
            return None
        if request.path != "/ws":
            return connection.respond(HTTPStatus.NOT_FOUND, "there is /health, /signup and /ws\n")
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        session = await get_session(self.redis, token)
        if session is None:
            return connection.respond(HTTPStatus.UNAUTHORIZED, "no such session\n")
        connection.user_id = session.user_id
        return None

    async def health(self) -> str:
        async with self.database() as db:
            await db.execute(text("SELECT 1"))
        await self.redis.ping()
        return "ok\n"

    async def talk(self, connection: ServerConnection) -> None:
        """Serve one client until it leaves."""
        try:
            async for text_message in connection:
                message = json.loads(text_message)
                if connection.request.path == "/signup":
                    await self.sign_up(connection, message)
                else:
                    await self.answer(connection, message)
        except ConnectionClosed:
            pass  # the client left in the middle of an answer

    async def sign_up(self, connection: ServerConnection, message: dict[str, Any]) -> None:
        async with self.database() as db:
            known = await db.scalar(select(User).where(User.email == message["email"]))
            user = known or await create_user(db, email=message["email"], subscription=message["subscription"])
        session = await create_session(self.redis, user_id=user.id)
        await connection.send(json.dumps({"type": "signed_up", "user_id": user.id, "token": session.id}))

    async def answer(self, connection: ServerConnection, message: dict[str, Any]) -> None:
        """Run the agent that is asked for; a plain message is for triage."""
        agent = AGENTS.get(message.get("agent", "triage_agent"))
        if message.get("type") not in {"agent_request", "message"} or agent is None:
            await connection.send(json.dumps({"type": "error", "reason": "no such request"}))
            return
        asked = {"message": message.get("message") or message.get("content", ""), "context": message.get("context")}
        request = new_request(connection.user_id, asked)
        thread = Thread(id=request.thread_id, user_id=request.user_id, title=request.message[:80])
        async with self.database() as db:
            db.add(thread)
            await db.flush()
            db.add(Message(thread_id=thread.id, role="user", content=request.message))
            await db.commit()
        completed: list[dict[str, Any]] = []

        async def emit(event: dict[str, Any]) -> None:
            # The client hears of the end when the answer is kept, not before.
            if event["type"] == "agent_completed":
                completed.append(event)
            else:
                await connection.send(json.dumps(event))

        result = await agent.run(request, emit)
        async with self.database() as db:
            db.add(Message(thread_id=thread.id, role="agent", content=result.summary))
            await db.commit()
        await self.redis.set(f"thread:{thread.id}", thread.to_json())
        for event in completed:
            await connection.send(json.dumps(event))

    async def close(self) -> None:
        await self.engine.dispose()
        await self.redis.aclose()


async def main() -> None:
    env = get_env()
    backend = Backend(env.get("DATABASE_URL", ""), env.get("REDIS_URL", ""))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve(backend.talk, "127.0.0.1", int(env.get("PORT", "8000")), process_request=backend.check):
        await stop.wait()
    await backend.close()


if __name__ == "__main__":
    asyncio.run(main())

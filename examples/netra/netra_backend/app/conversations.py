"""Threads, messages and requests in PostgreSQL. What a user says is stored before anybody answers it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import lazyload

from netra_backend.app.cache import Cache
from netra_backend.app.errors import Refusal
from netra_backend.app.execution import ExecutionContext
from netra_backend.app.models import AgentRequest, Thread

_TITLE: Final = 80
_MOST_THREADS: Final = 100

_BEGIN: Final = text(
    """
    WITH thread AS (
        INSERT INTO threads (id, user_id, title) SELECT :thread_id, :user_id, :title WHERE :is_new_thread
    ), request AS (
        INSERT INTO agent_requests (user_id, id, thread_id, agent, instance, deadline)
        VALUES (:user_id, :request_id, :thread_id, :agent, :instance, :deadline)
    )
    INSERT INTO messages (thread_id, request_id, role, content) VALUES (:thread_id, :request_id, 'user', :message)
    """
)

_FINISH: Final = text(
    """
    WITH request AS (
        UPDATE agent_requests SET state = 'answered', result = :result
        WHERE user_id = :user_id AND id = :request_id AND state = 'running' RETURNING thread_id
    )
    INSERT INTO messages (thread_id, request_id, role, content)
    SELECT thread_id, :request_id, 'agent', :summary FROM request
    """
).bindparams(bindparam("result", type_=JSONB))

_IS_OVERDUE: Final = (AgentRequest.state == "running") & (AgentRequest.deadline < func.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A request that was sent before, and what became of it."""

    thread_id: str
    state: str
    result: Mapping[str, Any] | None


class Conversations:
    """What is stored. Each method writes by one statement, which is all or nothing, and one journey to PostgreSQL."""

    def __init__(self, engine: AsyncEngine, cache: Cache, *, instance: str, seconds: float) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._database = async_sessionmaker(self._engine, expire_on_commit=False)
        self._cache = cache
        self._instance = instance
        self._seconds = seconds

    async def check(self) -> None:
        """Raise SQLAlchemyError where PostgreSQL does not answer."""
        async with self._database() as db:
            await db.execute(text("SELECT 1"))

    async def begin(self, context: ExecutionContext) -> Known | None:
        """Store a request with its message; return what is known of one that was sent before.

        Raises Refusal for a thread or user that is not there, SQLAlchemyError where nothing could be stored.
        """
        if not context.is_new_thread:
            await self._check_owner(context)
        values = {
            "thread_id": context.thread_id,
            "user_id": context.user_id,
            "title": _title(context.message),
            "is_new_thread": context.is_new_thread,
            "request_id": context.request_id,
            "agent": context.agent,
            "instance": self._instance,
            "deadline": datetime.now(UTC) + timedelta(seconds=self._seconds),
            "message": context.message,
        }
        try:
            async with self._engine.connect() as db:
                await db.execute(_BEGIN, values)
        except IntegrityError:
            return await self._known(context)
        return None

    async def take_up(self, context: ExecutionContext) -> bool:
        """Make a request that nobody works on running again; return whether it was this call that did."""
        statement = (
            update(AgentRequest)
            .where(*_is(context), AgentRequest.state.in_(("interrupted", "failed")) | _IS_OVERDUE)
            .values(
                state="running",
                error=None,
                instance=self._instance,
                deadline=datetime.now(UTC) + timedelta(seconds=self._seconds),
            )
        )
        async with self._database.begin() as db:
            return await db.scalar(statement.returning(AgentRequest.id)) is not None

    async def finish(self, context: ExecutionContext, result: Mapping[str, Any]) -> None:
        """Store the answer to a request, once."""
        ids = {"user_id": context.user_id, "request_id": context.request_id}
        async with self._engine.connect() as db:
            await db.execute(_FINISH, ids | {"result": result, "summary": result["summary"]})

    async def give_up(self, context: ExecutionContext, *, state: str, error: str) -> None:
        """Store that there is no answer to a request, and why."""
        statement = update(AgentRequest).where(*_is(context), AgentRequest.state == "running")
        async with self._database.begin() as db:
            await db.execute(statement.values(state=state, error=error))

    async def mark_interrupted(self) -> int:
        """Mark what an earlier life of this backend left running; return how many. For its start, before it serves."""
        return await self._mark((AgentRequest.state == "running") & (AgentRequest.instance == self._instance))

    async def mark_overdue(self) -> int:
        """Mark the requests of any backend that nobody works on any more, for their time is over; return how many."""
        return await self._mark(_IS_OVERDUE)

    async def _mark(self, which: ColumnElement[bool]) -> int:
        statement = update(AgentRequest).where(which).values(state="interrupted", error="interrupted")
        async with self._database.begin() as db:
            return len((await db.scalars(statement.returning(AgentRequest.id))).all())

    async def create_thread(self, user_id: str, title: str) -> Thread:
        """Store a new thread."""
        thread = Thread(user_id=user_id, title=_title(title), messages=[])
        async with self._database.begin() as db:
            db.add(thread)
        await self._cache.remember(thread.id, thread.to_json())
        return thread

    async def threads_of(self, user_id: str) -> Sequence[Thread]:
        """Return the user's newest threads, without their messages."""
        statement = select(Thread).options(lazyload(Thread.messages)).where(Thread.user_id == user_id)
        statement = statement.order_by(Thread.created_at.desc(), Thread.id)
        async with self._database() as db:
            return (await db.scalars(statement.limit(_MOST_THREADS))).all()

    async def thread_of(self, user_id: str, thread_id: str) -> tuple[Thread, Mapping[str, AgentRequest]]:
        """Return a thread with its messages, and its requests by id. Raises Refusal (404) where the user has none."""
        async with self._database() as db:
            thread = await db.get(Thread, thread_id)
            if thread is None or thread.user_id != user_id:
                raise no_such_thread()
            requests = await db.scalars(select(AgentRequest).where(AgentRequest.thread_id == thread_id))
            return thread, {request.id: request for request in requests}

    async def _check_owner(self, context: ExecutionContext) -> None:
        owner = await self._cache.owner_of(context.thread_id)
        if owner is None:
            async with self._database() as db:
                thread = await db.get(Thread, context.thread_id)
            if thread is None:
                raise no_such_thread()
            owner = thread.user_id
            await self._cache.remember(thread.id, thread.to_json())
        if owner != context.user_id:
            raise no_such_thread()

    async def _known(self, context: ExecutionContext) -> Known:
        async with self._database() as db:
            request = await _find(db, context)
        if request is None:
            raise Refusal(401, "unknown_user", "this account is gone: register again at the auth service")
        return Known(thread_id=request.thread_id, state=request.state, result=request.result)


def no_such_thread() -> Refusal:
    """Return what is said of a thread that is not there, or is somebody else's: nobody learns which."""
    return Refusal(404, "no_such_thread", "you have no thread with this id; GET /threads lists yours")


def _title(message: str) -> str:
    return " ".join(message.split())[:_TITLE]


def _is(context: ExecutionContext) -> tuple[Any, Any]:
    return AgentRequest.user_id == context.user_id, AgentRequest.id == context.request_id


async def _find(db: AsyncSession, context: ExecutionContext) -> AgentRequest | None:
    return await db.get(AgentRequest, (context.user_id, context.request_id))

"""Threads, messages and requests in PostgreSQL. What a user says is stored before anybody answers it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from shared.errors import Refusal
from sqlalchemy import ColumnElement, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import lazyload

from netra_backend.app.batching import Batcher
from netra_backend.app.cache import Cache
from netra_backend.app.execution import ExecutionContext
from netra_backend.app.models import AgentRequest, Thread

_TITLE: Final = 80
_MOST_THREADS: Final = 100

_BEGIN: Final = text(
    """
    WITH request AS (
        SELECT * FROM jsonb_to_recordset(:requests) AS request (
            user_id text, id text, thread_id text, is_new_thread boolean, title text,
            agent text, instance text, deadline timestamptz, message text
        )
    ), new_thread AS (
        INSERT INTO threads (id, user_id, title) SELECT thread_id, user_id, title FROM request WHERE is_new_thread
    ), new_request AS (
        INSERT INTO agent_requests (user_id, id, thread_id, agent, instance, deadline)
        SELECT user_id, id, thread_id, agent, instance, deadline FROM request
    )
    INSERT INTO messages (thread_id, request_id, role, content) SELECT thread_id, id, 'user', message FROM request
    """
).bindparams(bindparam("requests", type_=JSONB))

_FINISH: Final = text(
    """
    WITH answer AS (
        SELECT * FROM jsonb_to_recordset(:answers) AS answer (user_id text, id text, result jsonb)
    ), request AS (
        UPDATE agent_requests SET state = 'answered', error = NULL, result = answer.result FROM answer
        WHERE agent_requests.user_id = answer.user_id AND agent_requests.id = answer.id
            AND state IN ('running', 'interrupted')
        RETURNING thread_id, agent_requests.id, answer.result
    )
    INSERT INTO messages (thread_id, request_id, role, content)
    SELECT thread_id, id, 'agent', result ->> 'summary' FROM request
    RETURNING thread_id, request_id
    """
).bindparams(bindparam("answers", type_=JSONB))

_BLAMES_ONE: Final = (IntegrityError, DataError)
"""What PostgreSQL says of one request, which is not to fail those of others."""
_IS_OVERDUE: Final = (AgentRequest.state == "running") & (AgentRequest.deadline < func.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A request that was sent before, and what became of it."""

    thread_id: str
    state: str
    result: Mapping[str, Any] | None


class Conversations:
    """What is stored. Each method writes by one statement, which is all or nothing; what comes together shares it."""

    def __init__(self, engine: AsyncEngine, cache: Cache, *, instance: str, seconds: float) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._database = async_sessionmaker(self._engine, expire_on_commit=False)
        self._cache = cache
        self._instance = instance
        self._seconds = seconds
        self._owners = Batcher(self._find_owners, blames_one=_BLAMES_ONE)
        self._beginnings = Batcher(self._store_beginnings, blames_one=_BLAMES_ONE)
        self._ends = Batcher(self._store_ends, blames_one=_BLAMES_ONE)

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
        request = {
            "user_id": context.user_id,
            "id": context.request_id,
            "thread_id": context.thread_id,
            "is_new_thread": context.is_new_thread,
            "title": _title(context.message),
            "agent": context.agent,
            "instance": self._instance,
            "deadline": (datetime.now(UTC) + timedelta(seconds=self._seconds)).isoformat(),
            "message": context.message,
        }
        try:
            await self._beginnings.do(request)
        except IntegrityError:
            return await self._known(context)
        return None

    async def take_up(self, context: ExecutionContext) -> bool:
        """Make a request running again that nobody works on, the caller included; return whether the caller has it now.

        One that is marked as running here was stored by a PostgreSQL that went away before it could say so.
        """
        is_left = AgentRequest.state.in_(("interrupted", "failed"))
        is_ours = (AgentRequest.state == "running") & (AgentRequest.instance == self._instance)
        statement = (
            update(AgentRequest)
            .where(*_is(context), is_left | is_ours | _IS_OVERDUE)
            .values(
                state="running",
                error=None,
                instance=self._instance,
                deadline=datetime.now(UTC) + timedelta(seconds=self._seconds),
            )
        )
        async with self._database.begin() as db:
            return await db.scalar(statement.returning(AgentRequest.id)) is not None

    async def finish(self, context: ExecutionContext, result: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Store the answer to a request, once; return the one that is stored, ``None`` where the request had failed."""
        ids = {"user_id": context.user_id, "id": context.request_id, "thread_id": context.thread_id}
        if await self._ends.do(ids | {"result": result}):
            return result
        return (await self._known(context)).result

    async def give_up(self, context: ExecutionContext, *, state: str, error: str, at: datetime) -> None:
        """Store that there is no answer to a request, and why; one that was begun again after ``at`` goes on."""
        is_ours = AgentRequest.deadline <= at + timedelta(seconds=self._seconds)
        statement = update(AgentRequest).where(*_is(context), AgentRequest.state == "running", is_ours)
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
        await self._cache.remember({thread.id: thread.to_json()})
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

    async def _store_beginnings(self, requests: Sequence[Mapping[str, Any]]) -> Sequence[None]:
        async with self._engine.connect() as db:
            await db.execute(_BEGIN, {"requests": requests})
        return [None] * len(requests)

    async def _store_ends(self, answers: Sequence[Mapping[str, Any]]) -> Sequence[bool]:
        async with self._engine.connect() as db:
            stored = {tuple(row) for row in await db.execute(_FINISH, {"answers": answers})}
        return [(answer["thread_id"], answer["id"]) in stored for answer in answers]

    async def _check_owner(self, context: ExecutionContext) -> None:
        if await self._owners.do(context.thread_id) != context.user_id:
            raise no_such_thread()

    async def _find_owners(self, thread_ids: Sequence[str]) -> Sequence[str | None]:
        owners = await self._cache.owners_of(thread_ids)
        if unknown := set(thread_ids) - owners.keys():
            statement = select(Thread).options(lazyload(Thread.messages)).where(Thread.id.in_(unknown))
            async with self._database() as db:
                threads = (await db.scalars(statement)).all()
            owners |= {thread.id: thread.user_id for thread in threads}
            await self._cache.remember({thread.id: thread.to_json() for thread in threads})
        return [owners.get(thread_id) for thread_id in thread_ids]

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

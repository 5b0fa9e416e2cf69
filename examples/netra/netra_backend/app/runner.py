"""One request from its first word to its last: stored, worked on, stored again, and only then answered."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import ParamSpec, TypeVar

from shared.errors import Refusal
from sqlalchemy.exc import SQLAlchemyError

from netra_backend.app.agents import Agent, AgentError, create_agent
from netra_backend.app.analytics import Analytics, AnalyticsEvent
from netra_backend.app.conversations import Conversations, Known
from netra_backend.app.database import store_away
from netra_backend.app.events import Emit, Narrator
from netra_backend.app.execution import ExecutionContext
from netra_backend.app.language_model import LanguageModel
from netra_backend.app.precedence import Precedence

P = ParamSpec("P")
T = TypeVar("T")
_LOG = logging.getLogger(__name__)
_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
"""Seconds between tries to store what became of a request, while PostgreSQL comes back."""


class Runner:
    """Runs requests. It holds what all of them use, and of each only that it runs."""

    def __init__(
        self, conversations: Conversations, model: LanguageModel, analytics: Analytics, *, seconds: float
    ) -> None:
        self._conversations = conversations
        self._model = model
        self._analytics = analytics
        self._seconds = seconds
        self._precedence = Precedence()
        self._running: Counter[tuple[str, str]] = Counter()
        """How often each request is here now: by user and request."""

    async def run(self, context: ExecutionContext, emit: Emit) -> None:
        """Run one request; whatever happens, its client hears of an end."""
        key = (context.user_id, context.request_id)
        self._running[key] += 1
        try:
            await self._run(context, emit)
        finally:
            self._running -= Counter([key])  # which forgets what is here no more

    async def _run(self, context: ExecutionContext, emit: Emit) -> None:
        narrator = Narrator(context, emit)
        try:
            agent = create_agent(context.agent, self._model)
            with self._precedence.beginning():
                known = await self._conversations.begin(context)
            if known is not None:
                context = replace(context, thread_id=known.thread_id)
                narrator = Narrator(context, emit)
            if known is None or await self._is_to_be_done(context, known, narrator):
                await self._work(agent, context, narrator)
        except (AgentError, Refusal) as refusal:
            await narrator.failed(refusal.code, refusal.message)
        except SQLAlchemyError as error:
            _LOG.error("PostgreSQL failed on request %s: %s", context.request_id, type(error).__name__)
            away = store_away()
            await narrator.failed(away.code, away.message)
        except Exception:  # noqa: BLE001 (the one broad catch: a request must not take others with it)
            _LOG.exception("the request %s failed", context.request_id)
            await self._fail(context, narrator, "internal", "the backend failed on this request; send another one")

    async def _is_to_be_done(self, context: ExecutionContext, known: Known, narrator: Narrator) -> bool:
        """Return whether a request that was sent before needs work still; one that was answered is answered again."""
        if known.result is not None:
            await narrator.started()
            await narrator.thinking("This was asked and answered before.")
            await narrator.completed(known.result)
            return False
        is_here_once = self._running[context.user_id, context.request_id] == 1
        if is_here_once and await self._conversations.take_up(context):
            return True
        raise Refusal(409, "in_progress", "this request is being worked on; GET /threads/{id} will have its answer")

    async def _work(self, agent: Agent, context: ExecutionContext, narrator: Narrator) -> None:
        began = time.monotonic()
        outcome, answer = "agent_failed", None
        try:
            async with asyncio.timeout(self._seconds):
                await narrator.started()
                await self._precedence.give_way()
                result = await agent.work(context, narrator)
            if stored := await self._store(self._conversations.finish, context, result.to_json()):
                outcome, answer = "agent_completed", result.answer
                await narrator.completed(stored)
            else:
                await narrator.failed("interrupted", "this request had ended before its answer came; send it again")
        except asyncio.CancelledError:
            await self._give_up(context, "interrupted", "interrupted")
            raise
        except AgentError as error:
            await self._fail(context, narrator, error.code, error.message)
        except TimeoutError:
            await self._fail(context, narrator, "too_slow", f"no answer within {self._seconds:g} s; send it again")
        finally:
            event = AnalyticsEvent.of(context, outcome, began=began, answer=answer)
            self._analytics.add(event)
            _LOG.info("a request ended", extra={"fields": asdict(event)})

    async def _fail(self, context: ExecutionContext, narrator: Narrator, code: str, message: str) -> None:
        await self._give_up(context, "failed", code)
        await narrator.failed(code, message)

    async def _give_up(self, context: ExecutionContext, state: str, error: str) -> None:
        try:
            await self._store(self._conversations.give_up, context, state=state, error=error, at=datetime.now(UTC))
        except SQLAlchemyError:
            _LOG.error("the end of request %s is not stored; it is marked when its time is over", context.request_id)

    async def _store(self, step: Callable[P, Awaitable[T]], *what: P.args, **how: P.kwargs) -> T:
        """Return the outcome of ``step``, taken again while PostgreSQL restarts: twice does no more than once."""
        for pause in _PAUSES:
            try:
                return await step(*what, **how)
            except SQLAlchemyError as error:
                _LOG.warning("PostgreSQL failed, trying again: %s", type(error).__name__)
                await asyncio.sleep(pause)
        return await step(*what, **how)

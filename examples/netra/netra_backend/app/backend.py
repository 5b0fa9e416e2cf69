"""What one backend is made of, put together in one place and taken apart in the opposite order."""

import asyncio
import logging
from contextlib import suppress
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from netra_backend.app.analytics import Analytics
from netra_backend.app.cache import Cache
from netra_backend.app.conversations import Conversations
from netra_backend.app.database import connect
from netra_backend.app.language_model import LanguageModel
from netra_backend.app.runner import Runner
from netra_backend.app.settings import Settings
from netra_backend.app.tasks import Tasks

_LOG = logging.getLogger(__name__)
_MARKING_SECONDS = 30.0


class Backend:
    """The parts of one backend."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.tasks = Tasks()
        self.cache = Cache(settings.redis_url)
        self.model = LanguageModel(settings.model)
        self.analytics = Analytics(settings.analytics_url)
        self._engine = connect(settings.database_url)
        seconds = settings.limits.request_seconds
        self.conversations = Conversations(self._engine, self.cache, instance=settings.instance, seconds=seconds)
        self.runner = Runner(self.conversations, self.model, self.analytics, seconds=seconds)
        self._background: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Find what an earlier life of this backend left unanswered, and begin to send analytics."""
        try:
            interrupted = await self.conversations.mark_interrupted()
        except SQLAlchemyError as error:  # /health says so
            _LOG.error("PostgreSQL does not answer: %s", type(error).__name__)
        else:
            if interrupted:
                _LOG.warning("%d requests were interrupted; who sends one again gets its answer", interrupted)
        self._background = [
            asyncio.create_task(self.analytics.keep_sending()),
            asyncio.create_task(self._keep_marking()),
        ]

    async def stop(self) -> None:
        """Let running requests end, then close everything."""
        await self.tasks.drain(self.settings.limits.stop_seconds)
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.analytics.close()
        await self.model.close()
        await self.cache.close()
        await self._engine.dispose()

    async def _keep_marking(self) -> None:
        """Find what other backends left unanswered and did not come back for."""
        while True:
            await asyncio.sleep(_MARKING_SECONDS)
            with suppress(SQLAlchemyError):  # the next time will do
                await self.conversations.mark_overdue()

    async def health(self) -> dict[str, Any]:
        """Return how it is. Raises SQLAlchemyError without PostgreSQL; without Redis, its cache, it says so."""
        await self.conversations.check()
        return {
            "status": "ok",
            "cache": "ok" if await self.cache.is_there() else "away",
            "language_model": self.settings.model.name or "none",
            "requests_running": len(self.tasks),
            "analytics": self.analytics.state(),
        }

"""What Redis remembers for the backend. It is a cache: without it everything works, a little slower."""

import json
import logging
import time
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

_LOG = logging.getLogger(__name__)
_KEPT_SECONDS = 3600
_ANSWER_SECONDS = 0.5
_RETRY_SECONDS = 2.0
"""How long a Redis that failed is left alone: nobody waits for it at each request."""


class Cache:
    """Heads of threads, which never change once they are made."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url,
            socket_timeout=_ANSWER_SECONDS,
            socket_connect_timeout=_ANSWER_SECONDS,
            retry=Retry(NoBackoff(), retries=1),  # for a connection that Redis has closed meanwhile
            decode_responses=True,
        )
        self._away_until = 0.0

    async def owner_of(self, thread_id: str) -> str | None:
        """Return whose thread it is, ``None`` where Redis does not know."""
        text = await self._ask("get", _key(thread_id))
        try:
            return str(json.loads(text)["user_id"]) if text else None
        except (ValueError, KeyError, TypeError):
            return None  # somebody else wrote there; PostgreSQL knows

    async def remember(self, thread_id: str, head: str) -> None:
        """Keep the head of a thread, as JSON."""
        await self._ask("set", _key(thread_id), head, ex=_KEPT_SECONDS)

    async def is_there(self) -> bool:
        """Whether Redis answers now."""
        self._away_until = 0.0
        return bool(await self._ask("ping"))

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _ask(self, command: str, *words: Any, **options: Any) -> Any:
        """Return what Redis answers, ``None`` where it does not."""
        if time.monotonic() < self._away_until:
            return None
        try:
            return await getattr(self._redis, command)(*words, **options)
        except (RedisError, OSError) as error:
            self._away_until = time.monotonic() + _RETRY_SECONDS
            _LOG.warning("redis is away, going on without it: %s", type(error).__name__)
            return None


def _key(thread_id: str) -> str:
    return f"thread:{thread_id}"

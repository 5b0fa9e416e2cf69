"""What Redis remembers for the backend. It is a cache: without it everything works, a little slower."""

import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
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

    async def owners_of(self, thread_ids: Sequence[str]) -> dict[str, str]:
        """Return whose the threads are that Redis knows."""
        texts = await self._ask(lambda redis: redis.mget(map(_key, thread_ids))) or []
        owners = {thread_id: _owner(text) for thread_id, text in zip(thread_ids, texts, strict=False)}
        return {thread_id: owner for thread_id, owner in owners.items() if owner}

    async def remember(self, heads: Mapping[str, str]) -> None:
        """Keep the heads of threads, as JSON, by their ids."""
        if not heads:
            return

        async def keep(redis: Redis) -> None:
            async with redis.pipeline(transaction=False) as pipe:
                for thread_id, head in heads.items():
                    pipe.set(_key(thread_id), head, ex=_KEPT_SECONDS)
                await pipe.execute()

        await self._ask(keep)

    async def is_there(self) -> bool:
        """Whether Redis answers now."""
        self._away_until = 0.0
        return bool(await self._ask(lambda redis: redis.ping()))

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _ask(self, question: Callable[[Redis], Awaitable[Any]]) -> Any:
        """Return what Redis answers, ``None`` where it does not."""
        if time.monotonic() < self._away_until:
            return None
        try:
            return await question(self._redis)
        except (RedisError, OSError) as error:
            self._away_until = time.monotonic() + _RETRY_SECONDS
            _LOG.warning("redis is away, going on without it: %s", type(error).__name__)
            return None


def _owner(head: str | None) -> str | None:
    try:
        return str(json.loads(head)["user_id"]) if head else None
    except (ValueError, KeyError, TypeError):
        return None  # somebody else wrote there; PostgreSQL knows


def _key(thread_id: str) -> str:
    return f"thread:{thread_id}"

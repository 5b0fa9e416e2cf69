"""Tells the analytics service what agents did: in the background, and never at the cost of an answer."""

import asyncio
import logging
import time
from collections import deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final, Self

import httpx

from netra_backend.app.costs import PRICE_OF_1000_TOKENS, calculate_token_cost
from netra_backend.app.execution import ExecutionContext
from netra_backend.app.language_model import Answer

_LOG = logging.getLogger(__name__)
_MOST_WAITING: Final = 10_000
_BATCH: Final = 500
_SECONDS: Final = 5.0
_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsEvent:
    """What one request came to."""

    event_id: str
    """The request: an event that is sent twice counts once."""
    event: str
    user_id: str
    thread_id: str
    agent: str
    at: str
    duration_ms: float
    tokens: int
    usd: float

    @classmethod
    def of(cls, context: ExecutionContext, event: str, *, began: float, answer: Answer | None) -> Self:
        """Return the event of a request that began at the monotonic time ``began`` and ends now."""
        tokens, model = (answer.tokens, answer.model) if answer else (0, "")
        return cls(
            event_id=f"{context.user_id}/{context.request_id}/{event}",
            event=event,
            user_id=context.user_id,
            thread_id=context.thread_id,
            agent=context.agent,
            at=datetime.now(UTC).isoformat(),
            duration_ms=round((time.monotonic() - began) * 1000, 3),
            tokens=tokens,
            usd=calculate_token_cost(tokens, model) if model in PRICE_OF_1000_TOKENS else 0.0,
        )


class Analytics:
    """A bounded queue and the one task that empties it. What does not fit is lost, and counted."""

    def __init__(self, url: str, *, most_waiting: int = _MOST_WAITING) -> None:
        self._client = httpx.AsyncClient(base_url=url, timeout=_SECONDS, trust_env=False) if url else None
        self._waiting: deque[AnalyticsEvent] = deque()
        self._most = most_waiting
        self._came = asyncio.Event()
        self.lost = 0
        """Events that were never delivered."""

    def add(self, event: AnalyticsEvent) -> None:
        """Have ``event`` sent; never waits."""
        if self._client is None:
            return
        if len(self._waiting) >= self._most:
            self._waiting.popleft()
            self.lost += 1
        self._waiting.append(event)
        self._came.set()

    def state(self) -> dict[str, int]:
        """Return how many events wait, and how many are lost."""
        return {"waiting": len(self._waiting), "lost": self.lost}

    async def keep_sending(self) -> None:
        """Send what comes, until cancelled. A service that is away gets it later."""
        pause = _PAUSE
        while True:
            await self._came.wait()
            if await self._send():
                pause = _PAUSE
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def close(self) -> None:
        """Send what is left, once, and say what could not be."""
        if self._client is None:
            return
        while self._waiting and await self._send():
            pass
        if self._waiting:
            _LOG.error("%d analytics events are lost", len(self._waiting))
        await self._client.aclose()

    async def _send(self) -> bool:
        """Send one batch; return whether it was taken."""
        assert self._client is not None
        batch = [self._waiting[index] for index in range(min(_BATCH, len(self._waiting)))]
        try:
            answer = await self._client.post("/events", json=[asdict(event) for event in batch])
        except httpx.HTTPError as error:
            _LOG.warning("analytics is away: %s", type(error).__name__)
            return False
        if answer.is_server_error:
            _LOG.warning("analytics answered HTTP %d", answer.status_code)
            return False
        if answer.is_error:  # it will never take these
            _LOG.error("analytics refused %d events with HTTP %d", len(batch), answer.status_code)
            self.lost += len(batch)
        self._drop(batch)
        return True

    def _drop(self, batch: list[AnalyticsEvent]) -> None:
        """Take a batch that was sent off the queue, of which a full queue may have lost the beginning."""
        sent = set(map(id, batch))
        while self._waiting and id(self._waiting[0]) in sent:
            self._waiting.popleft()
        if not self._waiting:
            self._came.clear()

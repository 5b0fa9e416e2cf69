"""Events that wait to be stored: bounded, written in batches, kept while the store is away."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Protocol

from analytics_service.app.clickhouse import StoreError
from analytics_service.app.events import Event

_LOG = logging.getLogger(__name__)


class Store(Protocol):
    """Takes events; writing one twice is as writing it once."""

    async def write(self, events: Sequence[Event]) -> None: ...


class BufferFullError(Exception):
    """The store is away for so long that no more events fit."""


class EventBuffer:
    """Takes events at once and hands them to the store in batches."""

    def __init__(
        self,
        store: Store,
        *,
        capacity: int = 10_000,
        batch: int = 500,
        pause_seconds: float = 0.5,
        longest_pause_seconds: float = 30.0,
    ) -> None:
        self._store = store
        self._capacity = capacity
        self._batch = batch
        self._pause = pause_seconds
        self._longest_pause = longest_pause_seconds
        self._waiting: deque[Event] = deque()
        self._writing = asyncio.Lock()
        self._has_batch = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, events: Sequence[Event]) -> None:
        """Take all of ``events``, or none of them. Raises BufferFullError."""
        if len(self._waiting) + len(events) > self._capacity:
            raise BufferFullError(f"{len(self._waiting)} of {self._capacity} events wait for ClickHouse already")
        self._waiting.extend(events)
        if len(self._waiting) >= self._batch:
            self._has_batch.set()

    async def flush(self) -> None:
        """Store all that wait. Raises StoreError; what is not stored then still waits."""
        async with self._writing:
            while batch := list(islice(self._waiting, self._batch)):
                await self._store.write(batch)
                for _ in batch:  # only now: a failed write, or a cancelled one, loses nothing
                    self._waiting.popleft()
            self._has_batch.clear()

    async def keep_flushing(self) -> None:
        """Store what waits, for ever: when there is a batch, and after a pause that grows while the store is away."""
        pause = self._pause
        while True:
            try:
                async with asyncio.timeout(pause):
                    await self._has_batch.wait()
            except TimeoutError:
                pass
            try:
                await self.flush()
            except StoreError as error:
                pause = min(2 * pause, self._longest_pause)
                self._has_batch.clear()  # else a full buffer would not wait at all
                _LOG.warning("%d events wait, and are tried again in %.1f s: %s", len(self), pause, error)
            else:
                pause = self._pause

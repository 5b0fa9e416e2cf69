"""The requests that run now. They belong to the application, not to the connection that they came by."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks:
    """Keeps what was started until it ends, and ends it in order when the backend stops."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` beside all else."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def drain(self, seconds: float) -> None:
        """Let what runs end by itself within ``seconds``, then cancel it and wait until it has said so."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

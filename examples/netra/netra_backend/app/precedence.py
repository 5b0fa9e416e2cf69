"""Who goes first when many come at once: new requests are stored and heard of before others are worked on."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

_PATIENCE_SECONDS: Final = 0.25
"""However many come, whoever gives way goes on after this."""


class Precedence:
    """Counts the requests that begin, and has the others give way to them."""

    def __init__(self) -> None:
        self._beginning = 0
        self._nobody_begins = asyncio.Event()
        self._nobody_begins.set()

    @contextmanager
    def beginning(self) -> Iterator[None]:
        """Hold while a request begins."""
        self._beginning += 1
        self._nobody_begins.clear()
        try:
            yield
        finally:
            self._beginning -= 1
            if not self._beginning:
                self._nobody_begins.set()

    async def give_way(self) -> None:
        """Wait until no request begins, or for a moment."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._nobody_begins.wait()

"""One client's WebSocket: reads requests, sends events in order, and holds both within limits."""

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from typing import Any, Final

from shared.access import Identity
from shared.errors import Refusal
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from netra_backend.app.execution import ExecutionContext, ExecutionContextFactory
from netra_backend.app.protocol import read
from netra_backend.app.runner import Runner
from netra_backend.app.settings import Limits
from netra_backend.app.tasks import Tasks

_LOG = logging.getLogger(__name__)
TOKEN_REFUSED: Final = 4401
"""The close code for a token that is missing, wrong or expired."""
TOO_SLOW: Final = 4408
_LONGEST_WAIT: Final = 24 * 3600.0
"""Of one connection, however long its token lasts."""


class Connection:
    """Serves one client until it leaves, its token expires, or it takes no more events.

    Requests belong to the application: one whose client has left goes on, and its answer is stored.
    """

    def __init__(self, websocket: WebSocket, identity: Identity, runner: Runner, tasks: Tasks, limits: Limits) -> None:
        self._websocket = websocket
        self._identity = identity
        self._contexts = ExecutionContextFactory(identity)
        self._runner = runner
        self._tasks = tasks
        self._limits = limits
        self._outgoing: asyncio.Queue[str] = asyncio.Queue(limits.waiting_events)
        self._running = 0
        self._too_slow = asyncio.Event()
        self._is_open = True

    async def serve(self) -> None:
        """Serve the client, and close the connection with a code that says why."""
        parts = {
            asyncio.create_task(self._read()): None,
            asyncio.create_task(self._write()): None,
            asyncio.create_task(self._until_token_expires()): (TOKEN_REFUSED, "token_expired"),
            asyncio.create_task(self._too_slow.wait()): (TOO_SLOW, "too_slow"),
        }
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._is_open = False
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
        for part in done:
            if error := part.exception():
                _LOG.error("a connection ended by an error", exc_info=error)
        await self._close(next((parts[part] for part in done if parts[part]), None))

    async def send(self, message: Mapping[str, Any]) -> None:
        """Have ``message`` sent after all that came before. Waits for a slow client, and drops what nobody reads."""
        text = json.dumps(message)
        if self._is_open and self._outgoing.full():
            try:
                async with asyncio.timeout(self._limits.slow_seconds):
                    await self._outgoing.put(text)
            except TimeoutError:
                self._too_slow.set()
        elif self._is_open:
            self._outgoing.put_nowait(text)

    async def _read(self) -> None:
        try:
            while True:
                await self._take(await self._websocket.receive_text())
        except (WebSocketDisconnect, KeyError, RuntimeError):  # KeyError: bytes came in place of text
            return

    async def _take(self, text: str) -> None:
        """Begin what one message asks."""
        try:
            ask = read(text, self._limits)
            if ask is None:
                await self.send({"type": "pong", "timestamp": time.time()})
                return
            self._check_room()
        except Refusal as refusal:
            await self.send({"type": "error", "code": refusal.code, "message": refusal.message} | _request_of(text))
            return
        self._running += 1
        self._tasks.start(self._run(self._contexts.create(ask)))

    def _check_room(self) -> None:
        most = self._limits.requests_at_once
        if self._running >= most:
            raise Refusal(429, "too_many_requests", f"wait for an answer: {most} requests are running")

    async def _run(self, context: ExecutionContext) -> None:
        try:
            await self._runner.run(context, self.send)
        finally:
            self._running -= 1

    async def _write(self) -> None:
        try:
            while True:
                await self._websocket.send_text(await self._outgoing.get())
        except (WebSocketDisconnect, RuntimeError):
            return

    async def _until_token_expires(self) -> None:
        left = self._identity.expires_at - time.time()
        await asyncio.sleep(max(0.0, min(left, _LONGEST_WAIT)))

    async def _close(self, why: tuple[int, str] | None) -> None:
        if why is None or self._websocket.application_state is not WebSocketState.CONNECTED:
            return
        code, reason = why
        try:
            async with asyncio.timeout(1):
                if code == TOKEN_REFUSED:
                    message = "your token has expired: get a new one by POST /refresh, and connect again"
                    await self._websocket.send_json({"type": "error", "code": reason, "message": message})
                await self._websocket.close(code, reason)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            _LOG.info("a client was gone before its connection was closed")


def _request_of(text: str) -> dict[str, str]:
    """Return the request that a refused message names, so that its client knows which of several it was."""
    try:
        value = json.loads(text)
        request_id = value.get("request_id") if isinstance(value, dict) else None
    except (ValueError, RecursionError):
        request_id = None
    return {"request_id": request_id[:64]} if isinstance(request_id, str) else {}

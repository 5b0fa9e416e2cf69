"""Refuses a request whose body is larger than any that the service takes, before it is read."""

from typing import Final

from netra_backend.app.errors import Refusal
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES: Final = 8 * 1024


class BodyLimit:
    """ASGI middleware: counts what comes, whatever ``Content-Length`` says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > MOST_BYTES:
                refusal = Refusal(413, "too_large", f"send at most {MOST_BYTES} bytes")
                await refusal.response()(scope, receive, send)
                return
            if not message.get("more_body"):
                break
        await self._app(scope, _again(message | {"body": body}, receive), send)


def _again(whole: Message, receive: Receive) -> Receive:
    """Return what gives the message that was read already, then what comes after it."""
    waiting = [whole]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message

"""Refuses a request whose body is larger than any that a service takes."""

from collections import deque

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import Refusal


class BodyLimit:
    """An ASGI middleware; it counts what comes, whatever ``Content-Length`` says."""

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, whose body is here before the application begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        read: deque[Message] = deque()
        size, has_more = 0, True
        while has_more:
            message = await receive()
            read.append(message)
            size += len(message.get("body", b""))
            has_more = bool(message.get("more_body"))
            if size > self._most:
                refusal = Refusal(413, "too_large", f"the body of a request may have {self._most} bytes")
                await refusal.response()(scope, receive, send)
                return

        async def again() -> Message:
            return read.popleft() if read else await receive()

        await self._app(scope, again, send)

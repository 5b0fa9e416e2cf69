"""A WebSocket client for tests: a time limit on everything, and failures that show what came before them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Mapping
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from ci_toolkit.isolated_environment import get_env
from ci_toolkit.test_framework.agent_events import transcript, type_of
from ci_toolkit.test_framework.secret import MaskingLogger, Secret
from ci_toolkit.test_framework.settings import read_framework_settings

T = TypeVar("T")
_LONGEST_SHOWN: Final = 200
_LARGEST_MESSAGE: Final = 16 * 2**20


class WebSocketFailure(AssertionError):  # noqa: N818 (a test fails by it, as by any assertion)
    """The server did not do what the test needs; the message shows what it sent so far."""


class _Closed(WebSocketFailure):
    """The server closed the connection."""


class WebSocketTestClient:
    """A real connection, used as ``async with WebSocketTestClient(token=...) as client``.

    The token travels in the ``Authorization`` header and shows in no message, ``repr`` or log of ours.
    """

    def __init__(
        self,
        *,
        token: str = "",
        base_url: str = "",
        path: str = "",
        headers: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> None:
        self.url = websocket_url(base_url or default_backend_url(), path)
        self.timeout = timeout
        """Seconds that connecting, sending and each receive may take, where nothing else is said."""
        self.received: list[Any] = []
        """Everything that the server sent, in order."""
        self._secret = Secret(token)
        self._headers = dict(headers or {})
        self._connection: ClientConnection | None = None

    def __repr__(self) -> str:
        state = "not connected" if self._connection is None else f"{len(self.received)} messages"
        return f"<WebSocketTestClient {self.url} {state}>"

    async def __aenter__(self) -> Self:
        __tracebackhide__ = True
        try:
            self._connection = await connect(
                self.url,
                additional_headers=self._authorization() | self._headers,
                logger=MaskingLogger("ci_toolkit.websocket", self._secret),
                max_size=_LARGEST_MESSAGE,
                open_timeout=self.timeout,
                close_timeout=1,
                ping_interval=None,
                proxy=None,
            )
        except (OSError, WebSocketException) as error:
            failure = WebSocketFailure(self._refusal(error))
        else:
            return self
        raise failure from None  # the library's frames hold the token

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def send_json(self, message: Mapping[str, Any]) -> None:
        """Send ``message`` as JSON."""
        await self._within(self._open.send(json.dumps(message)), self.timeout, "to be sent a message")

    async def send_message(self, message: Mapping[str, Any]) -> None:
        """Send ``message`` as JSON."""
        await self.send_json(message)

    async def receive_json(self, timeout: float | None = None) -> Any:  # noqa: ASYNC109 (the guide's word)
        """Return the next message. Fails after ``timeout`` seconds, on a closed connection, and on what is not JSON."""
        __tracebackhide__ = True
        seconds = timeout or self.timeout
        return await self._receive(seconds, seconds)

    async def _receive(self, seconds: float, limit: float) -> Any:
        """Return the next message, if it comes in the ``seconds`` that are left of ``limit``."""
        __tracebackhide__ = True
        text = await self._within(self._open.recv(), seconds, "to send a message", limit)
        try:
            message = json.loads(text)
        except ValueError:
            shown = self._secret.masked(repr(text[:_LONGEST_SHOWN]))
            raise self._failure(f"{self.url} sent what is not JSON: {shown}") from None
        self.received.append(message)
        return message

    def receive_events(self, timeout: float | None = None) -> AsyncIterator[dict[str, Any]]:
        """Iterate over what the server sends until it closes in good order.

        Fails when ``timeout`` seconds have passed in all, so that a loop that waits for an event always ends.
        """
        return _Events(self, timeout or self.timeout)

    async def collect_events(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 (the guide's word)
        *,
        until: str = "agent_completed",
    ) -> list[dict[str, Any]]:
        """Return every message up to and with the first of type ``until``. Fails after ``timeout`` seconds in all."""
        __tracebackhide__ = True
        events = []
        async for event in self.receive_events(timeout):
            events.append(event)
            if type_of(event) == until:
                return events
        raise self._failure(f"{self.url} closed before it sent {until}")

    async def ping(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 (as its siblings)
        """Wait until the server answers a ping of the WebSocket protocol."""
        limit = timeout or self.timeout
        await self._within(await self._within(self._open.ping(), limit, "to take a ping"), limit, "to answer a ping")

    @property
    def transcript(self) -> str:
        """What the server sent so far, as numbered lines, without the token."""
        return self._secret.masked(transcript(self.received))

    @property
    def is_closed_in_order(self) -> bool:
        """Whether the server closed the connection and called that normal."""
        return self._connection is not None and self._connection.close_code in {1000, 1001}

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._secret.reveal()}"} if self._secret else {}

    @property
    def _open(self) -> ClientConnection:
        if self._connection is None:
            raise WebSocketFailure(f"{self!r} is not connected: use `async with WebSocketTestClient(...) as client`")
        return self._connection

    async def _within(self, work: Awaitable[T], seconds: float, what: str, limit: float | None = None) -> T:
        __tracebackhide__ = True
        try:
            return await asyncio.wait_for(work, seconds)
        except TimeoutError:
            failure = self._failure(f"waited {limit or seconds:g} s for {self.url} {what}")
        except ConnectionClosed as error:
            reason = self._secret.masked(str(error))
            message = f"{self.url} closed the connection while the test waited for it {what}: {reason}"
            failure = _Closed(self._told(message))
        raise failure from None

    def _failure(self, message: str) -> WebSocketFailure:
        return WebSocketFailure(self._told(message))

    def _told(self, message: str) -> str:
        return f"{message}\nReceived until then:\n{self.transcript}"

    def _refusal(self, error: Exception) -> str:
        if isinstance(error, InvalidStatus):
            status = error.response.status_code
            advice = (
                "Is the token one that the backend gave out, and not too old?"
                if status in {401, 403}
                else "Does it take WebSocket connections there? Set [tool.ci-toolkit.framework] websocket-path."
            )
            return f"{self.url} refused the connection with HTTP {status}\n  {advice}"
        reason = self._secret.masked(str(error)) or f"no answer within {self.timeout:g} s"
        return (
            f"{self.url} cannot be connected to: {reason}\n  Is the backend running? "
            "The fixtures start it, and `services up backend` does, where its row of the table has a `command`."
        )


class _Events(AsyncIterator[dict[str, Any]]):
    """The messages of a client, with one limit for all of them."""

    def __init__(self, client: WebSocketTestClient, seconds: float) -> None:
        self._client = client
        self._seconds = seconds
        self._deadline = asyncio.get_running_loop().time() + seconds

    async def __anext__(self) -> dict[str, Any]:
        __tracebackhide__ = True
        left = self._deadline - asyncio.get_running_loop().time()
        try:
            message: dict[str, Any] = await self._client._receive(max(left, 0.001), self._seconds)  # noqa: SLF001
        except _Closed:
            if self._client.is_closed_in_order:
                raise StopAsyncIteration from None
            raise
        return message


def default_backend_url() -> str:
    """Return where the backend listens: ``BACKEND_URL``, else its port in the table of services."""
    url = get_env().get("BACKEND_URL")
    if url:
        return url
    from ci_toolkit.test_framework.test_config import TEST_PORTS

    return f"http://127.0.0.1:{TEST_PORTS['backend']}"


def backend_url_of(services: Mapping[str, Any]) -> str:
    """Return where the backend among ``services`` listens, and let ``get_env()`` say so until the test ends.

    Looking starts it, where the table of services has a command for it.
    """
    url = services.get("backend_url")
    if not url:
        return default_backend_url()
    if get_env().get("BACKEND_URL") != url:
        get_env().set("BACKEND_URL", str(url), source="real_services")
    return str(url)


def websocket_url(base_url: str, path: str = "") -> str:
    """Return the WebSocket address of a backend's HTTP one; a path in ``base_url`` wins over the settings'."""
    parts = urlsplit(base_url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    own_path = parts.path if parts.path not in {"", "/"} else ""
    chosen = path or own_path or read_framework_settings()[0].websocket_path
    return urlunsplit((scheme, parts.netloc, chosen, parts.query, ""))

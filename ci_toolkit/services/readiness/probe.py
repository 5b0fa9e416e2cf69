"""Asks a server once, in its own protocol, whether it is ready."""

import os
import socket
from base64 import b64encode
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from ci_toolkit.model.record import Record
from ci_toolkit.services.catalog import plugins
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.catalog.table import Protocol
from ci_toolkit.services.readiness.postgresql_login import WRONG_LOGIN, LoginRefusedError, NotPostgresqlError, log_in

_SERVER_ERROR: Final = 500
_SWITCHING: Final = 101
_OK: Final = 200
_LOGIN_REFUSED: Final = frozenset({401, 403})


class ProbeStatus(Enum):
    """What a server said."""

    READY = auto()
    CLOSED = auto()
    """Nobody listens on the port."""
    STARTING = auto()
    """The right server, not yet ready, or gone again in mid-result."""
    SILENT = auto()
    """It accepts connections and does not result."""
    DENIED = auto()
    """The right server, another password or user."""
    STRANGER = auto()
    """Another kind of server."""


class ProbeResult(Record, frozen=True, kw_only=True):
    """One answer of a server."""

    status: ProbeStatus
    version: str = ""
    reason: str = ""
    """In the server's or the system's words; holds no secret."""


def ask(endpoint: Endpoint, *, path: str = "/", timeout: float = 1.0) -> ProbeResult:
    """Ask the server at ``endpoint`` once, for at most about ``timeout`` seconds."""
    try:
        return _ASK[endpoint.protocol](endpoint, path, timeout)
    except ConnectionRefusedError:
        return ProbeResult(status=ProbeStatus.CLOSED, reason=f"nobody listens on {endpoint.address}")
    except TimeoutError:
        return ProbeResult(
            status=ProbeStatus.SILENT, reason=f"{endpoint.address} accepts connections and does not answer"
        )
    except (NotPostgresqlError, _NotHttpError) as error:
        return ProbeResult(status=ProbeStatus.STRANGER, reason=str(error) or type(error).__name__)
    except OSError as error:
        return ProbeResult(status=ProbeStatus.STARTING, reason=str(error))


def _ask_postgresql(endpoint: Endpoint, _path: str, timeout: float) -> ProbeResult:
    try:
        version = log_in(endpoint.host, endpoint.port, endpoint.credentials, timeout=timeout)
    except LoginRefusedError as error:
        status = ProbeStatus.DENIED if error.code in WRONG_LOGIN else ProbeStatus.STARTING
        return ProbeResult(status=status, reason=str(error))
    return ProbeResult(status=ProbeStatus.READY, version=version.split(" ")[0])


def _ask_redis(endpoint: Endpoint, _path: str, timeout: float) -> ProbeResult:
    login = endpoint.credentials
    sign_in = [("AUTH", *filter(None, [login.user]), login.password)] if login.password else []
    with socket.create_connection((endpoint.host, endpoint.port), timeout=timeout) as connection:
        connection.sendall(b"".join(_resp(*words) for words in (*sign_in, ("PING",), ("INFO", "server"))))
        reader = connection.makefile("rb")
        if sign_in and not (line := reader.readline()).startswith(b"+OK"):
            return _redis_refusal(line)
        if not (line := reader.readline()).startswith(b"+PONG"):
            return _redis_refusal(line)
        information = reader.read(int(reader.readline()[1:])).decode(errors="replace")
    facts = dict(line.split(":", 1) for line in information.splitlines() if ":" in line)
    return ProbeResult(status=ProbeStatus.READY, version=facts.get("redis_version", ""))


def _resp(*words: str) -> bytes:
    """Return a Redis command as its protocol writes it."""
    return f"*{len(words)}\r\n".encode() + b"".join(b"$%d\r\n%s\r\n" % (len(w.encode()), w.encode()) for w in words)


def _redis_refusal(line: bytes) -> ProbeResult:
    text = line.decode(errors="replace").strip()
    if not line:
        return ProbeResult(status=ProbeStatus.STARTING, reason="the server closed the connection")
    if text.startswith(("-NOAUTH", "-WRONGPASS", "-ERR AUTH", "-ERR Client sent AUTH", "-NOPERM")):
        return ProbeResult(status=ProbeStatus.DENIED, reason=text)
    if text.startswith(("-LOADING", "-BUSY", "-MASTERDOWN")):
        return ProbeResult(status=ProbeStatus.STARTING, reason=text)
    return ProbeResult(status=ProbeStatus.STRANGER, reason=f"it answered {text[:60]!r}, which is not Redis's protocol")


class _NotHttpError(Exception):
    """What came back is not HTTP."""


def _get(endpoint: Endpoint, path: str, timeout: float, headers: dict[str, str]) -> tuple[int, str, bytes, str]:
    """Ask over HTTP; return status, reason, the first of the body and the Server header."""
    import http.client

    connection = http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=timeout)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = b"" if response.status == _SWITCHING else response.read(4096)
        return response.status, response.reason, body, response.getheader("Server") or ""
    except http.client.RemoteDisconnected:
        raise  # an OSError, too: it hung up, as a server does that is still starting
    except http.client.HTTPException as error:
        raise _NotHttpError(str(error) or type(error).__name__) from error
    finally:
        connection.close()


def _ask_http(endpoint: Endpoint, path: str, timeout: float) -> ProbeResult:
    status, reason, _, server = _get(endpoint, path, timeout, {})
    said = f"GET {path} answered {status} {reason}"
    return ProbeResult(
        status=ProbeStatus.STARTING if status >= _SERVER_ERROR else ProbeStatus.READY, version=server, reason=said
    )


def _ask_websocket(endpoint: Endpoint, path: str, timeout: float) -> ProbeResult:
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": b64encode(os.urandom(16)).decode(),
    }
    status, reason, _, server = _get(endpoint, path, timeout, headers)
    said = f"the handshake at {path} answered {status} {reason}"
    return ProbeResult(
        status=ProbeStatus.READY if status == _SWITCHING else ProbeStatus.STARTING, version=server, reason=said
    )


def _ask_plugin(endpoint: Endpoint, _path: str, timeout: float) -> ProbeResult:
    try:
        return ProbeResult(status=ProbeStatus.READY, version=plugins.ask(endpoint, timeout))
    except PermissionError as error:
        return ProbeResult(status=ProbeStatus.DENIED, reason=str(error))
    except ValueError as error:
        return ProbeResult(status=ProbeStatus.STRANGER, reason=str(error))


def _ask_clickhouse(endpoint: Endpoint, _path: str, timeout: float) -> ProbeResult:
    status, _, body, _ = _get(endpoint, "/ping", timeout, {})
    if (status, body.strip()) != (_OK, b"Ok."):
        return ProbeResult(
            status=ProbeStatus.STRANGER, reason=f"GET /ping answered {status} {body[:40]!r}, not ClickHouse's 'Ok.'"
        )
    login = endpoint.credentials
    headers = {"X-ClickHouse-User": login.user, "X-ClickHouse-Key": login.password} if login.user else {}
    status, _, body, _ = _get(endpoint, "/?query=SELECT%20version()", timeout, headers)
    if status != _OK:
        text = body.decode(errors="replace").strip()[:200]
        return ProbeResult(
            status=ProbeStatus.DENIED if _is_login_failure(status, text) else ProbeStatus.STARTING, reason=text
        )
    return ProbeResult(status=ProbeStatus.READY, version=body.decode().strip())


def _is_login_failure(status: int, text: str) -> bool:
    """Old servers answer 500 with the exception's code: 192 unknown user, 193 wrong password, 516 either."""
    codes = ("Code: 192", "Code: 193", "Code: 516")
    return status in _LOGIN_REFUSED or text.startswith(codes)


_ASK: Final[dict[Protocol, Callable[[Endpoint, str, float], ProbeResult]]] = {  # of those that have a port
    Protocol.POSTGRESQL: _ask_postgresql,
    Protocol.REDIS: _ask_redis,
    Protocol.CLICKHOUSE: _ask_clickhouse,
    Protocol.HTTP: _ask_http,
    Protocol.WEBSOCKET: _ask_websocket,
    Protocol.PLUGIN: _ask_plugin,
}

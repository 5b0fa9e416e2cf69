"""A small PostgreSQL client for readiness and housekeeping: logs in and runs simple queries, nothing more.

It exists for its start-up time. A full driver takes longer to import than a warm server takes to
answer; this one costs nothing, so that readiness is asked in the server's own protocol in milliseconds.
Tests get SQLAlchemy with a full driver.
"""

import base64
import hashlib
import hmac
import os
import socket
import struct
from collections.abc import Iterator
from typing import Final

from ci_toolkit.services.catalog.table import Credentials
from ci_toolkit.services.closing import Closing

STARTING_UP: Final = "57P03"
NO_SUCH_DATABASE: Final = "3D000"
DENIED: Final = frozenset({"28P01", "28000", NO_SUCH_DATABASE})
"""Another password, another user, no such database: waiting would not help."""
_PROTOCOL: Final = 196608  # 3.0
_SSL_REQUEST: Final = struct.pack("!ii", 8, 80877103)
_SASL: Final = 10
_SASL_CONTINUE: Final = 11
_SASL_FINAL: Final = 12
_MD5: Final = 5
_CLEARTEXT: Final = 3

Row = tuple[str | None, ...]


class SqlError(Exception):
    """The server refused; ``code`` is its SQLSTATE."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} (SQLSTATE {code})")
        self.code = code


class WireError(OSError):
    """What came back is not PostgreSQL's protocol, or the connection broke."""


def quoted(identifier: str) -> str:
    """Return ``identifier`` quoted for SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return ``text`` as a SQL string; needs ``standard_conforming_strings``, the default since 9.1."""
    return "'" + text.replace("'", "''") + "'"


class Connection(Closing):
    """One connection, in autocommit. Closes itself as a context manager.

    Raises SqlError if the server refuses, WireError (an OSError) if it does not speak PostgreSQL,
    and TimeoutError if it stays silent for ``timeout`` seconds.
    """

    def __init__(
        self, host: str, port: int, login: Credentials, *, database: str | None = None, timeout: float = 30.0
    ) -> None:
        self.parameters: dict[str, str] = {}
        self._socket = socket.create_connection((host, port), timeout=timeout)
        self._buffer = b""
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._refuse_strangers()
            self._start(login, login.database if database is None else database)
        except BaseException:
            self._socket.close()
            raise

    def close(self) -> None:
        """End the connection; safe to call twice."""
        try:
            self._socket.sendall(b"X" + struct.pack("!i", 4))
        except OSError:
            pass  # it is gone already, which is what was wanted
        finally:
            self._socket.close()

    def set_timeout(self, seconds: float) -> None:
        """Let each wait for the server take ``seconds``."""
        self._socket.settimeout(seconds)

    def query(self, sql: str) -> list[Row]:
        """Run ``sql``, which may hold several statements, and return the rows as text. Raises SqlError."""
        self._send(b"Q", sql.encode() + b"\0")
        rows: list[Row] = []
        failure: SqlError | None = None
        for kind, body in self._messages():
            if kind == b"D":
                rows.append(_row(body))
            elif kind == b"E":
                failure = _failure(body)
            elif kind == b"Z":
                break
        if failure is not None:
            raise failure
        return rows

    def scalar(self, sql: str) -> str | None:
        """Return the first column of the first row, or None where there is none."""
        rows = self.query(sql)
        return rows[0][0] if rows else None

    def _refuse_strangers(self) -> None:
        """Ask for TLS first: PostgreSQL answers with one byte, and no other server does."""
        self._socket.sendall(_SSL_REQUEST)
        answer = self._socket.recv(1)
        if not answer:  # a published port of a container whose server does not listen yet
            raise ConnectionResetError("the connection was closed without a word")
        if answer == b"E":
            raise SqlError(STARTING_UP, "the server could not start a process for the connection")
        if answer not in {b"N", b"S"}:
            raise WireError(f"it answered {answer!r}, which is not PostgreSQL's protocol")
        if answer == b"S":
            self._reconnect_plainly()

    def _reconnect_plainly(self) -> None:
        """Start anew without TLS: a test server on this machine needs none."""
        address, timeout = self._socket.getpeername(), self._socket.gettimeout()
        self._socket.close()
        self._socket = socket.create_connection(address[:2], timeout=timeout)

    def _start(self, login: Credentials, database: str) -> None:
        words = ("user", login.user, "database", database, "application_name", "ci-toolkit")
        body = struct.pack("!i", _PROTOCOL) + b"".join(word.encode() + b"\0" for word in words) + b"\0"
        self._socket.sendall(struct.pack("!i", len(body) + 4) + body)
        scram = _Scram(login.password)
        for kind, body in self._messages():
            if kind == b"R":
                self._authenticate(struct.unpack("!i", body[:4])[0], body[4:], login, scram)
            elif kind == b"S":
                name, value, _ = body.split(b"\0")
                self.parameters[name.decode()] = value.decode()
            elif kind == b"E":
                raise _failure(body)
            elif kind == b"Z":
                return

    def _authenticate(self, step: int, body: bytes, login: Credentials, scram: "_Scram") -> None:
        if step == _CLEARTEXT:
            self._send(b"p", login.password.encode() + b"\0")
        elif step == _MD5:
            inner = hashlib.md5((login.password + login.user).encode()).hexdigest()  # noqa: S324 (the server's choice)
            self._send(b"p", b"md5" + hashlib.md5(inner.encode() + body).hexdigest().encode() + b"\0")  # noqa: S324
        elif step == _SASL:
            first = scram.first()
            self._send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", len(first)) + first)
        elif step == _SASL_CONTINUE:
            self._send(b"p", scram.final(body))
        elif step == _SASL_FINAL:
            scram.verify(body)
        elif step != 0:
            raise WireError(f"the server asks for a way of login (number {step}) that ci-toolkit does not speak")

    def _send(self, kind: bytes, body: bytes) -> None:
        self._socket.sendall(kind + struct.pack("!i", len(body) + 4) + body)

    def _messages(self) -> Iterator[tuple[bytes, bytes]]:
        while True:
            head = self._take(5)
            length = struct.unpack("!i", head[1:])[0]
            yield head[:1], self._take(length - 4)

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            piece = self._socket.recv(65536)
            if not piece:
                raise WireError("the server closed the connection")
            self._buffer += piece
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken


class _Scram:
    """SCRAM-SHA-256 as in RFC 5802 and RFC 7677, without channel binding."""

    def __init__(self, password: str) -> None:
        self._password = password.encode()
        self._bare = f"n=,r={base64.b64encode(os.urandom(18)).decode()}"
        self._server_signature = b""

    def first(self) -> bytes:
        return b"n,," + self._bare.encode()

    def final(self, challenge: bytes) -> bytes:
        said = dict(part.split("=", 1) for part in challenge.decode().split(","))
        salted = hashlib.pbkdf2_hmac("sha256", self._password, base64.b64decode(said["s"]), int(said["i"]))
        unproven = f"c=biws,r={said['r']}"
        message = f"{self._bare},{challenge.decode()},{unproven}".encode()
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(client_key).digest(), message, "sha256")
        self._server_signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), message, "sha256")
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        return f"{unproven},p={base64.b64encode(proof).decode()}".encode()

    def verify(self, outcome: bytes) -> None:
        if outcome != b"v=" + base64.b64encode(self._server_signature):
            raise WireError("the server could not prove that it knows the password")


def _row(body: bytes) -> Row:
    """Read a DataRow message: a count, then each column's length (-1 is NULL) and bytes."""
    values: list[str | None] = []
    position = 2
    for _ in range(struct.unpack("!h", body[:2])[0]):
        length = struct.unpack_from("!i", body, position)[0]
        position += 4
        values.append(None if length < 0 else body[position : position + length].decode())
        position += max(length, 0)
    return tuple(values)


def _failure(body: bytes) -> SqlError:
    fields = {part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
    return SqlError(fields.get(b"C", ""), fields.get(b"M", "no message"))

"""Logs in to a PostgreSQL server once, which shows that it is ready: the least of its protocol that this takes.

Not by psycopg, which does all other work on databases: its import takes 190 ms of processor time, and PostgreSQL and
Redis are to be ready 150 ms after they were asked for. This takes 5 ms to import.

Sources: PostgreSQL's manual, chapter "Frontend/Backend Protocol"; RFC 5802 and RFC 7677 for SCRAM-SHA-256.
"""

import base64
import hashlib
import hmac
import os
import socket
import struct
from collections.abc import Iterator
from typing import IO, Final

from ci_toolkit.services.catalog.table import Credentials

STARTING_UP: Final = "57P03"
WRONG_LOGIN: Final = frozenset({"28P01", "28000", "3D000"})
"""Wrong password, unknown user, no such database: waiting would not help."""
_PROTOCOL: Final = 196608  # 3.0
_SSL_REQUEST: Final = struct.pack("!ii", 8, 80877103)
_TERMINATE: Final = b"X" + struct.pack("!i", 4)
_OK: Final = 0
_CLEARTEXT: Final = 3
_MD5: Final = 5
_SASL: Final = 10
_SASL_CONTINUE: Final = 11
_SASL_FINAL: Final = 12


class LoginRefusedError(Exception):
    """The server refused the login; ``code`` is its SQLSTATE."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} (SQLSTATE {code})")
        self.code = code


class NotPostgresqlError(OSError):
    """What came back is not PostgreSQL's protocol, or the connection broke."""


def log_in(host: str, port: int, login: Credentials, *, timeout: float) -> str:
    """Log in, log out, and return the server's version.

    Raises LoginRefusedError if the server refuses, NotPostgresqlError (an OSError) if it does not speak PostgreSQL,
    and TimeoutError if it stays silent for ``timeout`` seconds.
    """
    scram = _Scram(login.password)
    version = ""
    with _connected(host, port, timeout) as connection, connection.makefile("rb") as reader:
        connection.sendall(_startup(login))
        for kind, body in _messages(reader):
            if kind == b"R":
                connection.sendall(_authentication(body, login, scram))
            elif kind == b"S" and body.startswith(b"server_version\0"):
                version = body.split(b"\0")[1].decode()
            elif kind == b"E":
                raise _refusal(body)
            elif kind == b"Z":
                connection.sendall(_TERMINATE)
                break
    return version


def _connected(host: str, port: int, timeout: float) -> socket.socket:
    """Connect without TLS, which a test server on this machine does not need.

    TLS is asked for all the same: PostgreSQL answers that with one byte, and no other server does.
    """
    connection = socket.create_connection((host, port), timeout=timeout)
    try:
        has_tls = _offers_tls(connection)
    except BaseException:
        connection.close()
        raise
    if not has_tls:
        return connection
    connection.close()  # it now expects a TLS handshake
    return socket.create_connection((host, port), timeout=timeout)


def _offers_tls(connection: socket.socket) -> bool:
    connection.sendall(_SSL_REQUEST)
    answer = connection.recv(1)
    if not answer:  # a published port of a container whose server does not listen yet
        raise ConnectionResetError("the server closed the connection without an answer")
    if answer == b"E":
        raise LoginRefusedError(STARTING_UP, "the server could not start a process for the connection")
    if answer not in {b"N", b"S"}:
        raise NotPostgresqlError(f"it answered {answer!r}, which is not PostgreSQL's protocol")
    return answer == b"S"


def _startup(login: Credentials) -> bytes:
    words = ("user", login.user, "database", login.database, "application_name", "ci-toolkit")
    body = struct.pack("!i", _PROTOCOL) + b"".join(word.encode() + b"\0" for word in words) + b"\0"
    return struct.pack("!i", len(body) + 4) + body


def _messages(reader: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    while True:
        head = _read(reader, 5)
        length = struct.unpack("!i", head[1:])[0]
        yield head[:1], _read(reader, length - 4)


def _read(reader: IO[bytes], size: int) -> bytes:
    data = reader.read(size)
    if len(data) < size:
        raise NotPostgresqlError("the server closed the connection")
    return data


def _authentication(request: bytes, login: Credentials, scram: "_Scram") -> bytes:
    """Return the message that answers an authentication request, empty where it needs none."""
    step, body = struct.unpack("!i", request[:4])[0], request[4:]
    if step == _OK:
        return b""
    if step == _CLEARTEXT:
        return _password_message(login.password.encode() + b"\0")
    if step == _MD5:
        inner = hashlib.md5((login.password + login.user).encode()).hexdigest()  # noqa: S324 (the server's choice)
        outer = hashlib.md5(inner.encode() + body).hexdigest()  # noqa: S324
        return _password_message(b"md5" + outer.encode() + b"\0")
    if step == _SASL:
        first = scram.first()
        return _password_message(b"SCRAM-SHA-256\0" + struct.pack("!i", len(first)) + first)
    if step == _SASL_CONTINUE:
        return _password_message(scram.final(body))
    if step == _SASL_FINAL:
        scram.verify(body)
        return b""
    raise NotPostgresqlError(f"the server asks for authentication method {step}, which ci-toolkit does not support")


def _password_message(body: bytes) -> bytes:
    return b"p" + struct.pack("!i", len(body) + 4) + body


class _Scram:
    """SCRAM-SHA-256 without channel binding."""

    def __init__(self, password: str) -> None:
        self._password = password.encode()
        self._bare = f"n=,r={base64.b64encode(os.urandom(18)).decode()}"
        self._server_signature = b""

    def first(self) -> bytes:
        return b"n,," + self._bare.encode()

    def final(self, challenge: bytes) -> bytes:
        fields = dict(part.split("=", 1) for part in challenge.decode().split(","))
        salted = hashlib.pbkdf2_hmac("sha256", self._password, base64.b64decode(fields["s"]), int(fields["i"]))
        unproven = f"c=biws,r={fields['r']}"
        message = f"{self._bare},{challenge.decode()},{unproven}".encode()
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(client_key).digest(), message, "sha256")
        self._server_signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), message, "sha256")
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        return f"{unproven},p={base64.b64encode(proof).decode()}".encode()

    def verify(self, outcome: bytes) -> None:
        if outcome != b"v=" + base64.b64encode(self._server_signature):
            raise NotPostgresqlError("the server could not prove that it knows the password")


def _refusal(body: bytes) -> LoginRefusedError:
    fields = {part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
    return LoginRefusedError(fields.get(b"C", ""), fields.get(b"M", "no message"))

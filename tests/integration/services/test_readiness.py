"""Readiness asked of real servers, in each one's protocol."""

import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from msgspec.structs import replace
from services_lab import Lab, needs

from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.catalog.table import Credentials, Protocol
from ci_toolkit.services.databases.connection import Connection
from ci_toolkit.services.databases.sql import SqlError, literal
from ci_toolkit.services.ports.leases import Holder, lease_any
from ci_toolkit.services.readiness.probe import ProbeStatus, ask

ASKED = [protocol for protocol in Protocol if protocol.has_port and protocol is not Protocol.PLUGIN]
"""Protocols that ci-toolkit speaks itself; a plug-in's needs its package, and the rest have no port."""
LOGIN = Credentials(user="test", password="se'cret", database="postgres")


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with lease_any(tmp_path / "registry", Holder(pid=os.getpid(), session="test", directory="")) as held:
        yield held.port


def test_redis_answers_with_its_version_and_refuses_a_wrong_password(lab: Lab) -> None:
    needs(Protocol.REDIS)
    with lab.acquire("redis", table=lab.table("redis", credentials=Credentials(password="right"))) as stack:
        right = stack.endpoint("redis")
        answer = ask(right)
        assert answer.status is ProbeStatus.READY
        assert answer.version[0].isdigit()
        for login in (Credentials(), Credentials(password="wrong")):
            assert ask(replace(right, credentials=login)).status is ProbeStatus.DENIED


def test_postgresql_answers_with_its_version_and_refuses_a_wrong_password(lab: Lab) -> None:
    needs(Protocol.POSTGRESQL)
    with lab.acquire("postgresql", table=lab.table("postgresql", credentials=LOGIN)) as stack:
        right = stack.endpoint("postgresql")
        answer = ask(right)
        assert (answer.status, answer.reason) == (ProbeStatus.READY, "")
        assert int(answer.version.split(".")[0]) >= 13
        wrong = Credentials(user="test", password="wrong", database="postgres")
        assert ask(replace(right, credentials=wrong)).status is ProbeStatus.DENIED
        with Connection("127.0.0.1", right.port, LOGIN) as connection:
            assert connection.query("SELECT 1, NULL; SELECT 'a;b'") == [("1", None), ("a;b",)]
            with pytest.raises(SqlError, match="division by zero"):
                connection.query("SELECT 1/0")
            assert connection.scalar(f"SELECT {literal(LOGIN.password)}") == LOGIN.password


@pytest.mark.parametrize("method", ["md5", "password", "scram-sha-256"])
def test_postgresql_answers_in_whatever_way_it_asks_for_the_password(lab: Lab, method: str) -> None:
    needs(Protocol.POSTGRESQL)
    with lab.acquire("postgresql", table=lab.table("postgresql", credentials=LOGIN)) as stack:
        endpoint = stack.endpoint("postgresql")
        with Connection("127.0.0.1", endpoint.port, LOGIN) as connection:
            loaded = connection.scalar("SELECT pg_conf_load_time()")
            connection.query(f"SET password_encryption = '{'md5' if method == 'md5' else 'scram-sha-256'}'")
            connection.query(f"ALTER USER test PASSWORD {literal(LOGIN.password)}")
            Path(connection.scalar("SHOW hba_file") or "").write_text(f"host all all 127.0.0.1/32 {method}\n")
            connection.query("SELECT pg_reload_conf()")
            while connection.scalar("SELECT pg_conf_load_time() FROM pg_sleep(0.01)") == loaded:
                continue  # the server reads the file before it tells this connection to
        assert ask(endpoint).status is ProbeStatus.READY
        wrong = Credentials(user="test", password="wrong", database="postgres")
        assert ask(replace(endpoint, credentials=wrong)).status is ProbeStatus.DENIED


@pytest.mark.parametrize("protocol", ASKED)
def test_a_server_that_accepts_and_never_answers_is_silent_within_its_limit(protocol: Protocol) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        endpoint = Endpoint(name="mute", protocol=protocol, port=mute.getsockname()[1], credentials=LOGIN)
        assert ask(endpoint, timeout=0.1).status is ProbeStatus.SILENT


@pytest.mark.parametrize("protocol", ASKED)
def test_a_port_where_nobody_listens_is_closed(protocol: Protocol, port: int) -> None:
    assert ask(Endpoint(name="gone", protocol=protocol, port=port)).status is ProbeStatus.CLOSED


class Teapot(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(418 if self.path == "/health" else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's word)
        """Say nothing."""


@pytest.mark.parametrize(
    ("protocol", "path", "seconds", "state"),
    [
        (Protocol.HTTP, "/health", 60.0, ProbeStatus.READY),
        (Protocol.HTTP, "/", 60.0, ProbeStatus.STARTING),
        (Protocol.WEBSOCKET, "/health", 60.0, ProbeStatus.STARTING),
        (Protocol.CLICKHOUSE, "/", 60.0, ProbeStatus.STRANGER),
        (Protocol.POSTGRESQL, "/", 0.3, ProbeStatus.SILENT),  # it waits for the end of a line that never comes
    ],
)
def test_an_http_server_is_ready_below_500_and_never_ready_in_another_protocol(
    protocol: Protocol, path: str, seconds: float, state: ProbeStatus
) -> None:
    with HTTPServer(("127.0.0.1", 0), Teapot) as web:
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            assert (
                ask(Endpoint(name="web", protocol=protocol, port=web.server_port), path=path, timeout=seconds).status
                is state
            )
        finally:
            web.shutdown()
            thread.join()

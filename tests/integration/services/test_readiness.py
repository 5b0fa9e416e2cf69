"""Readiness asked of real servers, in each one's protocol."""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from ci_toolkit.services.binaries import HOW_TO_GET, beside, find_server
from ci_toolkit.services.endpoint import Endpoint
from ci_toolkit.services.pgwire import Connection, SqlError, literal
from ci_toolkit.services.ports import Holder, lease_any
from ci_toolkit.services.probe import Answer, State, ask
from ci_toolkit.services.table import Credentials, Protocol

LOGIN = Credentials(user="test", password="se'cret", database="postgres")


def server(protocol: Protocol) -> Path:
    found = find_server(protocol)
    if found is None:
        pytest.skip(f"needs a {protocol} server: {HOW_TO_GET[protocol]}")
    return found


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with lease_any(tmp_path / "registry", Holder(pid=os.getpid(), session="test", directory="")) as held:
        yield held.port


def ask_until_ready(endpoint: Endpoint, process: subprocess.Popen[bytes]) -> Answer:
    while (answer := ask(endpoint)).state in {State.CLOSED, State.STARTING}:
        assert process.poll() is None, "the server ended by itself"
    return answer


def test_redis_answers_with_its_version_and_refuses_a_wrong_password(tmp_path: Path, port: int) -> None:
    command = [str(server(Protocol.REDIS)), "--port", str(port), "--bind", "127.0.0.1", "--requirepass", "right"]
    with subprocess.Popen([*command, "--save", ""], cwd=tmp_path, stdout=subprocess.DEVNULL) as redis:
        try:
            endpoint = Endpoint(name="redis", protocol=Protocol.REDIS, port=port)
            right = Endpoint(
                name="redis", protocol=Protocol.REDIS, port=port, credentials=Credentials(password="right")
            )
            answer = ask_until_ready(right, redis)
            assert answer.state is State.READY
            assert answer.version[0].isdigit()
            assert ask(endpoint).state is State.DENIED
        finally:
            redis.terminate()


def test_postgresql_answers_with_its_version_and_refuses_a_wrong_password(tmp_path: Path, port: int) -> None:
    postgres = server(Protocol.POSTGRESQL)
    data, secret = tmp_path / "data", tmp_path / "secret"
    secret.write_text(LOGIN.password)
    user = "postgres" if os.getuid() == 0 else None
    if user:
        for folder in (tmp_path, *list(tmp_path.parents)[:3]):  # xdist adds a level
            if folder.owner() == "root" and folder != Path("/tmp"):
                folder.chmod(0o755)
        data.mkdir(mode=0o700)
        subprocess.run(["chown", "-R", user, data, secret], check=True, timeout=10)
    subprocess.run(
        [beside(postgres, "initdb"), "-D", data, "-U", LOGIN.user, "-A", "scram-sha-256", f"--pwfile={secret}", "-N"],
        check=True, timeout=60, user=user, cwd=tmp_path, stdout=subprocess.DEVNULL, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    command = [str(postgres), "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", "", "-F"]
    with subprocess.Popen(command, user=user, cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        try:
            right = Endpoint(name="postgresql", protocol=Protocol.POSTGRESQL, port=port, credentials=LOGIN)
            answer = ask_until_ready(right, process)
            assert (answer.state, answer.reason) == (State.READY, "")
            assert int(answer.version.split(".")[0]) >= 13
            wrong = Credentials(user="test", password="wrong", database="postgres")
            denied = Endpoint(name="postgresql", protocol=Protocol.POSTGRESQL, port=port, credentials=wrong)
            assert ask(denied).state is State.DENIED
            with Connection("127.0.0.1", port, LOGIN) as connection:
                assert connection.query("SELECT 1, NULL; SELECT 'a;b'") == [("1", None), ("a;b",)]
                with pytest.raises(SqlError, match="division by zero"):
                    connection.query("SELECT 1/0")
                assert connection.scalar(f"SELECT {literal(LOGIN.password)}") == LOGIN.password
        finally:
            process.terminate()


@pytest.mark.parametrize("protocol", list(Protocol))
def test_a_server_that_accepts_and_never_answers_is_silent_within_its_limit(protocol: Protocol) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        endpoint = Endpoint(name="mute", protocol=protocol, port=mute.getsockname()[1], credentials=LOGIN)
        assert ask(endpoint, timeout=0.1).state is State.SILENT


@pytest.mark.parametrize("protocol", list(Protocol))
def test_a_port_where_nobody_listens_is_closed(protocol: Protocol, port: int) -> None:
    assert ask(Endpoint(name="gone", protocol=protocol, port=port)).state is State.CLOSED


class Teapot(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(418 if self.path == "/health" else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's word)
        """Say nothing."""


@pytest.mark.parametrize(
    ("protocol", "path", "state"),
    [
        (Protocol.HTTP, "/health", State.READY),
        (Protocol.HTTP, "/", State.STARTING),
        (Protocol.WEBSOCKET, "/health", State.STARTING),
        (Protocol.CLICKHOUSE, "/", State.STRANGER),
        (Protocol.POSTGRESQL, "/", State.SILENT),  # it waits for the end of a line that never comes
    ],
)
def test_an_http_server_is_ready_below_500_and_never_ready_in_another_protocol(
    protocol: Protocol, path: str, state: State
) -> None:
    with HTTPServer(("127.0.0.1", 0), Teapot) as web:
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            assert (
                ask(Endpoint(name="web", protocol=protocol, port=web.server_port), path=path, timeout=0.3).state
                is state
            )
        finally:
            web.shutdown()
            thread.join()

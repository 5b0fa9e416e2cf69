"""What goes wrong with services: each a clear error that exits 4, within its time, and nothing left."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from services_lab import Lab, needs

from ci_toolkit.errors import ExitCode, InfrastructureError
from ci_toolkit.services.catalog.endpoint import Provider
from ci_toolkit.services.catalog.table import Credentials, Migrations, Protocol, ServiceEnvironment, Table
from ci_toolkit.services.errors import (
    DiskFullError,
    MigrationError,
    NoProviderError,
    NotReadyError,
    PortTakenError,
    ServiceDiedError,
    WrongCredentialsError,
)
from ci_toolkit.services.readiness.probe import ProbeStatus, ask
from ci_toolkit.services.stack import StackRequest
from ci_toolkit.services.storage.folders import DATA_VARIABLE

LISTEN = """
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


@contextmanager
def stranger(code: str = LISTEN) -> Iterator[tuple[int, int]]:
    """Run a program that listens, and yield its process id and port."""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.pid, int(process.stdout.readline())
        finally:
            process.kill()


def fails(lab: Lab, kind: type[InfrastructureError], table: Table, request: StackRequest) -> str:
    """Return what the error says, having checked that it is of ``kind`` and that nothing is left."""
    with pytest.raises(kind) as caught:
        lab.acquire(table=table, request=request)
    assert caught.value.exit_code is ExitCode.INFRASTRUCTURE
    assert lab.left() == []
    return str(caught.value)


def on_port(lab: Lab, name: str, port: int, **changes: object) -> Table:
    return lab.table(name, ports=dict.fromkeys(ServiceEnvironment, port), **changes)


@pytest.mark.parametrize("provider", [None, Provider.NATIVE])
def test_a_port_taken_by_a_stranger_is_named_with_pid_and_command(lab: Lab, provider: Provider | None) -> None:
    needs(Protocol.REDIS)
    talks = LISTEN.replace("sys.stdin.read()", "while True: server.accept()[0].sendall(b'220 mail ready\\r\\n')")
    with stranger(talks) as (pid, port):
        said = fails(
            lab, PortTakenError, on_port(lab, "redis", port), StackRequest(services=("redis",), provider=provider)
        )
        assert f"port {port} is taken by pid {pid} ({sys.executable} -c import socket" in said
        assert "--dynamic-ports" in said


def test_a_server_that_accepts_and_never_answers_is_given_up_at_the_services_limit(lab: Lab) -> None:
    with stranger() as (pid, port):
        said = fails(
            lab, NotReadyError, on_port(lab, "redis", port, ready_seconds=0.5), StackRequest(services=("redis",))
        )
        assert "was not ready within 0.5 s" in said
        assert f"pid {pid}" in said


@pytest.mark.parametrize("name", ["postgresql", "clickhouse"])
def test_a_stranger_that_says_nothing_on_a_stores_port_is_given_up_long_before_the_services_limit(
    lab: Lab, name: str
) -> None:
    with stranger() as (pid, port):
        said = fails(lab, NotReadyError, on_port(lab, name, port), StackRequest(services=(name,)))
    assert f"port {port} is taken by pid {pid} ({sys.executable} -c import socket" in said
    assert "has said nothing for 4 s" in said
    assert "--dynamic-ports" in said


def test_a_wrong_password_on_an_external_server_says_which_user_is_refused(lab: Lab) -> None:
    needs(Protocol.POSTGRESQL)
    with lab.acquire("postgresql") as theirs, lab.elsewhere() as here:
        port = theirs.endpoint("postgresql").port
        wrong = on_port(here, "postgresql", port, credentials=Credentials(user="test", password="wrong"))
        said = fails(here, WrongCredentialsError, wrong, StackRequest(services=("postgresql",)))
        assert f"postgresql on 127.0.0.1:{port} refuses user 'test'" in said
        assert "[tool.ci-toolkit.services.postgresql]" in said
        assert "wrong" not in said


def test_an_external_server_is_used_with_its_version_and_left_running(lab: Lab) -> None:
    needs(Protocol.REDIS)
    with lab.acquire("redis") as theirs, lab.elsewhere() as here:
        endpoint = theirs.endpoint("redis")
        request = StackRequest(services=("redis",))
        with here.acquire(table=on_port(here, "redis", endpoint.port), request=request) as ours:
            assert ours.endpoint("redis").provider is Provider.EXTERNAL
            assert ours.endpoint("redis").version == endpoint.version
        assert here.left() == []
        assert ask(endpoint).status is ProbeStatus.READY


def test_an_external_database_is_migrated_once_and_never_where_it_holds_other_tables(lab: Lab) -> None:
    needs(Protocol.POSTGRESQL)
    request = StackRequest(services=("postgresql",))
    with lab.acquire("postgresql") as theirs, lab.elsewhere() as here:
        port = theirs.endpoint("postgresql").port
        (here.root / "1.sql").write_text("CREATE TABLE item ()")
        table = on_port(here, "postgresql", port, migrations=Migrations(files=("*.sql",)))
        for detail in ("migrated now", ""):
            with here.acquire(table=table, request=request) as ours:
                assert ours.endpoint("postgresql").detail == detail
        (here.root / "2.sql").write_text("CREATE TABLE other ()")
        assert "holds tables already" in fails(here, MigrationError, table, request)


def test_a_database_that_is_not_there_is_said_at_once(lab: Lab) -> None:
    needs(Protocol.POSTGRESQL)
    with lab.acquire("postgresql") as theirs, lab.elsewhere() as here:
        login = Credentials(user="test", password="test", database="elsewhere")
        table = on_port(here, "postgresql", theirs.endpoint("postgresql").port, credentials=login)
        said = fails(here, WrongCredentialsError, table, StackRequest(services=("postgresql",)))
        assert 'database "elsewhere" does not exist' in said


def test_nobody_to_give_a_service_says_what_each_provider_would_need(lab: Lab) -> None:
    table = lab.table("redis")
    said = fails(lab, NoProviderError, table, StackRequest(services=("redis",), provider=Provider.EXTERNAL))
    assert re.search(r"external: nobody listens on 127.0.0.1:\d+", said)
    assert "redis = false" in said


@pytest.mark.parametrize(("name", "service"), [("redis-server", "redis"), ("clickhouse-server", "clickhouse")])
def test_a_program_that_ends_at_once_is_reported_with_its_log(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, name: str, service: str
) -> None:
    folder = lab.root / "bin"
    folder.mkdir()
    program = folder / name
    program.write_text("#!/bin/sh\necho 'cannot allocate the moon' >&2\nexit 3\n")
    program.chmod(0o755)
    beside_python = Path(sys.executable).parent  # where the environment is not activated, it would come first
    monkeypatch.setenv("PATH", f"{folder}:{beside_python}:{os.environ['PATH']}")
    said = fails(lab, ServiceDiedError, lab.table(service), StackRequest(services=(service,), dynamic_ports=True))
    assert f"{service} ended by itself before it answered" in said
    assert "cannot allocate the moon" in said
    assert "exit status 3" in said


def test_a_full_disk_says_where_and_what_to_do(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    needs(Protocol.POSTGRESQL)
    with small_disk(lab.data / "small", megabytes=4) as disk:
        monkeypatch.setenv(DATA_VARIABLE, str(disk))
        request = StackRequest(services=("postgresql",), dynamic_ports=True, force_recreate=True)
        with pytest.raises(DiskFullError) as caught:
            lab.acquire(request=request)
        assert "No space left on device" in str(caught.value)
        assert DATA_VARIABLE in str(caught.value)
        assert list(disk.iterdir()) == []
        monkeypatch.setenv(DATA_VARIABLE, str(lab.data))
        lab.acquire("postgresql").stop()
        monkeypatch.setenv(DATA_VARIABLE, str(disk))
        with pytest.raises(DiskFullError, match="cannot write"):
            lab.acquire("postgresql")
        assert list(disk.iterdir()) == []


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[Path]:
    folder.mkdir()
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=711", "tmpfs", folder], check=True, timeout=60
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs root, to mount a small tmpfs")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True, timeout=60)


def test_the_command_line_exits_2_for_a_typo_and_4_for_a_fault(lab: Lab) -> None:
    typo = lab.ci_toolkit("services", "up", "postgres")
    assert typo.returncode == 2
    assert "there is no service 'postgres'" in typo.stderr
    with stranger() as (_, port):
        (lab.root / "pyproject.toml").write_text(
            f"[tool.ci-toolkit.services.redis]\nport = {port}\nready-seconds = 0.2\n"
        )
        mute = lab.ci_toolkit("services", "up", "redis")
    assert mute.returncode == 4
    assert "error [not-ready]" in mute.stderr


def test_a_port_where_only_connecting_works_is_not_ready(lab: Lab) -> None:
    """A listener whose queue is full lets nobody in: it is as silent as one that never answers."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        clients = [socket.socket() for _ in range(4)]
        for client in clients:
            client.settimeout(0)
            with suppress(BlockingIOError):
                client.connect(full.getsockname())
        table = on_port(lab, "postgresql", full.getsockname()[1], ready_seconds=0.3)
        fails(lab, NotReadyError, table, StackRequest(services=("postgresql",)))
        for client in clients:
            client.close()

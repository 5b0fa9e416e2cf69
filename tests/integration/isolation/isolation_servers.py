"""A PostgreSQL and a Redis that a test session starts for itself, and a schema of the size of a real one."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from ci_toolkit.services.catalog.endpoint import Endpoint, Provider
from ci_toolkit.services.catalog.table import BUILT_IN, Credentials, Protocol
from ci_toolkit.services.databases.connection import Connection
from ci_toolkit.services.errors import EngineError
from ci_toolkit.services.ports.leases import Holder, lease_any
from ci_toolkit.services.processes.binaries import HOW_TO_GET, beside, find_server
from ci_toolkit.services.processes.child import Account, Child, server_environment, unprivileged
from ci_toolkit.services.providers.docker.containers.engine import connect as connect_engine
from ci_toolkit.services.readiness.probe import ProbeStatus, ask
from ci_toolkit.services.stack import StackRequest, acquire

ENGINE = "`sh tools/ci/docker-engine.sh start` (root, Debian) starts one and makes the images"
LOGIN = Credentials(user="test", password="test", database="postgres")
TABLES = 50
REFERENCE = ("t0", "t5", "t10", "t15", "t20")
"""The tables that migrations fill; nothing that migrations leave empty is referred to by them."""


def program(protocol: Protocol) -> Path:
    found = find_server(protocol)
    if found is None:
        pytest.skip(f"needs a {protocol} server: {HOW_TO_GET[protocol]}")
    return found


@contextmanager
def folder() -> Iterator[Path]:
    """A short-lived folder, on tmpfs where there is one, that another user can reach."""
    home = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="ci-toolkit-test-", dir=home) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def running(command: list[str], endpoint: Endpoint, cwd: Path, account: Account | None = None) -> Iterator[Endpoint]:
    """A server that ends with this process, however that ends."""
    child = Child(
        command, log=cwd / "log", cwd=cwd, environment=server_environment({}), account=account, dies_by=signal.SIGQUIT
    )
    try:
        while (answer := ask(endpoint)).status in {ProbeStatus.CLOSED, ProbeStatus.STARTING}:
            assert child.is_alive(), child.tail()
        assert answer.status is ProbeStatus.READY, answer.reason
        yield endpoint
    finally:
        child.stop(signal.SIGINT, grace=10)


def needs_engine(image: str) -> None:
    try:
        with closing(connect_engine(seconds=60)) as engine:
            is_there = bool(engine.api.images(name=image))
    except EngineError as error:
        pytest.skip(f"needs a Docker engine: {ENGINE}. {error.message}")
    if not is_there:
        pytest.skip(f"needs the image {image}: {ENGINE}")


@contextmanager
def container(service: str, home: Path) -> Iterator[Endpoint]:
    """A server in a container, as the table has it; ``home`` is the project's folder."""
    needs_engine(BUILT_IN.service(service).image)
    request = StackRequest(services=(service,), provider=Provider.DOCKER, dynamic_ports=True)
    with acquire(request, BUILT_IN, home, owner_pid=os.getpid(), report=print) as stack:
        yield stack.endpoint(service)


@contextmanager
def postgresql_server() -> Iterator[Endpoint]:
    """A server with an empty database ``postgres``."""
    postgres = program(Protocol.POSTGRESQL)
    account = unprivileged()
    with folder() as home, lease_any(home / "leases", Holder(pid=os.getpid(), session="test", directory="")) as port:
        data, secret = home / "data", home / "secret"
        secret.write_text(LOGIN.password)
        data.mkdir(mode=0o700)
        if account:
            for path in (data, secret):
                os.chown(path, account.uid, account.gid)
        subprocess.run(
            [beside(postgres, "initdb"), "-D", data, "-U", LOGIN.user, "-A", "scram-sha-256", f"--pwfile={secret}", "-N"],
            check=True, timeout=120, user=account.uid if account else None, cwd=home, stdout=subprocess.DEVNULL,
            env=server_environment({}),
        )  # fmt: skip
        options = ["-p", str(port.port), "-h", "127.0.0.1", "-k", "", "-F", "-c", "max_prepared_transactions=10"]
        endpoint = Endpoint(name="postgresql", protocol=Protocol.POSTGRESQL, port=port.port, credentials=LOGIN)
        with running([str(postgres), "-D", str(data), *options], endpoint, home, account) as ready:
            yield ready


@contextmanager
def redis_server(databases: int = 16) -> Iterator[Endpoint]:
    """A server with nothing in it."""
    server = program(Protocol.REDIS)
    with folder() as home, lease_any(home / "leases", Holder(pid=os.getpid(), session="test", directory="")) as port:
        endpoint = Endpoint(name="redis", protocol=Protocol.REDIS, port=port.port)
        options = ["--port", str(port.port), "--bind", "127.0.0.1", "--save", "", "--databases", str(databases)]
        with running([str(server), *options], endpoint, home) as ready:
            yield ready


def connect(endpoint: Endpoint) -> Connection:
    return Connection(endpoint.host, endpoint.port, endpoint.credentials)


def make_template(server: Endpoint, name: str, *, tables: int = TABLES) -> Endpoint:
    """A database of ``tables`` tables with keys, unique names and foreign keys; some hold 40 rows from the start."""
    with connect(server) as maintenance:
        maintenance.query(f"CREATE DATABASE {name}")
    template = server.with_database(name)
    with connect(template) as connection:
        for number in range(tables):
            parent = f", parent integer REFERENCES t{number - 1}" if number % 5 else ""
            connection.query(f"CREATE TABLE t{number} (id serial PRIMARY KEY, name text UNIQUE{parent})")
        for table in REFERENCE:
            if int(table[1:]) < tables:
                connection.query(f"INSERT INTO {table} (name) SELECT 'kept ' || n FROM generate_series(1, 40) n")
    return template


def content(endpoint: Endpoint) -> dict[str, str]:
    """Every relation that a user made, with its kind, its columns and all its rows."""
    found = """SELECT c.oid::regclass::text || ' ' || relkind::text, c.oid::regclass::text, relkind,
        (SELECT string_agg(format('%s %s %s', attname, atttypid::regtype, attnotnull), ', ' ORDER BY attnum)
         FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0)
        FROM pg_class c WHERE relkind IN ('r', 'S', 'm', 'v', 'i') AND relnamespace = 'public'::regnamespace"""
    with connect(endpoint) as reader:
        relations = reader.query(found)
        rows = reader.query(
            " UNION ALL ".join(
                f"SELECT '{key}', string_agg(r::text, ',' ORDER BY r::text) FROM {what} AS r"
                for key, name, kind, _ in relations
                for what in [f"(SELECT last_value, is_called FROM {name})" if kind == "S" else name]
                if kind != "i"
            )
        )
    columns = {key or "": columns or "" for key, _, _, columns in relations}
    return columns | {key or "": f"{columns[key or '']}: {text}" for key, text in rows}

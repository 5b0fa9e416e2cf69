"""Each worker has a copy of the migrated ClickHouse database, with its content again after each test."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from isolation_servers import needs_engine, program

from ci_toolkit.isolation.clickhouse_http import ClickHouse
from ci_toolkit.isolation.worker_clickhouse import WorkerClickHouse
from ci_toolkit.services.catalog.endpoint import Endpoint, Provider
from ci_toolkit.services.catalog.table import BUILT_IN, Protocol
from ci_toolkit.services.stack import StackRequest, acquire

pytest_plugins = ["isolation_fixtures"]

MIGRATIONS = (
    "CREATE TABLE test.events (day Date, user UInt32) ENGINE = MergeTree PARTITION BY toYYYYMM(day) ORDER BY user",
    "CREATE TABLE test.countries (code String) ENGINE = Memory",
    "CREATE TABLE test.sizes (day Date, size UInt32) ENGINE = MergeTree PARTITION BY toYYYYMM(day) ORDER BY size",
    "INSERT INTO test.countries VALUES ('de'), ('fr')",
    "INSERT INTO test.sizes VALUES ('2024-01-01', 1), ('2024-01-01', 2)",
    "CREATE MATERIALIZED VIEW test.users ENGINE = Memory AS SELECT user FROM test.events",
    "CREATE VIEW test.last AS SELECT max(day) AS day FROM test.events",
    "CREATE TABLE test.clicks (page String) ENGINE = MergeTree ORDER BY page",
    "CREATE MATERIALIZED VIEW test.pages ENGINE = MergeTree ORDER BY page AS SELECT page FROM test.clicks",
    "INSERT INTO test.clicks VALUES ('home')",
    "CREATE TABLE test.waiting (day Date, user UInt32) ENGINE = Buffer(test, events, 1, 600, 600, 9999, 9999, 99999, 99999)",
    "CREATE TABLE test.all (day Date) ENGINE = Merge(test, '^(events|sizes)$')",
)
HOLD = """
import sys, msgspec
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.isolation.worker_clickhouse import WorkerClickHouse
worker = WorkerClickHouse(msgspec.json.decode(sys.argv[1], type=Endpoint), run="00000000", worker="gw0")
print(worker.name, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def server(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    if provider is Provider.NATIVE:
        program(Protocol.CLICKHOUSE)
    else:
        needs_engine(BUILT_IN.service("clickhouse").image)
    request = StackRequest(services=("clickhouse",), provider=provider, dynamic_ports=True)
    root = tmp_path_factory.mktemp("project")
    with acquire(request, BUILT_IN, Path(root), owner_pid=os.getpid(), report=print) as stack:
        endpoint = stack.endpoint("clickhouse")
        for statement in MIGRATIONS:
            ask(endpoint, statement)
        yield endpoint


def ask(server: Endpoint, sql: str) -> list[tuple[str, ...]]:
    with closing(ClickHouse(server)) as client:
        return client.query(sql)


def content(server: Endpoint, database: str) -> dict[str, list[tuple[str, ...]]]:
    tables = ask(server, f"SELECT name FROM system.tables WHERE database = '{database}' AND name NOT LIKE '.%'")
    return {table: sorted(ask(server, f"SELECT * FROM `{database}`.`{table}`")) for (table,) in tables}


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "INSERT INTO {db}.events VALUES ('2024-02-02', 7)",
        "INSERT INTO {db}.sizes VALUES ('2024-02-02', 7)",
        "INSERT INTO {db}.countries VALUES ('uk')",
        "DROP TABLE {db}.countries",
        "TRUNCATE TABLE {db}.sizes",
        "CREATE TABLE {db}.fresh (a String) ENGINE = Memory",
        "ALTER TABLE {db}.events ADD COLUMN extra String",
    ],
)
def test_what_a_test_did_is_gone_and_the_migrated_database_untouched(server: Endpoint, statement: str) -> None:
    migrated = content(server, "test")
    with WorkerClickHouse(server, run="0123abcd", worker="gw0") as worker:
        before = content(server, worker.name)
        assert before == migrated
        ask(server, statement.format(db=worker.name))
        worker.clean()
        assert content(server, worker.name) == before
        assert worker.endpoint.url().endswith(f"/{worker.name}")
    assert content(server, "test") == migrated


def test_workers_and_runs_do_not_meet_and_a_killed_one_leaves_nothing(server: Endpoint) -> None:
    command = [sys.executable, "-c", HOLD, msgspec.json.encode(server).decode()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        killed = other.stdout.readline().strip()
        with WorkerClickHouse(server, run="0123abcd", worker="gw1") as worker:
            assert databases(server) == {killed, worker.name}
        other.send_signal(signal.SIGKILL)
    with WorkerClickHouse(server, run="0123abcd", worker="gw1") as worker:
        assert databases(server) == {worker.name}
    assert databases(server) == set()


@pytest.mark.parametrize("name", ["магазин_магазин_магазин_маг", "a" * 70, "a/b c"], ids=["Cyrillic", "long", "slash"])
def test_whatever_the_name_a_killed_workers_copy_is_dropped_by_the_next_session(server: Endpoint, name: str) -> None:
    ask(server, f"CREATE DATABASE `{name}`")
    named = server.with_database(name)
    ask(server, f"CREATE TABLE `{name}`.one (a String) ENGINE = Memory")
    command = [sys.executable, "-c", HOLD, msgspec.json.encode(named).decode()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        killed = other.stdout.readline().rstrip("\n")
        with WorkerClickHouse(named, run="0123abcd", worker="gw1") as worker:
            assert databases(server) == {killed, worker.name}
            assert content(server, worker.name) == {"one": []}
        other.send_signal(signal.SIGKILL)
    with WorkerClickHouse(named, run="0123abcd", worker="gw1") as worker:
        assert databases(server) == {worker.name}
    ask(server, f"DROP DATABASE `{name}`")


def databases(server: Endpoint) -> set[str]:
    rows = ask(server, "SELECT name FROM system.databases WHERE name LIKE '%ci_toolkit%'")
    return {name for (name,) in rows}

"""What isolation costs a test on a real PostgreSQL and Redis, and how fast the databases of four workers are ready.

    python benchmarks/services_isolation.py

The schema has 50 tables with keys, unique names and foreign keys; migrations filled five of them. A test writes to
three tables through a connection of its own and commits. Medians of one run, the ways taken in turn. A clone per test
is DROP DATABASE and CREATE DATABASE .. TEMPLATE .. STRATEGY file_copy, with nobody connected, and the one new
connection that the test needs then. Exits 1 where a bound is missed.
"""

import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ci_toolkit.isolation.mode import IsolationMode
from ci_toolkit.isolation.own_redis import OwnRedis
from ci_toolkit.isolation.worker_database import WorkerDatabase
from ci_toolkit.isolation.worker_redis import WorkerRedis
from ci_toolkit.services.catalog.endpoint import Endpoint, Provider
from ci_toolkit.services.catalog.table import BUILT_IN
from ci_toolkit.services.databases.connection import Connection
from ci_toolkit.services.stack import StackRequest, acquire
from ci_toolkit.test_framework.database_sessions import DatabaseSessions

TABLES = 50
ROUNDS = 40
WORKERS = 4
MOST_MS = 3.0
LEAST_TIMES_FASTER = 10.0
MOST_CLONE_TIMES = 5.0
WRITES = "INSERT INTO t3 (name) VALUES ('a'); INSERT INTO t7 (name) VALUES ('b'); INSERT INTO t8 (name) VALUES ('c')"


def main() -> int:
    request = StackRequest(services=("postgresql", "redis"), provider=Provider.NATIVE, dynamic_ports=True)
    with (
        tempfile.TemporaryDirectory() as root,
        acquire(request, BUILT_IN, Path(root), owner_pid=os.getpid(), report=print) as stack,
    ):
        template = stack.endpoint("postgresql")
        make_tables(template)
        ways = per_test(template, stack.endpoint("redis"))
        clone, ready = workers_ready(template)
    return report(ways, clone, ready)


def make_tables(template: Endpoint) -> None:
    with connect(template) as connection:
        for number in range(TABLES):
            parent = f", parent integer REFERENCES t{number - 1}" if number % 5 else ""
            connection.query(f"CREATE TABLE t{number} (id serial PRIMARY KEY, name text UNIQUE{parent})")
        for number in range(0, 25, 5):
            connection.query(f"INSERT INTO t{number} (name) SELECT 'kept ' || n FROM generate_series(1, 40) n")


def per_test(template: Endpoint, redis_server: Endpoint) -> dict[str, float]:
    """Return the milliseconds that each way adds to a test that writes to three tables."""
    taken: dict[str, list[float]] = {}
    with (
        WorkerDatabase(template, run="0123abcd", worker="gw0") as worker,
        WorkerRedis(redis_server, run="0123abcd", worker="gw0") as redis,
        OwnRedis(redis_server) as own_redis,
        connect(template.with_database("postgres")) as maintenance,
        connect(worker.endpoint) as app,
    ):
        sessions = DatabaseSessions(worker.endpoint)
        maintenance.query("CREATE DATABASE per_test TEMPLATE test STRATEGY file_copy")
        for _ in range(ROUNDS):
            app.query(WRITES)
            took(taken, "commit, then dirty tables", lambda: worker.clean(IsolationMode.TRUNCATE, test="a test"))
            with sessions.sync_session(IsolationMode.ROLLBACK) as session:
                session.execute(WRITES)
                session.commit()
            took(taken, "rollback, then a look", lambda: worker.clean(IsolationMode.ROLLBACK, test="a test"))
            took(taken, "Redis, a logical database", redis.clean)
            took(taken, "Redis, a server", own_redis.clean)
            took(taken, "a clone per test", lambda: clone_again(maintenance, template))
        sessions.close()
        maintenance.query("DROP DATABASE per_test")
    return {way: statistics.median(values) for way, values in taken.items()}


def clone_again(maintenance: Connection, template: Endpoint) -> None:
    maintenance.query("DROP DATABASE per_test")
    maintenance.query("CREATE DATABASE per_test TEMPLATE test STRATEGY file_copy")
    connect(template.with_database("per_test")).close()


def workers_ready(template: Endpoint) -> tuple[float, float]:
    """Return the milliseconds of one clone, and those until four workers that start at once are all ready."""
    taken: dict[str, list[float]] = {}
    with connect(template.with_database("postgres")) as maintenance:
        for _ in range(10):
            took(taken, "clone", lambda: maintenance.query("CREATE DATABASE one TEMPLATE test STRATEGY file_copy"))
            maintenance.query("DROP DATABASE one")
            made: list[WorkerDatabase] = []
            threads = [threading.Thread(target=make_ready, args=(template, n, made)) for n in range(WORKERS)]
            took(taken, "ready", partial(start_and_join, threads))
            for worker in made:
                worker.close()
    return statistics.median(taken["clone"]), statistics.median(taken["ready"])


def make_ready(template: Endpoint, number: int, made: list[WorkerDatabase]) -> None:
    made.append(WorkerDatabase(template, run="0123abcd", worker=f"gw{number}"))


def start_and_join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def took(taken: dict[str, list[float]], way: str, do: Callable[[], object]) -> None:
    start = time.perf_counter()
    do()
    taken.setdefault(way, []).append((time.perf_counter() - start) * 1000)


def connect(endpoint: Endpoint) -> Connection:
    return Connection(endpoint.host, endpoint.port, endpoint.credentials)


def report(ways: dict[str, float], clone: float, ready: float) -> int:
    clone_per_test = ways.pop("a clone per test")
    slowest = max(ways.values())
    print(f"\n{TABLES} tables, 3 written, median of {ROUNDS} rounds in turn")
    for way, milliseconds in ways.items():
        print(f"{way:<28}{milliseconds:8.2f} ms")
    print(f"{'a clone per test':<28}{clone_per_test:8.2f} ms")
    times_faster = clone_per_test / slowest
    print(f"{'the slowest way':<28}{slowest:8.2f} ms      (bound {MOST_MS:g} ms)")
    print(f"{'clone / the slowest way':<28}{times_faster:8.1f} times   (bound {LEAST_TIMES_FASTER:g} times)")
    clone_times = ready / clone
    print(f"{'one clone':<28}{clone:8.2f} ms")
    print(f"{f'{WORKERS} workers ready':<28}{ready:8.2f} ms")
    print(f"{'in clone times':<28}{clone_times:8.2f}         (bound {MOST_CLONE_TIMES:g})")
    return 0 if slowest <= MOST_MS and times_faster >= LEAST_TIMES_FASTER and clone_times < MOST_CLONE_TIMES else 1


if __name__ == "__main__":
    sys.exit(main())

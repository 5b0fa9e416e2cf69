"""The fixtures of real services in a real project: pytest is run on it, servers are started, nothing is pretended."""

import os
import re
import socket
import sys

import pytest
from fixed_port import fixed_port
from isolation_guide import GUIDE
from isolation_project import PYPROJECT, Project, home, ports_of_its_own, project
from isolation_servers import program

from ci_toolkit.services.catalog.table import Protocol

__all__ = ["home", "project"]
LEAKS = """
import os, psycopg, pytest
left_open, pool = [], []

@pytest.mark.real_services
def test_leaks():
    left_open.append(psycopg.connect(os.environ["DATABASE_URL"], application_name="shop"))
    left_open[0].execute("INSERT INTO users (email) VALUES ('left')")

@pytest.mark.real_services
def test_next():
    with psycopg.connect(os.environ["DATABASE_URL"]) as other:
        assert other.execute("SELECT count(*) FROM users").fetchone() == (0,)

@pytest.mark.real_services
def test_ddl():
    pool.append(psycopg.connect(os.environ["DATABASE_URL"], application_name="pool", autocommit=True))
    pool[0].execute("CREATE TABLE fresh ()")

@pytest.mark.real_services
def test_feels_it():
    pool[0].execute("SELECT 1")

@pytest.mark.isolation("rolback")
def test_typo(real_db_sync): ...
"""
IMPORTED = """
import pytest
from ci_toolkit.test_framework.real_services_test_fixtures import real_services_fixture, real_redis_sync

@pytest.mark.parametrize("time", range(2))
async def test_works_by_import_alone(real_services_fixture, time):
    assert await real_services_fixture["db"].scalar("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await real_services_fixture["db"].execute("CREATE TABLE users ()")
    await real_services_fixture["db"].commit()
    assert await real_services_fixture["redis"].dbsize() == 0
    await real_services_fixture["redis"].set("key", "value")

def test_redis_alone(real_redis_sync):
    assert real_redis_sync.dbsize() == 0
"""
BACKEND = """
import os, psycopg, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        with psycopg.connect(os.environ["DATABASE_URL"]) as database:
            count = str(database.execute("SELECT count(*) FROM users").fetchone()[0]).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(count)

HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
BEHIND_THE_BACKEND = """
import pytest
from urllib.request import urlopen
from models import User

@pytest.mark.parametrize("count", range(4))
async def test_the_backend_sees_what_the_test_commits_and_nothing_else(real_services, count):
    for number in range(count):
        real_services["db"].add(User(email=f"{number}@example.com"))
    await real_services["db"].commit()
    with urlopen(real_services["backend_url"], timeout=60) as answer:
        assert int(answer.read()) == count
"""

CLICKHOUSE = """
import os, pytest
from urllib.request import Request, urlopen

def ask(sql):
    headers = {"X-ClickHouse-User": "test", "X-ClickHouse-Key": "test"}
    database = os.environ["CLICKHOUSE_URL"].rpartition("/")[2]
    port = os.environ["CLICKHOUSE_PORT"]
    with urlopen(Request(f"http://127.0.0.1:{port}/?database={database}", sql.encode(), headers), timeout=60) as answer:
        return answer.read().decode()

@pytest.mark.parametrize("time", range(2))
async def test_clickhouse_is_clean(real_services, time):
    assert real_services["clickhouse_url"] == os.environ["CLICKHOUSE_URL"]
    assert ask("SHOW TABLES") == ""
    ask("CREATE TABLE fresh (a String) ENGINE = Memory")
"""


REDIS = """
import pytest

@pytest.mark.parametrize("time", range(8))
def test_a_whole_server_is_this_workers(real_redis_sync, time):
    assert real_redis_sync.incr("key") == 1
    assert real_redis_sync.config_get("maxmemory") == {"maxmemory": "0"}
    real_redis_sync.flushall()
    real_redis_sync.config_set("maxmemory", "100mb")
    assert real_redis_sync.incr("key") == 1
"""
LATE = """
import os, psycopg, redis
CLIENTS = []

def test_writes_late(real_redis_sync, real_db_sync):
    CLIENTS.append(redis.from_url(os.environ["REDIS_URL"], client_name="late"))
    CLIENTS.append(psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, application_name="later"))

def test_before_the_next():
    CLIENTS[0].set("late", "value")
    CLIENTS[1].execute("INSERT INTO users (email) VALUES ('late')")
    CLIENTS[1].execute("DELETE FROM plans")

def test_next(real_redis_sync, real_db_sync):
    assert real_redis_sync.get("late") is None
    assert real_db_sync.scalar("SELECT count(*) FROM users") == 0
    assert real_db_sync.scalar("SELECT count(*) FROM plans") == 2
    raise AssertionError("shows the notice")
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_worker_has_a_whole_redis_and_the_next_test_does_not_see_what_was_written_late(
    project: Project, workers: str
) -> None:
    project.write("test_redis.py", REDIS)
    project.write("test_late.py", LATE)
    output = project.run("-n", workers, "--dist", "loadfile")
    assert "1 failed, 10 passed" in output, output
    assert "after test_late.py::test_writes_late and its clean-up something was written" in output
    assert "to Redis, perhaps by late at 127.0.0.1:" in output
    assert re.search(r"PostgreSQL, perhaps by pid \d+ \(later, .*last statement: DELETE FROM plans", output), output


def test_everything_also_holds_in_one_process_in_any_order(project: Project) -> None:
    project.write("test_guide.py", GUIDE)
    project.write("conftest.py", "def pytest_collection_modifyitems(items): items.reverse()")
    assert "21 passed" in project.run()


def test_an_imported_fixture_works_in_a_project_that_has_adopted_nothing(project: Project) -> None:
    project.write("pyproject.toml", "[tool.pytest.ini_options]\nasyncio_mode = 'auto'\n")
    project.write("test_imported.py", IMPORTED)
    assert "3 passed" in project.run()


def test_a_leak_is_named_with_its_test_and_the_next_test_is_not_hurt(project: Project) -> None:
    project.write("test_leaks.py", LEAKS)
    output = project.run()
    assert "1 failed, 3 passed, 2 errors" in output, output
    assert (
        "after test_leaks.py::test_ddl the database was cloned afresh: its schema or its settings were changed"
        in output
    )
    assert "(pool, from 127.0.0.1:" in output
    assert "pool_pre_ping=True" in output
    assert (
        "test_leaks.py::test_leaks left uncommitted changes or locks open in the database test__ci_toolkit_" in output
    )
    assert "(shop, from 127.0.0.1:" in output
    assert "says 'rolback'" in output
    assert "Did you mean 'rollback'?" in output


WAITS = """
import os, psycopg, pytest

@pytest.fixture
def holder(real_db_sync):
    with psycopg.connect(os.environ["DATABASE_URL"], application_name="holder") as holder:
        holder.execute("LOCK TABLE users IN SHARE MODE")
        yield

def test_waits(holder, real_db_sync):
    real_db_sync.execute("SET lock_timeout = 1")
    real_db_sync.execute("INSERT INTO users (email) VALUES ('a')")

@pytest.mark.real_services
def test_leaves_a_lock():
    left.append(psycopg.connect(os.environ["DATABASE_URL"], application_name="leaker", autocommit=True))
    left[0].execute("SELECT pg_advisory_lock(7)")

def test_next(real_db_sync):
    real_db_sync.execute("SET lock_timeout = 1")
    real_db_sync.execute("SELECT pg_advisory_lock(7)")

left = []
"""


def test_a_test_that_gave_up_waiting_names_who_holds_what_and_one_that_leaves_a_lock_is_blamed(
    project: Project,
) -> None:
    project.write("test_locks.py", WAITS)
    output = project.run()
    assert "1 failed, 2 passed, 1 error" in output, output
    assert "ERROR test_locks.py::test_leaves_a_lock" in output
    assert "holds the advisory lock 7, last statement: SELECT pg_advisory_lock(7)" in output
    assert "the test waited for a lock; locks are held by:" in output
    assert "(holder, from 127.0.0.1:" in output
    assert "ShareLock on users, last statement: LOCK TABLE users IN SHARE MODE" in output


def test_no_server_is_a_loud_error_of_every_test_that_needs_it_and_never_a_skip(project: Project) -> None:
    project.write("test_guide.py", GUIDE)
    output = project.run(CI_TOOLKIT_SERVICES_PROVIDER="external", CI_TOOLKIT_SERVICES_DYNAMIC_PORTS="")
    assert "skipped" not in output
    assert "1 passed, 20 errors" in output, output
    assert "no provider for " in output
    assert "external: nobody listens on 127.0.0.1:" in output


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_teams_own_service_runs_on_the_workers_database(project: Project, workers: str) -> None:
    with_backend(project)
    assert "4 passed" in (output := project.run("-n", workers)), output


def test_clickhouse_starts_when_a_test_looks_for_its_address(project: Project) -> None:
    program(Protocol.CLICKHOUSE)
    project.write("test_clickhouse.py", CLICKHOUSE)
    assert "2 passed" in (output := project.run()), output


def with_backend(project: Project, port: int | None = None) -> None:
    fixed = "" if port is None else f"port = {port}\n"
    project.write(
        "pyproject.toml",
        f"{PYPROJECT}\n[tool.ci-toolkit.services.backend]\n"
        f"command = ['{sys.executable}', 'backend.py', '{{port}}']\npath = '/'\n{fixed}",
    )
    project.write("backend.py", BACKEND)
    project.write("test_backend.py", BEHIND_THE_BACKEND)


def test_a_teams_own_service_that_is_up_by_name_leaves_its_port_and_is_not_the_workers(project: Project) -> None:
    with_backend(project, fixed_port())
    plain = ports_of_its_own(project)
    try:
        up = project.ci_toolkit("services", "up", "postgresql", "redis", "backend", **plain)
        assert up.returncode == 0, up.stderr
        assert "4 passed" in (output := project.run(**plain)), output
    finally:
        project.ci_toolkit("services", "down", **plain)


def test_a_stranger_on_the_port_of_a_teams_own_service_is_never_what_is_tested(project: Project) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        with_backend(project, port)
        output = project.run(**ports_of_its_own(project))
    assert f"port {port} is taken by pid {os.getpid()}" in output, output
    assert "passed" not in output


BOTH_NAMES = """
async def test_each_name_gives_this_workers_database(real_db, real_db_fixture, real_redis, real_redis_fixture):
    await real_db.execute("INSERT INTO users (email) VALUES ('a')")
    await real_db.commit()
    assert await real_db_fixture.scalar("SELECT count(*) FROM users") == 1
    await real_redis.set("key", "value")
    assert await real_redis_fixture.get("key") in {"value", b"value"}

async def test_the_next_test_finds_both_empty(real_db_fixture, real_redis_fixture):
    assert await real_db_fixture.scalar("SELECT count(*) FROM users") == 0
    assert await real_redis_fixture.dbsize() == 0
"""


def test_both_names_of_a_database_fixture_give_the_same_database(project: Project) -> None:
    project.write("test_a.py", BOTH_NAMES)
    assert "2 passed" in (done := project.run()), done

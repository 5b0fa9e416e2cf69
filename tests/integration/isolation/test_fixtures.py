"""The fixtures of real services in a real project: pytest is run on it, servers are started, nothing is pretended."""

import os
import socket
import sys

import pytest
from isolation_project import PYPROJECT, Project, finished, home, project
from isolation_servers import program

from ci_toolkit.services.table import Protocol

__all__ = ["home", "project"]
GUIDE = """
import os, psycopg, pytest, sqlalchemy.exc
from models import Thread, User

def seen_by_others(table="users"):
    with psycopg.connect(os.environ["DATABASE_URL"]) as other:
        return other.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

class TestThreadManagement:
    @pytest.mark.real_services
    @pytest.mark.parametrize("time", range(4))
    async def test_create_and_retrieve_thread(self, real_services_fixture, time):
        db = real_services_fixture["db"]
        redis = real_services_fixture["redis"]
        user = User(email="test@example.com")
        db.add(user)
        await db.commit()
        thread = Thread(user_id=user.id, title="Cost Optimization Discussion")
        db.add(thread)
        await db.commit()
        assert await redis.get(f"thread:{thread.id}") is None
        await redis.set(f"thread:{thread.id}", "cached")
        db_thread = await db.get(Thread, thread.id)
        assert (db_thread.title, db_thread.user_id, user.id) == ("Cost Optimization Discussion", user.id, 1)
        assert seen_by_others() == 1

@pytest.fixture
async def clean_database(real_db):
    yield real_db
    await real_db.execute("TRUNCATE users CASCADE")
    await real_db.commit()

@pytest.mark.parametrize("time", range(3))
async def test_a_fixture_of_the_teams_own_truncates(clean_database, time):
    clean_database.add(User(email="test@example.com"))
    await clean_database.commit()
    assert await clean_database.scalar("SELECT count(*) FROM users") == 1

@pytest.mark.isolation("rollback")
async def test_in_rollback_mode_a_commit_is_a_savepoint(real_db, real_redis):
    real_db.add(User(email="test@example.com"))
    await real_db.commit()
    await real_db.rollback()
    assert await real_db.scalar("SELECT count(*) FROM users") == 1
    assert seen_by_others() == 0
    assert await real_redis.dbsize() == 0

@pytest.mark.isolation("rollback")
def test_what_code_under_test_commits_beside_a_rollback_is_gone(real_db_sync):
    with psycopg.connect(os.environ["DATABASE_URL"]) as other:
        other.execute("INSERT INTO users (email) VALUES ('test@example.com')")
    assert real_db_sync.scalar("SELECT count(*) FROM users") == 1

def test_sync_twins(real_db_sync, real_redis_sync):
    real_db_sync.add(User(email="test@example.com"))
    real_db_sync.commit()
    assert (seen_by_others(), real_redis_sync.dbsize()) == (1, 0)
    real_redis_sync.set("key", "value")
    real_db_sync.execute("SET search_path = nowhere; CREATE TEMP TABLE scratch (a int)")

def test_nothing_of_the_last_sessions_settings_is_left(real_db_sync):
    assert real_db_sync.scalar("SHOW search_path") == '"$user", public'
    assert real_db_sync.scalar("SELECT to_regclass('scratch')") is None

async def test_ends_its_own_connection(real_db):
    with pytest.raises(sqlalchemy.exc.OperationalError):
        await real_db.execute("SELECT pg_terminate_backend(pg_backend_pid())")

def test_ends_its_own_connection_while_it_writes(real_db_sync):
    real_db_sync.execute("INSERT INTO users (email) VALUES ('test@example.com')")
    with pytest.raises(sqlalchemy.exc.OperationalError):
        real_db_sync.execute("SELECT pg_terminate_backend(pg_backend_pid())")

@pytest.mark.asyncio(loop_scope="module")
async def test_in_an_event_loop_that_outlives_the_test(real_db, real_redis):
    assert await real_db.scalar("SELECT count(*) FROM users") == 0
    assert await real_redis.set("key", "value")

async def test_one_session_under_every_name(real_db, real_db_fixture, real_services):
    assert real_db is real_db_fixture is real_services["db"]

async def test_an_unknown_key_names_the_nearest(real_services):
    with pytest.raises(KeyError, match="Did you mean 'backend_url'"):
        real_services["backed_url"]

@pytest.mark.real_services
def test_the_marker_alone_gives_variables_and_a_clean_database():
    assert seen_by_others() == 0
    assert os.environ["REDIS_URL"].startswith("redis://127.0.0.1:")
    with psycopg.connect(os.environ["DATABASE_URL"]) as other:
        other.execute("DELETE FROM plans; CREATE TABLE fresh ()")

@pytest.mark.real_services
def test_reference_data_is_back():
    assert seen_by_others("plans") == 2

@pytest.mark.isolation("clone")
async def test_a_fresh_clone_by_marker(real_db):
    await real_db.execute("DROP TABLE plans")
    await real_db.commit()

async def test_after_the_clone(real_db, real_redis):
    assert await real_db.scalar("SELECT count(*) FROM plans") == 2

def test_no_variable_outlives_the_tests_that_need_it():
    assert "DATABASE_URL" not in os.environ
"""
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
    with urlopen(real_services["backend_url"], timeout=5) as answer:
        assert int(answer.read()) == count
"""

CLICKHOUSE = """
import os, pytest
from urllib.request import Request, urlopen

def ask(sql):
    headers = {"X-ClickHouse-User": "test", "X-ClickHouse-Key": "test"}
    database = os.environ["CLICKHOUSE_URL"].rpartition("/")[2]
    port = os.environ["CLICKHOUSE_PORT"]
    with urlopen(Request(f"http://127.0.0.1:{port}/?database={database}", sql.encode(), headers), timeout=5) as answer:
        return answer.read().decode()

@pytest.mark.parametrize("time", range(2))
async def test_clickhouse_is_clean(real_services, time):
    assert real_services["clickhouse_url"] == os.environ["CLICKHOUSE_URL"]
    assert ask("SHOW TABLES") == ""
    ask("CREATE TABLE fresh (a String) ENGINE = Memory")
"""


def test_two_sessions_at_once_with_workers_each_run_the_same_tests_and_all_pass(project: Project) -> None:
    project.write("test_guide.py", GUIDE)
    sessions = [project.start("-n", "2"), project.start("-n", "2")]
    for output in [finished(session) for session in sessions]:
        assert "21 passed" in output, output
        assert "real services" in output
        assert "native 127.0.0.1:" in output


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
    assert "after test_leaks.py::test_ddl the database was cloned afresh: its schema was changed" in output
    assert "(pool, from 127.0.0.1:" in output
    assert "pool_pre_ping=True" in output
    assert "test_leaks.py::test_leaks left uncommitted changes open in the database test__ci_toolkit_" in output
    assert "(shop, from 127.0.0.1:" in output
    assert "says 'rolback'" in output
    assert "Did you mean 'rollback'?" in output


def test_no_server_is_a_loud_error_of_every_test_that_needs_it_and_never_a_skip(project: Project) -> None:
    project.write("test_guide.py", GUIDE)
    output = project.run(CI_TOOLKIT_SERVICES_PROVIDER="external", CI_TOOLKIT_SERVICES_DYNAMIC_PORTS="")
    assert "skipped" not in output
    assert "1 passed, 20 errors" in output, output
    assert "no provider for " in output
    assert "external: nobody listens on 127.0.0.1:" in output


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_teams_own_service_runs_on_the_workers_database(project: Project, workers: str) -> None:
    project.write(
        "pyproject.toml",
        f"{PYPROJECT}\n[tool.ci-toolkit.services.backend]\n"
        f"command = ['{sys.executable}', 'backend.py', '{{port}}']\npath = '/'\n",
    )
    project.write("backend.py", BACKEND)
    project.write("test_backend.py", BEHIND_THE_BACKEND)
    assert "4 passed" in (output := project.run("-n", workers)), output


def test_clickhouse_starts_when_a_test_looks_for_its_address(project: Project) -> None:
    program(Protocol.CLICKHOUSE)
    project.write("test_clickhouse.py", CLICKHOUSE)
    assert "2 passed" in (output := project.run()), output


def with_backend(project: Project, port: int) -> None:
    project.write(
        "pyproject.toml",
        f"{PYPROJECT}\n[tool.ci-toolkit.services.backend]\n"
        f"command = ['{sys.executable}', 'backend.py', '{{port}}']\npath = '/'\nport = {port}\n",
    )
    project.write("backend.py", BACKEND)
    project.write("test_backend.py", BEHIND_THE_BACKEND)


def one_port_for_the_backend(project: Project) -> dict[str, str]:
    """Databases of `services up` on dynamic ports cannot be attached to, so all ports are the project's own."""
    text = (project.folder / "pyproject.toml").read_text()
    ports = [free_port() for _ in range(2)]
    text = text.replace(
        "[tool.ci-toolkit.services.postgresql]", f"[tool.ci-toolkit.services.postgresql]\nport = {ports[0]}"
    )
    project.write("pyproject.toml", f"{text}[tool.ci-toolkit.services.redis]\nport = {ports[1]}\n")
    return {"CI_TOOLKIT_SERVICES_DYNAMIC_PORTS": ""}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_teams_own_service_that_is_up_by_name_leaves_its_port_and_is_not_the_workers(project: Project) -> None:
    with_backend(project, free_port())
    plain = one_port_for_the_backend(project)
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
        output = project.run(**one_port_for_the_backend(project))
    assert f"port {port} is taken by pid {os.getpid()}" in output, output
    assert "passed" not in output

"""What fixtures of a wider scope than a test write stays until their scope ends, whatever the tests in it do."""

from collections.abc import Iterator

import pytest
from isolation_project import Project, home, project
from isolation_servers import connect, content
from msgspec.structs import replace
from redis import Redis
from test_postgresql_kinds import migrated

from ci_toolkit.isolation.errors import IsolationError, StrayConnectionError
from ci_toolkit.isolation.mode import IsolationMode
from ci_toolkit.isolation.own_redis import OwnRedis
from ci_toolkit.isolation.worker_database import WorkerDatabase
from ci_toolkit.isolation.worker_redis import WorkerRedis
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.catalog.table import Credentials
from ci_toolkit.services.databases.connection import Connection
from ci_toolkit.services.databases.sql import SqlError

__all__ = ["home", "project"]
pytest_plugins = ["isolation_fixtures"]
SCHEMA = """
CREATE TABLE plans (name text PRIMARY KEY, price integer DEFAULT 1);
INSERT INTO plans VALUES ('free', 0), ('enterprise', 100);
CREATE TABLE users (id serial PRIMARY KEY, name text UNIQUE, plan text REFERENCES plans, boss integer REFERENCES users,
    shout text GENERATED ALWAYS AS (upper(name)) STORED);
CREATE TABLE notes (id integer GENERATED ALWAYS AS IDENTITY, user_id integer REFERENCES users ON DELETE CASCADE, note bytea);
"""
FIXTURE = """
INSERT INTO plans VALUES ('team', 10);
INSERT INTO users (name, plan) VALUES ('ann', 'team'), (E'tab\\tand\\nline', NULL);
INSERT INTO users (name, boss) VALUES ('bob', 1);
INSERT INTO notes (user_id, note) VALUES (1, '\\x00ff'), (3, NULL)
"""
TESTS = {
    "nothing": "SELECT 1",
    "more rows": "INSERT INTO users (name) VALUES ('carl'); INSERT INTO notes (user_id) VALUES (1)",
    "changed rows": "UPDATE users SET name = name || '!'",
    "no rows": "DELETE FROM users",
    "as many other rows": "DELETE FROM notes WHERE user_id = 3; INSERT INTO notes (user_id) VALUES (1)",
    "TRUNCATE": "TRUNCATE users CASCADE",
    "reference rows": "UPDATE plans SET price = 7",
    "a row of the fixture's in a reference table": "UPDATE users SET plan = NULL; DELETE FROM plans WHERE name = 'team'",
    "sequences": "SELECT nextval('users_id_seq'), setval('notes_id_seq', 70)",
    "the schema": "ALTER TABLE users ADD extra integer; DELETE FROM notes",
    "another table": "CREATE TABLE fresh (a integer); DROP TABLE notes",
    "a setting": "ALTER SYSTEM SET work_mem = '77MB'",
}


@pytest.fixture(scope="module")
def worker(postgresql: Endpoint) -> Iterator[WorkerDatabase]:
    with migrated(postgresql, "levels", SCHEMA) as made:
        yield made


@pytest.fixture
def app(worker: WorkerDatabase) -> Iterator[Connection]:
    with connect(worker.endpoint) as connection:
        yield connection


def run(worker: WorkerDatabase, sql: str) -> None:
    with connect(worker.endpoint) as app:
        app.query(sql)


@pytest.mark.parametrize("test", TESTS.values(), ids=TESTS)
def test_each_test_finds_what_the_fixtures_left_and_nothing_of_it_outlives_them(
    worker: WorkerDatabase, test: str
) -> None:
    worker.clean(IsolationMode.ROLLBACK, test="before")
    migrated_content = content(worker.endpoint)
    run(worker, FIXTURE)
    worker.keep("session")
    of_session = content(worker.endpoint)
    run(worker, "INSERT INTO users (name) VALUES ('of the module'); DELETE FROM notes WHERE user_id = 3")
    worker.keep("module")
    of_module = content(worker.endpoint)
    worker.keep("a fixture that writes nothing")
    for _ in range(2):
        run(worker, test)
        worker.clean(IsolationMode.ROLLBACK, test="a test")
        assert content(worker.endpoint) == of_module
    worker.let_go("a fixture that writes nothing")
    worker.let_go("module")
    worker.clean(IsolationMode.ROLLBACK, test="the last test of the module")
    assert content(worker.endpoint) == of_session
    run(worker, test)
    worker.let_go("session")
    worker.clean(IsolationMode.ROLLBACK, test="the last test")
    assert content(worker.endpoint) == migrated_content


def test_a_schema_that_a_fixture_made_stays_and_a_change_of_it_is_an_error_until_its_scope_ends(
    worker: WorkerDatabase,
) -> None:
    worker.clean(IsolationMode.ROLLBACK, test="before")
    migrated_content = content(worker.endpoint)
    run(worker, "CREATE TABLE made (id serial, name text); INSERT INTO made (name) VALUES ('kept')")
    worker.keep("the module-scoped fixture tables")
    made = content(worker.endpoint)
    run(worker, "INSERT INTO made (name) VALUES ('left'); UPDATE users SET name = ''; DELETE FROM made WHERE id = 1")
    assert worker.clean(IsolationMode.ROLLBACK, test="a test").cloned_because == ""
    assert content(worker.endpoint) == made
    run(worker, "ALTER TABLE made ADD extra integer")
    for _ in range(2):
        with pytest.raises(IsolationError, match="while the module-scoped fixture tables is in use"):
            worker.clean(IsolationMode.ROLLBACK, test="a test")
    worker.let_go("the module-scoped fixture tables")
    assert worker.clean(IsolationMode.ROLLBACK, test="the last test").cloned_because
    assert content(worker.endpoint) == migrated_content


def test_a_fixture_that_outlives_an_earlier_one_keeps_nothing_of_it(worker: WorkerDatabase, redis: Endpoint) -> None:
    worker.clean(IsolationMode.ROLLBACK, test="before")
    migrated_content = content(worker.endpoint)
    run(worker, "INSERT INTO users (name) VALUES ('module'); INSERT INTO notes (user_id) VALUES (1)")
    worker.keep("module")
    run(worker, "INSERT INTO users (name) VALUES ('session')")
    worker.keep("session")
    worker.let_go("module")
    for test in ("SELECT 1", "DELETE FROM users", "ALTER TABLE users ADD extra integer"):
        run(worker, test)
        worker.clean(IsolationMode.ROLLBACK, test="a test of the next module")
        with connect(worker.endpoint) as app:
            assert app.query("SELECT name FROM users") == [("session",)]
            assert app.scalar("SELECT count(*) FROM notes") == "0"
    worker.let_go("session")
    worker.clean(IsolationMode.ROLLBACK, test="the last test")
    assert content(worker.endpoint) == migrated_content
    with OwnRedis(redis) as own, Redis(host=redis.host, port=redis.port) as app:
        app.mset({"module": "a", "both": "a"})
        own.keep("module")
        app.mset({"session": "b", "both": "b"})
        own.keep("session")
        own.let_go("module")
        own.clean()
        assert {key: app.get(key) for key in sorted(app.keys())} == {b"session": b"b", b"both": b"b"}


TRIGGERS = """
CREATE TABLE ledger (a integer); CREATE TABLE audit (what text);
CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''append only''; END';
CREATE TRIGGER never BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger EXECUTE FUNCTION never();
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.audit VALUES (TG_OP); RETURN NEW; END';
CREATE TRIGGER note AFTER INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION note();
CREATE RULE kept AS ON DELETE TO audit DO INSTEAD NOTHING;
"""
ALWAYS = """
ALTER TABLE ledger ENABLE ALWAYS TRIGGER never; ALTER TABLE ledger ENABLE ALWAYS TRIGGER note;
ALTER TABLE audit ENABLE ALWAYS RULE kept
"""


@pytest.mark.parametrize("user", ["a superuser", "an owner"])
def test_triggers_and_rules_do_nothing_when_rows_of_fixtures_are_put_back(postgresql: Endpoint, user: str) -> None:
    server, name = postgresql, f"fires_for_{user.split()[1]}"
    if user == "an owner":
        with connect(postgresql) as maintenance:
            maintenance.query("CREATE ROLE owning LOGIN CREATEDB PASSWORD 'plain'")
        login = Credentials(user="owning", password="plain", database="postgres")
        server = replace(postgresql, credentials=login)
    with migrated(server, name, TRIGGERS + (ALWAYS if user == "a superuser" else "")) as worker:
        worker.clean(IsolationMode.ROLLBACK, test="before")
        run(worker, "INSERT INTO ledger VALUES (1)")
        worker.keep("module")
        kept = content(worker.endpoint)
        for _ in range(2):
            run(worker, "INSERT INTO ledger VALUES (2)")
            worker.clean(IsolationMode.ROLLBACK, test="a test")
            assert content(worker.endpoint) == kept
            with pytest.raises(SqlError, match="append only"):
                run(worker, "DELETE FROM ledger")


def test_a_lock_of_a_fixture_of_a_wider_scope_is_wanted(
    worker: WorkerDatabase, app: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ci_toolkit.isolation.worker_database.GRACE_SECONDS", 0.0)
    worker.clean(IsolationMode.ROLLBACK, test="before")
    app.query("SELECT pg_advisory_lock(5)")
    worker.keep("session")
    worker.clean(IsolationMode.ROLLBACK, test="a test")
    assert app.scalar("SELECT 1") == "1"
    worker.let_go("session")
    with pytest.raises(StrayConnectionError, match="the advisory lock 5"):
        worker.clean(IsolationMode.ROLLBACK, test="a test")


@pytest.mark.parametrize("kind", ["a server", "a logical database"])
def test_keys_of_fixtures_stay_until_their_scope_ends(redis: Endpoint, kind: str) -> None:
    with (
        OwnRedis(redis) if kind == "a server" else WorkerRedis(redis, run="0123abcd", worker="gw0") as worker,
        Redis(host=redis.host, port=redis.port, db=worker.number) as app,
    ):
        app.set("session", b"\x00\xff")
        app.zadd("scores", {"a": 1.5})
        app.set("expires", "later", px=600_000)
        worker.keep("session")
        app.set("module", "value")
        worker.keep("module")
        for _ in range(2):
            app.delete("session", "scores")
            app.set("module", "changed")
            app.set("left", "behind")
            worker.clean()
            assert worker.clean_again() == ""
            assert sorted(app.keys()) == [b"expires", b"module", b"scores", b"session"]
            assert (app.get("session"), app.get("module")) == (b"\x00\xff", b"value")
            assert app.zrange("scores", 0, -1, withscores=True)[0][1] == 1.5
            assert 0 < app.pttl("expires") <= 600_000
        worker.let_go("module")
        worker.clean()
        assert sorted(app.keys()) == [b"expires", b"scores", b"session"]
        worker.let_go("session")
        worker.clean()
        assert app.dbsize() == 0


CONFTEST = """
import os, psycopg, pytest, redis

def sql(statement):
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        cursor = connection.execute(statement)
        return [row[0] for row in cursor] if cursor.description else []

def emails():
    return set(sql("SELECT email FROM users"))

def keys():
    with redis.from_url(os.environ["REDIS_URL"], decode_responses=True) as client:
        return set(client.keys())

def add(name):
    sql(f"INSERT INTO users (email) VALUES ('{name}')")
    with redis.from_url(os.environ["REDIS_URL"]) as client:
        client.set(name, "value")

@pytest.fixture(scope="session")
def company():
    add("company")

@pytest.fixture(scope="module", params=["red", "blue"])
def team(request, company):
    add(request.param)
    return request.param

@pytest.fixture(scope="class")
def room(company):
    add("room")

@pytest.fixture
def desk():
    add("desk")

pytestmark = pytest.mark.real_services
"""
TEST = """
import pytest
from conftest import add, emails, keys, pytestmark, sql

TEAMS = {"red", "blue"}
# A module keeps its team to its end.

def test_of_nobody():
    assert emails() - {"company"} == set()

@pytest.mark.parametrize("time", range(2))
def test_of_a_team(team, desk, time):
    assert emails() == keys() == {"company", team, "desk"}
    add("left")
    sql("DELETE FROM users WHERE email = 'company'")

def test_that_changes_the_schema(team):
    sql("ALTER TABLE users ADD extra integer")
    sql("DELETE FROM plans")

def test_after_that(team, desk, real_db_sync, real_redis_sync):
    assert emails() == keys() == {"company", team, "desk"}

class TestRoom:
    @pytest.mark.parametrize("time", range(2))
    def test_room(self, room, time):
        assert emails() - TEAMS == keys() - TEAMS == {"company", "room"}
        sql("TRUNCATE users CASCADE")

    def test_with_the_session_of_a_fixture(self, room, real_db_sync):
        assert real_db_sync.scalar("SELECT count(*) FROM users WHERE email = 'room'") == 1

def test_after_the_class(company):
    assert emails() - TEAMS == keys() - TEAMS == {"company"}
"""


def test_in_a_project(project: Project) -> None:
    project.write("conftest.py", CONFTEST)
    project.write("test_one.py", TEST)
    project.write("test_two.py", TEST)
    output = project.run()
    assert "26 passed" in output, output

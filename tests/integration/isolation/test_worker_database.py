"""What a test leaves in a worker's database is gone for the next one, in the cheapest way that does it."""

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import msgspec
import pytest
from isolation_servers import connect, content

from ci_toolkit.isolation.cluster import Cluster
from ci_toolkit.isolation.errors import IsolationError, StrayConnectionError
from ci_toolkit.isolation.mode import CleanUpReport, IsolationMode
from ci_toolkit.isolation.worker_database import WorkerDatabase
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.catalog.table import Credentials
from ci_toolkit.services.databases.connection import Connection
from ci_toolkit.services.databases.sql import literal, quoted

pytest_plugins = ["isolation_fixtures"]

HOLD = """
import sys, msgspec
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.isolation.worker_database import WorkerDatabase
endpoint = msgspec.json.decode(sys.argv[1], type=Endpoint)
print(WorkerDatabase(endpoint, run="00000000", worker="gw0").name, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def worker(template: Endpoint) -> Iterator[WorkerDatabase]:
    with WorkerDatabase(template, run="0123abcd", worker="gw0") as made:
        yield made


@pytest.fixture
def app(worker: WorkerDatabase) -> Iterator[Connection]:
    """A connection of the code under test."""
    with connect(worker.endpoint) as connection:
        yield connection


CASES = [
    ("SELECT 1", IsolationMode.ROLLBACK, ""),
    ("BEGIN; INSERT INTO t1 (name) VALUES ('a'); DELETE FROM t5; ROLLBACK", IsolationMode.ROLLBACK, ""),
    ("SELECT nextval('t1_id_seq'), setval('t2_id_seq', 99, false)", IsolationMode.ROLLBACK, ""),
    (
        "INSERT INTO t1 (name) VALUES ('a'), ('b'); INSERT INTO t2 (name, parent) VALUES ('c', 1)",
        IsolationMode.TRUNCATE,
        "",
    ),
    ("INSERT INTO t1 (name) SELECT 'a' || n FROM generate_series(1, 9000) n", IsolationMode.TRUNCATE, ""),
    (
        "INSERT INTO t14 (name) SELECT repeat('long', 500) || n FROM generate_series(1, 2000) n",
        IsolationMode.TRUNCATE,
        "",
    ),
    (
        "CREATE TEMP TABLE scratch (id serial PRIMARY KEY, a text); INSERT INTO scratch VALUES (1)",
        IsolationMode.ROLLBACK,
        "",
    ),
    ("INSERT INTO t1 (name) VALUES ('a'); TRUNCATE t1 RESTART IDENTITY CASCADE", IsolationMode.ROLLBACK, ""),
    ("ANALYZE; CREATE TEMP TABLE scratch (a int); DROP TABLE scratch", IsolationMode.ROLLBACK, ""),
    ("INSERT INTO t5 (name) VALUES ('new')", IsolationMode.CLONE, "public.t5"),
    ("DELETE FROM t5 WHERE id = 7", IsolationMode.CLONE, "public.t5"),
    ("UPDATE t5 SET name = 'other' WHERE id = 7", IsolationMode.CLONE, "public.t5"),
    ("TRUNCATE t5 CASCADE", IsolationMode.CLONE, "public.t5"),
    ("CREATE TABLE new (id int)", IsolationMode.CLONE, "schema"),
    ("DROP TABLE t49", IsolationMode.CLONE, "schema"),
    ("ALTER TABLE t1 ADD COLUMN extra int", IsolationMode.CLONE, "schema"),
    ("ALTER TABLE t1 DROP COLUMN name", IsolationMode.CLONE, "schema"),
    ("ALTER TABLE t1 ALTER COLUMN name SET NOT NULL", IsolationMode.CLONE, "schema"),
    ("ALTER TABLE t1 RENAME COLUMN name TO title", IsolationMode.CLONE, "schema"),
    ("CREATE INDEX ON t1 (name, id)", IsolationMode.CLONE, "schema"),
    ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", IsolationMode.CLONE, "schema"),
    ("CREATE VIEW v AS SELECT * FROM t1", IsolationMode.CLONE, "schema"),
    ("CREATE TYPE mood AS ENUM ('glad')", IsolationMode.CLONE, "schema"),
    ("CREATE SCHEMA other", IsolationMode.CLONE, "schema"),
    ("ALTER SEQUENCE t1_id_seq INCREMENT BY 5", IsolationMode.CLONE, "schema"),
    ("SELECT lo_create(0)", IsolationMode.CLONE, "schema"),
    ("COMMENT ON TABLE t1 IS 'changed'", IsolationMode.CLONE, "schema"),
]


@pytest.mark.parametrize(("sql", "mode", "reason"), CASES, ids=[case[0][:60] for case in CASES])
def test_what_was_committed_through_another_connection_is_gone(
    worker: WorkerDatabase, app: Connection, sql: str, mode: IsolationMode, reason: str
) -> None:
    before = content(worker.endpoint)
    app.query(sql)
    outcome = worker.clean(IsolationMode.ROLLBACK, test="the test")
    assert (outcome.mode, reason in outcome.cloned_because) == (mode, True)
    assert content(worker.endpoint) == before
    assert worker.clean(IsolationMode.ROLLBACK, test="the next test") == CleanUpReport()


@pytest.mark.parametrize("application", ["shop", "ci-toolkit"])
def test_uncommitted_changes_of_another_connection_are_ended_and_named_with_the_test(
    worker: WorkerDatabase, app: Connection, application: str
) -> None:
    before = content(worker.endpoint)
    app.query(f"SET application_name = '{application}'; BEGIN; INSERT INTO t1 (name) VALUES ('left')")
    with pytest.raises(StrayConnectionError) as caught:
        worker.clean(IsolationMode.ROLLBACK, test="tests/test_shop.py::test_basket")
    message = str(caught.value)
    assert "tests/test_shop.py::test_basket left uncommitted changes or locks open" in message
    assert re.search(rf"\({application}, from [\d.]+:\d+\)", message)
    assert "INSERT INTO t1 (name)" in message
    assert content(worker.endpoint) == before
    assert worker.clean(IsolationMode.ROLLBACK, test="next") == CleanUpReport()


LOCKS = {
    "SELECT pg_advisory_lock(99)": "holds the advisory lock 99",
    "SELECT pg_advisory_lock(-1)": "holds the advisory lock -1",
    "SELECT pg_advisory_lock_shared(7, -8)": "holds the advisory lock (7, -8)",
    "BEGIN; SELECT pg_advisory_xact_lock(99)": "holds the advisory lock 99",
    "BEGIN; LOCK TABLE t1 IN SHARE MODE": "holds ShareLock on public.t1",
    "BEGIN; LOCK TABLE t1 IN ACCESS EXCLUSIVE MODE": "holds AccessExclusiveLock on public.t1",
    "BEGIN; SELECT * FROM t5 FOR UPDATE": "RowShareLock on public.t5",
    "BEGIN; SELECT * FROM t5 WHERE id = 0 FOR SHARE": "RowShareLock on public.t5",
    "BEGIN; SAVEPOINT a; DELETE FROM t5; ROLLBACK TO a; UPDATE t1 SET name = ''": "RowExclusiveLock on public.t1",
}


@pytest.mark.parametrize(("statement", "held"), LOCKS.items(), ids=LOCKS)
def test_a_lock_is_named_with_who_left_it_and_the_next_test_does_not_wait(
    worker: WorkerDatabase, app: Connection, monkeypatch: pytest.MonkeyPatch, statement: str, held: str
) -> None:
    monkeypatch.setattr("ci_toolkit.isolation.worker_database.GRACE_SECONDS", 0.0)
    app.query(f"SET application_name = 'shop'; {statement}")
    with pytest.raises(StrayConnectionError) as caught:
        worker.clean(IsolationMode.ROLLBACK, test="test_leaks")
    assert "test_leaks left uncommitted changes or locks open" in str(caught.value)
    assert held in str(caught.value)
    assert f"last statement: SET application_name = 'shop'; {statement[:40]}" in str(caught.value)
    assert "(shop, from" in str(caught.value)
    with connect(worker.endpoint) as next_test:
        next_test.query(
            "SET lock_timeout = 1; SELECT pg_advisory_lock(99), pg_advisory_lock(-1), pg_advisory_lock(7, -8)"
        )
        next_test.query("SET lock_timeout = 1; BEGIN; LOCK TABLE t1, t5; ROLLBACK")
        next_test.query("SELECT pg_advisory_unlock_all()")  # the server sees a moment later that it is closed
    assert worker.clean(IsolationMode.ROLLBACK, test="next").cloned_because == ""


def test_a_prepared_transaction_that_was_forgotten_is_rolled_back_and_named(
    worker: WorkerDatabase, app: Connection
) -> None:
    if app.scalar("SHOW max_prepared_transactions") == "0":
        pytest.skip("needs a server with max_prepared_transactions, which the table's have not")
    app.query("BEGIN; INSERT INTO t1 (name) VALUES ('left'); PREPARE TRANSACTION 'forgotten'")
    with pytest.raises(StrayConnectionError, match="prepared as 'forgotten'"):
        worker.clean(IsolationMode.TRUNCATE, test="the test")
    assert worker.clean(IsolationMode.ROLLBACK, test="next") == CleanUpReport()


def test_an_open_transaction_that_ends_within_a_moment_is_waited_for(
    worker: WorkerDatabase, app: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine the thread below can be late by more than the moment that is allowed.
    monkeypatch.setattr("ci_toolkit.isolation.worker_database.GRACE_SECONDS", 60.0)
    app.query("BEGIN; INSERT INTO t1 (name) VALUES ('late')")
    commit = threading.Timer(0.1, app.query, ["COMMIT"])
    commit.start()
    outcome = worker.clean(IsolationMode.ROLLBACK, test="the test")
    commit.join()
    assert outcome.emptied == ("public.t1",)


def test_an_idle_connection_of_a_pool_survives_the_clean_up(worker: WorkerDatabase, app: Connection) -> None:
    app.query("INSERT INTO t1 (name) VALUES ('a')")
    assert worker.clean(IsolationMode.ROLLBACK, test="the test").mode is IsolationMode.TRUNCATE
    assert app.scalar("SELECT count(*) FROM t1") == "0"


def test_an_open_reader_does_not_hold_the_clean_up(worker: WorkerDatabase, app: Connection) -> None:
    app.query("INSERT INTO t1 (name) VALUES ('a')")
    app.query("BEGIN; SELECT * FROM t1")
    assert worker.clean(IsolationMode.ROLLBACK, test="the test").emptied == ("public.t1",)


def test_a_lock_that_does_not_go_away_ends_in_a_fresh_clone_that_says_whom_it_closed(
    worker: WorkerDatabase, app: Connection
) -> None:
    app.query("INSERT INTO t1 (name) SELECT 'a' || n FROM generate_series(1, 9000) n")
    app.query("SET application_name = 'reader'; BEGIN; SELECT * FROM t1 LIMIT 1")
    outcome = worker.clean(IsolationMode.TRUNCATE, test="the test")
    assert "lock timeout" in outcome.cloned_because
    assert "(reader, from" in outcome.closed[0]


def test_clone_mode_clones_whatever_the_test_did(worker: WorkerDatabase) -> None:
    assert worker.clean(IsolationMode.CLONE, test="the test").cloned_because == "the test asks for it"
    assert worker.generation == 1


def test_workers_and_runs_have_databases_of_their_own_and_leave_none(postgresql: Endpoint, template: Endpoint) -> None:
    with (
        WorkerDatabase(template, run="0123abcd", worker="gw0") as one,
        WorkerDatabase(template, run="0123abcd", worker="gw1") as two,
        WorkerDatabase(template, run="fedcba98", worker="gw0") as three,
    ):
        names = {one.name, two.name, three.name}
        assert names == {f"app__ci_toolkit_{end}" for end in ("0123abcd_gw0", "0123abcd_gw1", "fedcba98_gw0")}
        with pytest.raises(IsolationError, match="held by another session"):
            WorkerDatabase(template, run="0123abcd", worker="gw1")
    with connect(postgresql) as maintenance:
        assert maintenance.scalar("SELECT count(*) FROM pg_database WHERE datname ~ '__ci_toolkit_'") == "0"


NAMES = {
    "49 bytes of Cyrillic": "магазин_магазин_магазин_маг",
    "43 characters": "a" * 43,
    "as long as a name may be": "b" * 63,
    "as many bytes of emoji": "🐘" * 15 + "abc",
    "begins as another one does": "b" * 62 + "c",
    "quotes": "it\"s '$1' 100%",
    "capital letters": "Shop-Test",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_whatever_the_name_two_workers_have_databases_and_a_dead_session_leaves_none(
    postgresql: Endpoint, name: str
) -> None:
    template = postgresql.with_database(name)
    with connect(postgresql) as maintenance:
        maintenance.query(f"CREATE DATABASE {quoted(name)}")
        others = maintenance.query("SELECT datname FROM pg_database")
        with Cluster(template) as dead:
            dead.clone(dead.claim("00000000", "gw11"))
        with (
            WorkerDatabase(template, run="0123abcd", worker="gw0") as one,
            WorkerDatabase(template, run="0123abcd", worker="a worker's own name") as two,
        ):
            assert maintenance.query("SELECT datname FROM pg_database EXCEPT SELECT unnest(" + array(others) + ")") in (
                [(one.name,), (two.name,)],
                [(two.name,), (one.name,)],
            )
            assert max(len(worker.name.encode()) for worker in (one, two)) <= 63
        assert maintenance.query("SELECT datname FROM pg_database") == others
        maintenance.query(f"DROP DATABASE {quoted(name)}")


def array(rows: list[tuple[str | None, ...]]) -> str:
    return f"ARRAY[{', '.join(literal(row[0] or '') for row in rows)}]::name[]"


def test_only_what_dead_sessions_left_is_swept(postgresql: Endpoint, template: Endpoint) -> None:
    with connect(postgresql) as maintenance:
        for name in ("app__ci_toolkit_00000000_gw3", "app__ci_toolkit_backup", "app_copy"):
            maintenance.query(f"CREATE DATABASE {name}")
        with WorkerDatabase(template, run="0123abcd", worker="gw0") as living, Cluster(template) as another:
            assert another.sweep() == ()
            assert living.clean(IsolationMode.ROLLBACK, test="a test") == CleanUpReport()
            names = maintenance.query("SELECT datname FROM pg_database WHERE starts_with(datname, 'app_')")
            assert set(names) == {("app__ci_toolkit_backup",), ("app_copy",), (living.name,)}
        maintenance.query("DROP DATABASE app__ci_toolkit_backup")
        maintenance.query("DROP DATABASE app_copy")


def test_a_clone_has_the_settings_of_the_template(postgresql: Endpoint) -> None:
    with connect(postgresql) as maintenance:
        maintenance.query("CREATE DATABASE set")
        maintenance.query("ALTER DATABASE set SET search_path = one, \"Two\"; ALTER DATABASE set SET timezone = 'CET'")
    with WorkerDatabase(postgresql.with_database("set"), run="0123abcd", worker="gw0") as worker:
        with connect(worker.endpoint) as app:
            assert app.query("SHOW search_path; SHOW timezone") == [('one, "Two"',), ("CET",)]
        worker.clean(IsolationMode.CLONE, test="a test")
        with connect(worker.endpoint) as app:
            assert app.scalar("SHOW timezone") == "CET"


def test_a_template_in_use_is_refused_with_the_name_of_the_user(postgresql: Endpoint) -> None:
    with connect(postgresql) as maintenance:
        maintenance.query("CREATE DATABASE busy")
    busy = postgresql.with_database("busy")
    with connect(busy) as app:
        app.query("SET application_name = 'psql of a colleague'")
        with pytest.raises(IsolationError, match="psql of a colleague"):
            WorkerDatabase(busy, run="0123abcd", worker="gw0")


def test_a_user_who_may_not_switch_triggers_off_gets_the_same_content_back(postgresql: Endpoint) -> None:
    plain = Credentials(user="plain", password="plain", database="plain")
    with connect(postgresql) as maintenance:
        maintenance.query("CREATE ROLE plain LOGIN CREATEDB PASSWORD 'plain'")
        maintenance.query("CREATE DATABASE plain OWNER plain")
    endpoint = msgspec.structs.replace(postgresql, credentials=plain)
    with connect(endpoint) as owner:
        owner.query("CREATE TABLE kind (id int PRIMARY KEY); INSERT INTO kind VALUES (1), (2)")
        owner.query("CREATE TABLE item (id serial PRIMARY KEY, kind int REFERENCES kind, twin int REFERENCES item)")
    with WorkerDatabase(endpoint, run="0123abcd", worker="gw0") as worker:
        before = content(worker.endpoint)
        for sql, mode in [
            ("INSERT INTO item (kind) VALUES (1); INSERT INTO item (kind, twin) VALUES (2, 1)", IsolationMode.TRUNCATE),
            ("DELETE FROM kind", IsolationMode.CLONE),
            ("DROP TABLE item", IsolationMode.CLONE),
        ]:
            with connect(worker.endpoint) as app:
                app.query(sql)
            assert worker.clean(IsolationMode.ROLLBACK, test="a test").mode is mode
            assert content(worker.endpoint) == before


def test_a_test_that_ends_every_connection_costs_new_ones_and_nothing_else(
    worker: WorkerDatabase, app: Connection
) -> None:
    worker.clean(IsolationMode.ROLLBACK, test="the test before")
    before = content(worker.endpoint)
    app.query("INSERT INTO t1 (name) VALUES ('a')")
    app.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ci-toolkit'"
        " AND pid <> pg_backend_pid()"
    )
    outcome = worker.clean(IsolationMode.ROLLBACK, test="the test")
    assert (outcome.emptied, worker.generation) == (("public.t1",), 0)
    assert content(worker.endpoint) == before


def test_a_killed_workers_database_is_dropped_by_the_next_session(template: Endpoint) -> None:
    command = [sys.executable, "-c", HOLD, msgspec.json.encode(template).decode()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        name = other.stdout.readline().strip()
        other.send_signal(signal.SIGKILL)
    with WorkerDatabase(template, run="0123abcd", worker="gw0") as worker, Cluster(template) as cluster:
        deadline = time.monotonic() + 60
        is_left = True
        while is_left and time.monotonic() < deadline:
            cluster.sweep()
            with connect(worker.endpoint) as reader:
                is_left = bool(reader.query(f"SELECT FROM pg_database WHERE datname = '{name}'"))
        assert not is_left

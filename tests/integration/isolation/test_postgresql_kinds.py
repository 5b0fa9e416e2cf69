"""Each kind of state as a pair: one test leaves it in PostgreSQL, and the next one does not see it."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from isolation_servers import connect
from postgresql_kinds import KINDS, SCHEMA

from ci_toolkit.isolation.errors import IsolationError
from ci_toolkit.isolation.mode import CleanUpReport, IsolationMode
from ci_toolkit.isolation.worker_database import WorkerDatabase
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.databases.sql import SqlError

pytest_plugins = ["isolation_fixtures"]


@pytest.fixture(scope="module")
def worker(postgresql: Endpoint) -> Iterator[WorkerDatabase]:
    with migrated(postgresql, "kinds", SCHEMA) as made:
        yield made


def migrated(server: Endpoint, name: str, schema: str) -> WorkerDatabase:
    with connect(server) as maintenance:
        maintenance.query(f"CREATE DATABASE {name}")
    with connect(server.with_database(name)) as migration:
        migration.query(schema)
    return WorkerDatabase(server.with_database(name), run="0123abcd", worker="gw0")


def answer(worker: WorkerDatabase, question: str) -> list[tuple[str | None, ...]]:
    with connect(worker.endpoint) as asks:
        return asks.query(question)


@pytest.mark.parametrize(("statement", "question"), KINDS.values(), ids=KINDS)
def test_what_a_test_leaves_the_next_one_does_not_see(worker: WorkerDatabase, statement: str, question: str) -> None:
    worker.clean(IsolationMode.ROLLBACK, test="the test before")
    expected = answer(worker, question)
    worker.clean(IsolationMode.ROLLBACK, test="the question itself")
    with connect(worker.endpoint) as leaves:
        leaves.query(statement)
    worker.clean(IsolationMode.ROLLBACK, test="the test")
    assert answer(worker, question) == expected


def test_tables_and_columns_of_any_name_are_cleaned_in_place(worker: WorkerDatabase) -> None:
    with connect(worker.endpoint) as app:
        app.query("INSERT INTO users (name) VALUES ('a')")
    assert worker.clean(IsolationMode.ROLLBACK, test="a test").cloned_because == ""


def test_settings_of_the_server_are_set_back_where_a_clone_is_made_without_looking(worker: WorkerDatabase) -> None:
    with connect(worker.endpoint) as app:
        app.query("ALTER ROLE test SET work_mem = '77MB'")
    worker.clean(IsolationMode.CLONE, test="a test")
    assert answer(worker, "SHOW work_mem") != [("77MB",)]


def test_a_pooled_connection_does_not_go_on_with_the_numbers_that_it_has_kept(worker: WorkerDatabase) -> None:
    with connect(worker.endpoint) as pooled:
        for _ in range(3):
            assert pooled.query("SELECT nextval('tickets') UNION ALL SELECT nextval('tickets')") == [("1",), ("2",)]
            assert worker.clean(IsolationMode.ROLLBACK, test="a test").cloned_because == ""


def test_a_clone_has_what_belongs_to_the_template_and_not_to_its_content(postgresql: Endpoint) -> None:
    with connect(postgresql) as maintenance:
        maintenance.query("CREATE ROLE reader; CREATE ROLE admin; CREATE ROLE lord")
        maintenance.query("CREATE DATABASE belongings OWNER lord")
        maintenance.query(
            """REVOKE ALL ON DATABASE belongings FROM public; GRANT CONNECT ON DATABASE belongings TO reader;
            GRANT CREATE ON DATABASE belongings TO admin WITH GRANT OPTION;
            ALTER ROLE reader IN DATABASE belongings SET search_path = one, "Two"; ALTER DATABASE belongings SET timezone = 'CET';
            ALTER DATABASE belongings CONNECTION LIMIT 40; COMMENT ON DATABASE belongings IS 'ours'"""
        )
    what = """
        SELECT setrole::regrole::text || setconfig::text FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase
        WHERE datname = '{0}' UNION ALL SELECT ROW(datdba, datconnlimit, datacl, shobj_description(oid, 'pg_database'))::text
        FROM pg_database WHERE datname = '{0}' ORDER BY 1"""
    with WorkerDatabase(postgresql.with_database("belongings"), run="0123abcd", worker="gw0") as worker:
        for mode in (IsolationMode.ROLLBACK, IsolationMode.CLONE, IsolationMode.ROLLBACK):
            expected, got = (answer(worker, what.format(name)) for name in ("belongings", worker.name))
            assert got == expected
            worker.clean(mode, test="a test")
        assert worker.clean(IsolationMode.ROLLBACK, test="a test") == CleanUpReport()


def crash(worker: WorkerDatabase) -> None:
    """Have a process of the server killed; return once it has begun anew."""
    start = "SELECT backend_start FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
    before = answer(worker, start)
    with connect(worker.endpoint) as killed:
        with suppress(SqlError):
            killed.query("COPY (SELECT 1) TO PROGRAM 'kill -9 $PPID'")
        with pytest.raises(SqlError):
            killed.query("SELECT 1")
    while True:
        with suppress(SqlError):  # it does not answer meanwhile
            if answer(worker, start) not in (before, []):
                return


def test_that_the_server_recovered_from_a_killed_process_is_said(worker: WorkerDatabase) -> None:
    worker.clean(IsolationMode.ROLLBACK, test="the test before")
    with connect(worker.endpoint) as app:
        app.query("INSERT INTO users (name) VALUES ('left')")
    crash(worker)
    report = worker.clean(IsolationMode.ROLLBACK, test="the test")
    assert "was killed during the test, and the server recovered" in report.recovered
    assert report.emptied == ("public.users",)
    assert worker.clean(IsolationMode.ROLLBACK, test="the next test") == CleanUpReport()


def test_rows_of_migrations_that_the_server_lost_are_an_error_of_every_test_from_then_on(postgresql: Endpoint) -> None:
    with migrated(postgresql, "unlogged", "CREATE UNLOGGED TABLE known AS SELECT 1 AS a") as worker:
        worker.clean(IsolationMode.ROLLBACK, test="the test before")
        crash(worker)
        for _ in range(2):
            with pytest.raises(IsolationError, match=r"UNLOGGED tables that migrations had filled: public\.known"):
                worker.clean(IsolationMode.ROLLBACK, test="the test")

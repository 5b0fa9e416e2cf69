"""Whatever several connections do, in whatever order, the next test finds the template's exact content."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from isolation_servers import connect, content, make_template

from ci_toolkit.isolation.errors import StrayConnectionError
from ci_toolkit.isolation.mode import IsolationMode
from ci_toolkit.isolation.worker_database import WorkerDatabase
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.databases.connection import Connection
from ci_toolkit.services.databases.sql import SqlError

pytest_plugins = ["isolation_fixtures"]

TABLES = 8
TABLE = st.sampled_from([f"t{number}" for number in range(TABLES)])


def sql(form: str) -> Callable[[str], str]:
    return lambda table: form.format(table=table)


STATEMENTS = st.one_of(
    TABLE.map(sql("INSERT INTO {table} (name) VALUES ('n' || random())")),
    TABLE.map(sql("INSERT INTO {table} (name) SELECT 'n' || random() FROM generate_series(1, 4000)")),
    TABLE.map(sql("UPDATE {table} SET name = name || '!' WHERE id % 2 = 0")),
    TABLE.map(sql("DELETE FROM {table} WHERE id % 3 = 0")),
    TABLE.map(sql("TRUNCATE {table} CASCADE")),
    TABLE.map(sql("TRUNCATE {table} RESTART IDENTITY CASCADE")),
    TABLE.map(sql("SELECT setval('{table}_id_seq', 70, false)")),
    TABLE.map(sql("SELECT * FROM {table} FOR UPDATE")),
    TABLE.map(sql("ALTER TABLE {table} ADD COLUMN extra integer DEFAULT 5")),
    TABLE.map(sql("CREATE INDEX ON {table} (name, id)")),
    TABLE.map(sql("DROP TABLE {table} CASCADE")),
    TABLE.map(sql("VACUUM ANALYZE {table}")),
    st.sampled_from(
        ["BEGIN", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT s", "ROLLBACK TO s", "CREATE TEMP TABLE scratch (a int)"]
    ),
    st.just("CREATE TABLE fresh (id serial PRIMARY KEY)"),
    st.just("CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
)
STEPS = st.lists(st.tuples(st.integers(0, 2), STATEMENTS), max_size=12)


@pytest.fixture(scope="module")
def worker(postgresql: Endpoint) -> Iterator[WorkerDatabase]:
    template = make_template(postgresql, "random", tables=TABLES)
    with WorkerDatabase(template, run="0123abcd", worker="gw0") as made:
        yield made


@pytest.fixture(scope="module")
def pristine(worker: WorkerDatabase) -> dict[str, str]:
    return content(worker.endpoint)


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, stay_open=st.booleans(), mode=st.sampled_from([IsolationMode.ROLLBACK, IsolationMode.TRUNCATE]))
def test_the_next_test_finds_the_templates_exact_content(
    worker: WorkerDatabase,
    pristine: dict[str, str],
    steps: list[tuple[int, str]],
    stay_open: bool,  # noqa: FBT001 (drawn by hypothesis)
    mode: IsolationMode,
) -> None:
    with ExitStack() as open_connections:
        connections = [open_connections.enter_context(connect(worker.endpoint)) for _ in range(3)]
        for connection in connections:
            connection.query("SET lock_timeout = '20ms'")
        for number, statement in steps:
            perform(connections[number], statement)
        if not stay_open:
            open_connections.close()
        with suppress(StrayConnectionError):
            worker.clean(mode, test="a random test")
        assert content(worker.endpoint) == pristine


def perform(connection: Connection, statement: str) -> None:
    with suppress(SqlError):  # many of them cannot work where they stand, as in life
        connection.query(statement)

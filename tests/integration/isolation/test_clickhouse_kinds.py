"""Each kind of state as a pair: one test leaves it in ClickHouse, and the next one does not see it."""

from collections.abc import Iterator

import pytest
from test_worker_clickhouse import ask, server

from ci_toolkit.isolation.worker_clickhouse import WorkerClickHouse
from ci_toolkit.services.catalog.endpoint import Endpoint

__all__ = ["server"]

pytest_plugins = ["isolation_fixtures"]
_TABLES = "SELECT name, engine FROM system.tables WHERE database = '{db}' AND name NOT LIKE '.inner%'"
KINDS = {
    "rows in a MergeTree": ("INSERT INTO {db}.events VALUES ('2024-02-02', 7)", "SELECT * FROM {db}.events"),
    "rows in memory": ("INSERT INTO {db}.countries VALUES ('uk')", "SELECT * FROM {db}.countries"),
    "rows that a materialized view took": (
        "INSERT INTO {db}.events VALUES ('2024-02-02', 7)",
        "SELECT count() FROM {db}.users",
    ),
    "rows in a view that has some": ("INSERT INTO {db}.clicks VALUES ('shop')", "SELECT * FROM {db}.pages"),
    "rows that wait in a buffer": ("INSERT INTO {db}.waiting VALUES ('2024-02-02', 7)", "SELECT * FROM {db}.waiting"),
    "rows that a table of tables shows": (
        "INSERT INTO {db}.events VALUES ('2024-02-02', 7)",
        "SELECT count() FROM {db}.all",
    ),
    "many parts": (
        "INSERT INTO {db}.sizes SELECT toDate('2024-01-01') + number * 31, number FROM numbers(5)",
        "SELECT sum(size) FROM {db}.sizes",
    ),
    "a partition that is gone": ("ALTER TABLE {db}.sizes DROP PARTITION 202401", "SELECT count() FROM {db}.sizes"),
    "TRUNCATE": ("TRUNCATE TABLE {db}.sizes", "SELECT count() FROM {db}.sizes"),
    "a column": ("ALTER TABLE {db}.events ADD COLUMN extra String", "DESCRIBE TABLE {db}.events"),
    "a partition that is detached": (
        "ALTER TABLE {db}.sizes DETACH PARTITION 202401",
        "SELECT count() FROM {db}.sizes",
    ),
    "a table": ("CREATE TABLE {db}.fresh (a String) ENGINE = Log", _TABLES),
    "a table that is gone": ("DROP TABLE {db}.countries", _TABLES),
    "a table that is detached": ("DETACH TABLE {db}.sizes", _TABLES),
    "a table's name": ("RENAME TABLE {db}.events TO {db}.happened", _TABLES),
    "a view": ("CREATE VIEW {db}.more AS SELECT 1", _TABLES),
    "a view that is gone": ("DROP TABLE {db}.last", _TABLES),
    "a second database": ("CREATE DATABASE second", "SHOW DATABASES"),
    "a second database with tables": (
        "CREATE DATABASE second; CREATE TABLE second.a (a String) ENGINE = Memory",
        "SHOW DATABASES",
    ),
    "rows in the second database of migrations": ("INSERT INTO shop.orders VALUES (3)", "SELECT * FROM shop.orders"),
    "rows in an empty table of that one": ("INSERT INTO shop.carts VALUES (3)", "SELECT * FROM shop.carts"),
    "a table of that one that is gone": ("DROP TABLE shop.orders", "SELECT * FROM shop.orders"),
    "that one itself, gone": ("DROP DATABASE shop", "SELECT * FROM shop.orders"),
    "rows in the migrated database itself": (
        "INSERT INTO test.sizes VALUES ('2024-02-02', 7); DROP TABLE {db}.sizes",
        "SELECT * FROM {db}.sizes",
    ),
    "a table in the default database": (
        "CREATE TABLE default.a (a String) ENGINE = Memory",
        "SHOW TABLES FROM default",
    ),
}
"""What a test leaves, and what the next one asks."""
SECOND_DATABASE = (
    "CREATE DATABASE shop",
    "CREATE TABLE shop.orders (a UInt8) ENGINE = MergeTree ORDER BY a",
    "CREATE TABLE shop.carts (a UInt8) ENGINE = Memory",
    "INSERT INTO shop.orders VALUES (1), (2)",
)


@pytest.fixture(scope="module")
def own(server: Endpoint) -> Iterator[WorkerClickHouse]:
    for statement in SECOND_DATABASE:
        ask(server, statement)
    with WorkerClickHouse(server, run="0123abcd", worker="gw9", is_own_server=True) as worker:
        yield worker
    ask(server, "DROP DATABASE shop")


@pytest.mark.parametrize(("statements", "question"), KINDS.values(), ids=KINDS)
def test_what_a_test_leaves_the_next_one_does_not_see(
    server: Endpoint, own: WorkerClickHouse, statements: str, question: str
) -> None:
    expected = sorted(ask(server, question.format(db=own.name)))
    for statement in statements.split("; "):
        ask(server, statement.format(db=own.name))
    own.clean()
    assert sorted(ask(server, question.format(db=own.name))) == expected

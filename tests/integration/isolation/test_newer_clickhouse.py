"""What is sent to ClickHouse for isolation, on its newest engine: each kind of state is a pair there, too.

Debian's server is 18.16, and no package index has a newer one, but PyPI has the engine as a library. It speaks no
HTTP: statements go to it past the connection, and are otherwise those of a worker.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_clickhouse_kinds import KINDS, SECOND_DATABASE
from test_worker_clickhouse import MIGRATIONS

from ci_toolkit.isolation.clickhouse_http import ClickHouse, Row
from ci_toolkit.isolation.copied_database import CopiedDatabase, OtherDatabases
from ci_toolkit.isolation.errors import IsolationError

chdb: Any = pytest.importorskip("chdb", reason="needs chdb-core (170 MB), which `nox -s newer_clickhouse` installs")
MINE = "test_mine"
DICTIONARY = (
    "CREATE TABLE test.prices (id UInt64, price UInt8) ENGINE = MergeTree ORDER BY id",
    "INSERT INTO test.prices VALUES (1, 42)",
    """CREATE DICTIONARY test.price (id UInt64, price UInt8) PRIMARY KEY id
    SOURCE(CLICKHOUSE(DB 'test' TABLE 'prices')) LAYOUT(FLAT()) LIFETIME(0)""",
)
NEWER_KINDS = KINDS | {
    "a dictionary that is gone": ("DROP DICTIONARY {db}.price", "SELECT * FROM {db}.price"),
    "rows that are deleted without a part of their own": (
        "DELETE FROM {db}.sizes WHERE size = 1",
        "SELECT * FROM {db}.sizes",
    ),
    "a table's comment": (
        "ALTER TABLE {db}.events MODIFY COMMENT 'left'",
        "SELECT comment FROM system.tables WHERE database = '{db}' AND name = 'events'",
    ),
    "two tables that changed places": ("EXCHANGE TABLES {db}.events AND {db}.sizes", "DESCRIBE TABLE {db}.events"),
}


class Engine(ClickHouse):
    """ClickHouse in this process; there can be one."""

    def __init__(self, folder: Path) -> None:
        self._engine = chdb.connect(str(folder))

    def query(self, sql: str) -> list[Row]:
        try:
            answer = self._engine.query(sql, "TabSeparatedRaw")
        except RuntimeError as error:
            raise IsolationError(f"ClickHouse refuses {sql!r}: {error}") from error
        return [tuple(line.split("\t")) for line in str(answer).splitlines()]

    def close(self) -> None:
        self._engine.close()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine(tmp_path_factory.mktemp("clickhouse"))
    for statement in ("CREATE DATABASE test", *MIGRATIONS, *DICTIONARY, *SECOND_DATABASE):
        engine.query(statement)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def copy(engine: Engine) -> CopiedDatabase:
    copied = CopiedDatabase(engine, "test", MINE)
    copied.copy()
    return copied


@pytest.fixture(scope="module")
def others(engine: Engine, copy: CopiedDatabase) -> Iterator[OtherDatabases]:
    assert engine.query(f"SELECT engine FROM system.databases WHERE name = '{copy.name}'") == [("Atomic",)]
    found = OtherDatabases(engine, run="0123abcd", worker="gw9")
    yield found
    found.drop_copies()


def test_a_copy_has_what_its_source_has(engine: Engine, copy: CopiedDatabase) -> None:
    tables = engine.query("SELECT name FROM system.tables WHERE database = 'test' AND name NOT LIKE '.inner%'")
    assert len(tables) > 10
    for (table,) in tables:
        mine, theirs = (sorted(engine.query(f"SELECT * FROM {name}.{table}")) for name in (copy.name, "test"))
        assert mine == theirs


@pytest.mark.parametrize(("statements", "question"), NEWER_KINDS.values(), ids=NEWER_KINDS)
def test_what_a_test_leaves_the_next_one_does_not_see(
    engine: Engine, copy: CopiedDatabase, others: OtherDatabases, statements: str, question: str
) -> None:
    expected = sorted(engine.query(question.format(db=copy.name)))
    for statement in statements.split("; "):
        engine.query(statement.format(db=copy.name))
    others.restore()
    copy.restore()
    assert sorted(engine.query(question.format(db=copy.name))) == expected


def test_the_source_of_a_copy_is_not_written_through_it(engine: Engine, copy: CopiedDatabase) -> None:
    before = engine.query("SELECT count() FROM test.events")
    engine.query(f"INSERT INTO {copy.name}.waiting VALUES ('2024-02-02', 7)")
    engine.query(f"OPTIMIZE TABLE {copy.name}.waiting")
    assert engine.query(f"SELECT count() FROM {copy.name}.events") == [("1",)]
    assert engine.query("SELECT count() FROM test.events") == before
    copy.restore()

"""A connection that is cut while nobody uses it is opened once anew, and no error in cleaning skips another store."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from cutting_proxy import CuttingProxy
from isolation_project import Project, home, project
from isolation_servers import connect, program
from redis import Redis

from ci_toolkit.isolation.clickhouse_http import ClickHouse
from ci_toolkit.isolation.cluster import Cluster
from ci_toolkit.isolation.errors import IsolationError
from ci_toolkit.isolation.identity import WorkerIdentity
from ci_toolkit.isolation.mode import CleanUpReport, IsolationMode
from ci_toolkit.isolation.worker_clickhouse import WorkerClickHouse
from ci_toolkit.isolation.worker_database import WorkerDatabase
from ci_toolkit.isolation.worker_redis import WorkerRedis
from ci_toolkit.isolation.worker_services import WorkerServices
from ci_toolkit.services.catalog.endpoint import Endpoint, Provider
from ci_toolkit.services.catalog.table import BUILT_IN, Protocol
from ci_toolkit.services.handover import Handover
from ci_toolkit.services.stack import StackRequest, acquire

__all__ = ["home", "project"]
pytest_plugins = ["isolation_fixtures"]


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    program(Protocol.CLICKHOUSE)
    request = StackRequest(services=("clickhouse",), provider=Provider.NATIVE, dynamic_ports=True)
    root = tmp_path_factory.mktemp("project")
    with acquire(request, BUILT_IN, Path(root), owner_pid=os.getpid(), report=print) as stack:
        server = stack.endpoint("clickhouse")
        ask(server, "CREATE TABLE test.events (user UInt32) ENGINE = Memory")
        yield server


def ask(server: Endpoint, sql: str) -> list[tuple[str, ...]]:
    with closing(ClickHouse(server)) as client:
        return client.query(sql)


@pytest.mark.parametrize("server_knows", [True, False], ids=["both sides", "one side"])
def test_postgresql(template: Endpoint, *, server_knows: bool) -> None:
    with (
        CuttingProxy(template) as proxy,
        WorkerDatabase(proxy.endpoint, run="0123abcd", worker="gw0") as worker,
        connect(template.with_database(worker.name)) as app,
    ):
        worker.clean(IsolationMode.ROLLBACK, test="the first test")
        for _ in range(2):
            app.query("INSERT INTO t1 (name) VALUES ('left')")
            assert proxy.cut(server_knows=server_knows) >= 2
            assert worker.clean(IsolationMode.ROLLBACK, test="a test").emptied == ("public.t1",)
            assert app.scalar("SELECT count(*) FROM t1") == "0"
            with Cluster(template) as another:
                assert another.sweep() == ()
        assert worker.clean(IsolationMode.ROLLBACK, test="the next test") == CleanUpReport()
        assert worker.generation == 0


def test_a_database_that_another_session_took_while_the_connection_was_cut_is_cloned_afresh(template: Endpoint) -> None:
    with CuttingProxy(template) as proxy, WorkerDatabase(proxy.endpoint, run="0123abcd", worker="gw0") as worker:
        worker.clean(IsolationMode.ROLLBACK, test="the first test")
        proxy.cut()
        with Cluster(template) as another:
            assert another.sweep() in {(worker.name,), ()}
        worker.clean(IsolationMode.ROLLBACK, test="a test")
        with connect(worker.endpoint) as app:
            assert app.scalar("SELECT count(*) FROM t1") == "0"


@pytest.mark.parametrize("server_knows", [True, False], ids=["both sides", "one side"])
def test_redis(redis: Endpoint, *, server_knows: bool) -> None:
    with (
        CuttingProxy(redis) as proxy,
        WorkerRedis(proxy.endpoint, run="0123abcd", worker="gw0") as worker,
        Redis(host=redis.host, port=redis.port, db=worker.number) as app,
    ):
        for _ in range(2):
            app.set("left", "behind")
            assert proxy.cut(server_knows=server_knows)
            worker.clean()
            assert app.dbsize() == 0


@pytest.mark.parametrize("statement", ["INSERT INTO {db}.events VALUES (1)", "DROP TABLE {db}.events"])
def test_clickhouse(clickhouse: Endpoint, statement: str) -> None:
    with CuttingProxy(clickhouse) as proxy, WorkerClickHouse(proxy.endpoint, run="0123abcd", worker="gw0") as worker:
        for _ in range(2):
            ask(clickhouse, statement.format(db=worker.name))
            assert proxy.cut()
            worker.clean()
            assert ask(clickhouse, f"SELECT count() FROM {worker.name}.events") == [("0",)]
        proxy.cut()
    assert ask(clickhouse, f"EXISTS TABLE {worker.name}.events") == [("0",)]


def test_an_error_in_cleaning_skips_no_other_store_and_is_made_up_for_before_the_next_test(
    template: Endpoint, redis: Endpoint, tmp_path: Path
) -> None:
    with CuttingProxy(redis) as proxy:
        at = {"postgresql": template, "redis": proxy.endpoint}
        rows = tuple(
            msgspec.structs.replace(
                row, credentials=at[row.name].credentials, ports=dict.fromkeys(row.ports, at[row.name].port)
            )
            for row in BUILT_IN.services
            if row.name in at
        )
        identity = WorkerIdentity(
            root=str(tmp_path),
            run="0123abcd",
            worker="gw0",
            owner=os.getpid(),
            handover=Handover(provider=Provider.EXTERNAL),
        )
        services = WorkerServices(msgspec.structs.replace(BUILT_IN, services=rows), identity, report=print)
        try:
            services.start_data_stores()
            with (
                connect(services.database.endpoint) as app,
                Redis(host=redis.host, port=redis.port, db=services.redis.number) as key_value,
            ):
                app.query("INSERT INTO t1 (name) VALUES ('left')")
                key_value.set("left", "behind")
                proxy.refuse()
                with pytest.raises(IsolationError, match=f"Redis at {proxy.endpoint.address} does not answer"):
                    services.clean(IsolationMode.TRUNCATE, test="the test")
                assert app.scalar("SELECT count(*) FROM t1") == "0"
                with pytest.raises(IsolationError, match="does not answer"):
                    services.clean_what_is_owed()
                proxy.accept()
                services.clean_what_is_owed()
                assert key_value.dbsize() == 0
        finally:
            services.close()


CUTS_ALL = """
import os, psycopg, redis
URLS = []

def pytest_runtest_makereport(call):
    if "DATABASE_URL" in os.environ:
        URLS[:] = [os.environ["DATABASE_URL"], os.environ["REDIS_URL"]]

def pytest_runtest_logfinish():
    with psycopg.connect(URLS[0].rpartition("/")[0] + "/postgres") as maintenance:
        maintenance.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    with redis.from_url(URLS[1]) as client:
        client.client_kill_filter(_type="normal", skipme=True)
"""
WRITE = """
import pytest
from models import User

@pytest.mark.parametrize("time", range(3))
async def test_async(real_services, time):
    real_services["db"].add(User(email="test@example.com"))
    await real_services["db"].commit()
    assert await real_services["db"].scalar("SELECT count(*) FROM users") == 1
    assert await real_services["redis"].incr("key") == 1

@pytest.mark.parametrize("time", range(3))
def test_sync(real_db_sync, real_redis_sync, time):
    real_db_sync.add(User(email="test@example.com"))
    real_db_sync.commit()
    assert real_db_sync.scalar("SELECT count(*) FROM users") == 1
    assert real_redis_sync.incr("key") == 1
"""


def test_no_test_feels_that_every_connection_was_cut_before_it(project: Project) -> None:
    project.write("conftest.py", CUTS_ALL)
    project.write("test_write.py", WRITE)
    assert "6 passed" in (output := project.run()), output
    assert "cloned afresh" not in output

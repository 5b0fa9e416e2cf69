"""Data stores that a test ends and starts again: they are in the same containers, with what was committed."""

import os
import signal
from contextlib import closing
from pathlib import Path

import pytest
import redis
from docker_lab import DockerLab, engine_with
from services_lab import wait_for

from ci_toolkit.isolation.clickhouse_http import ClickHouse
from ci_toolkit.isolation.errors import IsolationError
from ci_toolkit.services.catalog.table import BUILT_IN, ServiceEnvironment
from ci_toolkit.services.databases.connection import Connection
from ci_toolkit.services.databases.sql import SqlError
from ci_toolkit.services.errors import ServiceDiedError
from ci_toolkit.services.providers.docker.containers.leased_container import HELD
from ci_toolkit.services.started import Stack

STORES = ("postgresql", "redis", "clickhouse")


class Content:
    """What three stores hold, asked over a connection of its own each time."""

    def __init__(self, stack: Stack) -> None:
        self._postgresql, self._redis, self._clickhouse = map(stack.endpoint, STORES)

    def postgresql(self, sql: str) -> str | None:
        server = self._postgresql
        with Connection(server.host, server.port, server.credentials) as connection:
            return connection.scalar(sql)

    def redis(self) -> redis.Redis:
        return redis.from_url(self._redis.url(), decode_responses=True)

    def clickhouse(self, sql: str) -> list[tuple[str, ...]]:
        with closing(ClickHouse(self._clickhouse)) as client:
            return client.query(sql)


@pytest.mark.parametrize(
    ("environment", "by_force"), [(ServiceEnvironment.TEST, False), (ServiceEnvironment.TEST_ALPINE, True)]
)
def test_a_store_that_is_ended_and_started_again_has_what_was_committed(
    docker: DockerLab, environment: ServiceEnvironment, *, by_force: bool
) -> None:
    engine_with(BUILT_IN.service("clickhouse").image_for(environment)).close()
    with docker.acquire(*STORES, environment=environment) as stack:
        content, containers = Content(stack), docker.containers()
        content.postgresql("CREATE TABLE shop AS SELECT 42 AS price")
        content.clickhouse("CREATE TABLE shop (price UInt8) ENGINE = MergeTree ORDER BY price")
        content.clickhouse("INSERT INTO shop VALUES (42)")
        with content.redis() as client:
            client.set("price", 42)
        for store in STORES:
            stack.end(store, by_force=by_force)
            stack.end(store, by_force=by_force)  # it is down already
        with pytest.raises(SqlError):
            content.postgresql("SELECT 1")
        with pytest.raises(redis.ConnectionError), content.redis() as client:
            client.ping()
        with pytest.raises(IsolationError):
            content.clickhouse("SELECT 1")
        assert {said.partition(":")[0] for said in stack.health().values()} == {"stopped"}
        for store in STORES:
            stack.start_again(store)
        stack.check()
        assert content.postgresql("SELECT price FROM shop") == "42"
        assert content.clickhouse("SELECT price FROM shop") == [("42",)]
        with content.redis() as client:
            assert client.dbsize() == 0
        assert docker.containers() == containers
        assert all(HELD in docker.log(store).read_text() for store in STORES)
    docker.wait_until_nothing_is_left()


def test_a_store_that_runs_can_be_started_again_and_again(docker: DockerLab) -> None:
    with docker.acquire("redis") as stack:
        for _ in range(3):
            stack.start_again("redis")
        assert stack.health() == {"redis": "ready"}
        assert docker.log("redis").read_text().count(HELD) == 3
    docker.wait_until_nothing_is_left()


def test_kill_9_of_the_keeper_ends_the_container_of_a_store_that_is_down(docker: DockerLab) -> None:
    stack = docker.acquire("redis")
    stack.end("redis")
    (session,) = docker.lab.ready_sessions()
    os.kill(session.keeper.pid, signal.SIGKILL)
    docker.wait_until_nothing_is_left()


def test_a_store_whose_container_a_test_removed_cannot_come_back_and_the_error_says_so(docker: DockerLab) -> None:
    with docker.acquire("redis") as stack:
        docker.engine.api.remove_container(docker.containers()["redis"], force=True)
        wait_for(lambda: not docker.containers())
        with pytest.raises(ServiceDiedError, match="the container of redis is gone") as caught:
            stack.start_again("redis")
        assert "real_services.stop" in str(caught.value)
    docker.wait_until_nothing_is_left()


@pytest.mark.parametrize(
    ("kill", "said"), [("the server", "the server ended by signal 9"), ("the container", "the container is gone")]
)
def test_a_store_that_is_killed_in_its_container_is_named_and_its_log_in_the_bundle_says_how(
    docker: DockerLab, tmp_path: Path, kill: str, said: str
) -> None:
    with docker.acquire("redis") as stack:
        container = docker.containers()["redis"]
        if kill == "the server":
            command = docker.engine.api.exec_create(
                container, ["sh", "-c", "kill -KILL $(cat /proc/1/task/1/children)"]
            )
            docker.engine.api.exec_start(command["Id"])
        else:
            docker.engine.api.kill(container)
        wait_for(lambda: not docker.containers())
        with pytest.raises(ServiceDiedError, match=f"(?s)redis ended by itself.*Ready to accept.*{said}"):
            stack.check()
        (copy,) = stack.save_logs(tmp_path / "bundle")
        assert said in copy.read_text()
    docker.wait_until_nothing_is_left()

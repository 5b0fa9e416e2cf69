"""Whatever a test leaves in a Redis that is its worker's own, the next one does not see it."""

import shlex
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import RedisError

from ci_toolkit.isolation.own_redis import OwnRedis
from ci_toolkit.services.catalog.endpoint import Endpoint

pytest_plugins = ["isolation_fixtures"]


@pytest.fixture(scope="module")
def worker(redis: Endpoint) -> Iterator[OwnRedis]:
    with OwnRedis(redis) as made:
        yield made


def client(worker: OwnRedis) -> Redis:
    """One connection of the code under test."""
    where = worker.endpoint
    return Redis(host=where.host, port=where.port, single_connection_client=True, decode_responses=True)


def run(connection: Any, command: str) -> object:
    return connection.execute_command(*shlex.split(command))


def answer(worker: OwnRedis, question: str) -> object:
    with client(worker) as asks:
        said = run(asks, question)
    if isinstance(said, dict) and question.startswith("INFO"):
        return {name: value for name, value in said.items() if name in {"keyspace_hits", "role"} or name[:2] == "db"}
    if isinstance(said, dict) and "flags" in said:
        return said | {"flags": sorted({*said["flags"]} - {"sanitize-payload"})}  # which Redis 6 has unsaid at first
    return said


def has_functions(worker: OwnRedis) -> bool:
    with client(worker) as asks:
        return int(str(asks.info("server")["redis_version"]).partition(".")[0]) >= 7


KINDS: dict[str, tuple[tuple[str, ...], str]] = {
    "a string": (("SET key value",), "DBSIZE"),
    "a list": (("RPUSH key a b",), "EXISTS key"),
    "a set": (("SADD key a",), "EXISTS key"),
    "a sorted set": (("ZADD key 1 a",), "EXISTS key"),
    "a hash": (("HSET key a 1",), "EXISTS key"),
    "a stream and its group": (("XADD key * a 1", "XGROUP CREATE key group 0"), "EXISTS key"),
    "a counter": (("INCR key",), "EXISTS key"),
    "a key that expires": (("SET key value EX 100",), "TTL key"),
    "another database": (("SELECT 5", "SET key value"), "INFO keyspace"),
    "swapped databases": (("SET key value", "SWAPDB 0 7"), "INFO keyspace"),
    "a setting": (("CONFIG SET maxmemory 10000000",), "CONFIG GET maxmemory"),
    "a password": (("CONFIG SET requirepass secret",), "CONFIG GET requirepass"),
    "notifications": (("CONFIG SET notify-keyspace-events KEA",), "CONFIG GET notify-keyspace-events"),
    "a policy": (("CONFIG SET maxmemory-policy allkeys-lru",), "CONFIG GET maxmemory-policy"),
    "a setting, and the statistics that tell of it": (
        ("CONFIG SET maxmemory 10000000", "CONFIG RESETSTAT"),
        "CONFIG GET maxmemory",
    ),
    "a user, and the statistics and the slow log reset": (
        ("ACL SETUSER alice on", "CONFIG RESETSTAT", "SLOWLOG RESET"),
        "ACL USERS",
    ),
    "a script, and the statistics reset": (
        ("SCRIPT LOAD 'return 1'", "CONFIG RESETSTAT"),
        "SCRIPT EXISTS e0e1f9fabfc9d4800c877a703b823ac0578ff8db",
    ),
    "what was denied to a user": (
        ("ACL SETUSER default -get", "EVAL \"return redis.pcall('get', KEYS[1]) and 1\" 1 key"),
        "ACL LOG",
    ),
    "a function": (
        ("FUNCTION LOAD \"#!lua name=lib\nredis.register_function('f', function() return 1 end)\"",),
        "FUNCTION LIST",
    ),
    "a script": (("SCRIPT LOAD 'return 1'",), "SCRIPT EXISTS e0e1f9fabfc9d4800c877a703b823ac0578ff8db"),
    "a script that ran": (("EVAL 'return 1' 0",), "SCRIPT EXISTS e0e1f9fabfc9d4800c877a703b823ac0578ff8db"),
    "a user": (("ACL SETUSER alice on >pw ~* +@all",), "ACL USERS"),
    "another user's rights": (("ACL SETUSER default -flushall",), "ACL GETUSER default"),
    "a user who may nothing more": (("ACL SETUSER default -@all",), "ACL GETUSER default"),
    "a user who is switched off": (("ACL SETUSER default off",), "ACL GETUSER default"),
    "the toolkit's own user, gone": (("SET key value", "ACL DELUSER ci-toolkit"), "EXISTS key"),
    "the toolkit's own user, who may nothing more": (("SET key value", "ACL SETUSER ci-toolkit -@all"), "EXISTS key"),
    "a slow log": (("CONFIG SET slowlog-log-slower-than 0", "GET key"), "SLOWLOG LEN"),
    "statistics": (("SET key value", "GET key", "GET key"), "INFO stats"),
    "FLUSHALL": (("FLUSHALL",), "DBSIZE"),
    "every other connection ended": (("SET key value", "CLIENT KILL TYPE normal SKIPME yes"), "DBSIZE"),
    "another server's replica": (("REPLICAOF 127.0.0.1 1",), "INFO replication"),
    "writes that wait": (("CLIENT PAUSE 60000 WRITE",), "DBSIZE"),
}
"""What a test leaves, and the question by which the next one would notice."""


@pytest.mark.parametrize(("commands", "question"), KINDS.values(), ids=KINDS)
def test_what_a_test_leaves_the_next_one_does_not_see(
    worker: OwnRedis, commands: tuple[str, ...], question: str
) -> None:
    worker.clean()
    if commands[0].startswith("FUNCTION") and not has_functions(worker):
        pytest.skip("needs redis-server 7 or newer on PATH, such as Debian's redis-server")
    before = answer(worker, question)
    with client(worker) as leaves:
        for command in commands:
            run(leaves, command)
        leaves.close()
    worker.clean()
    assert answer(worker, question) == before
    with client(worker) as writes:
        assert writes.set("another", "key")


WAITING = [
    "BLPOP queue 0",
    "BRPOP queue 0",
    "BLMOVE queue other LEFT LEFT 0",
    "BZPOPMIN queue 0",
    "XREAD BLOCK 0 STREAMS queue $",
]


@pytest.mark.parametrize("command", WAITING)
def test_what_still_waits_after_its_test_takes_nothing_of_the_next_one(worker: OwnRedis, command: str) -> None:
    worker.clean()
    got: list[object] = []

    def wait() -> None:
        with client(worker) as waits:
            try:
                got.append(run(waits, command))
            except RedisError as error:
                got.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    with client(worker) as looks:
        while not any("b" in one["flags"] for one in looks.client_list()):
            pass
        worker.clean()
        thread.join(60)
        assert "UNBLOCKED" in str(got[0])
        looks.rpush("queue", "next")
        assert looks.llen("queue") == 1


def test_a_subscriber_that_was_left_counts_no_more(worker: OwnRedis) -> None:
    with client(worker) as leaves, leaves.pubsub() as subscriber, client(worker) as publishes:
        subscriber.subscribe("news")
        assert subscriber.get_message(timeout=60) is not None
        assert publishes.publish("news", "one") == 1
        worker.clean()
        assert publishes.publish("news", "two") == 0

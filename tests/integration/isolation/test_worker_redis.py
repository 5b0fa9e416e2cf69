"""Each worker has a logical Redis database of its own; nothing of anybody else's is ever emptied."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import msgspec
import pytest
from isolation_servers import redis_server
from redis import Redis
from redis.exceptions import RedisError

from ci_toolkit.isolation.errors import IsolationError, NoFreeDatabaseError
from ci_toolkit.isolation.worker_redis import WorkerRedis
from ci_toolkit.services.catalog.endpoint import Endpoint

HOLD = """
import sys, msgspec
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.isolation.worker_redis import WorkerRedis
worker = WorkerRedis(msgspec.json.decode(sys.argv[1], type=Endpoint), run="00000000", worker="gw0")
worker._client.set("left", "behind")
print(worker.number, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def small() -> Iterator[Endpoint]:
    with redis_server(databases=4) as endpoint:
        yield endpoint


def client(endpoint: Endpoint, number: int) -> Redis:
    return Redis(host=endpoint.host, port=endpoint.port, db=number)


def test_workers_do_not_meet_and_a_clean_up_empties_one_of_them(small: Endpoint) -> None:
    with (
        WorkerRedis(small, run="0123abcd", worker="gw0") as one,
        WorkerRedis(small, run="0123abcd", worker="gw1") as two,
        client(small, one.number) as first,
        client(small, two.number) as second,
    ):
        assert one.endpoint.url() == f"redis://127.0.0.1:{small.port}/{one.number}"
        first.set("key", "one")
        second.set("key", "two")
        one.clean()
        assert (first.get("key"), second.get("key")) == (None, b"two")
    with client(small, 1) as first, client(small, 2) as second:
        assert first.dbsize() == second.dbsize() == 0


def test_a_database_with_keys_of_a_person_is_passed_over_and_kept(small: Endpoint) -> None:
    with client(small, 1) as person, client(small, 0) as zero:
        person.set("precious", "yes")
        zero.set("precious", "yes")
        with WorkerRedis(small, run="0123abcd", worker="gw0") as worker:
            assert worker.number == 2
        assert (person.get("precious"), zero.get("precious")) == (b"yes", b"yes")


def test_when_all_are_taken_the_error_says_by_whom_and_what_to_do(small: Endpoint) -> None:
    with (
        WorkerRedis(small, run="0123abcd", worker="gw0"),
        WorkerRedis(small, run="0123abcd", worker="gw1"),
        client(small, 3) as person,
    ):
        person.set("precious", "yes")
        with pytest.raises(NoFreeDatabaseError) as caught:
            WorkerRedis(small, run="0123abcd", worker="gw2")
    assert "1: 0123abcd:gw0:pid-" in str(caught.value)
    assert "with keys of somebody else's: 3" in str(caught.value)
    assert "--databases 64" in str(caught.value)


def test_a_killed_workers_database_is_free_at_once_and_emptied_for_the_next(small: Endpoint) -> None:

    command = [sys.executable, "-c", HOLD, msgspec.json.encode(small).decode()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        number = int(other.stdout.readline())
        other.send_signal(signal.SIGKILL)
    with WorkerRedis(small, run="0123abcd", worker="gw0") as worker, client(small, worker.number) as next_one:
        assert worker.number == number
        assert next_one.dbsize() == 0


def test_after_its_connection_was_ended_it_empties_its_own_database_and_still_has_it(small: Endpoint) -> None:
    with WorkerRedis(small, run="0123abcd", worker="gw0") as worker, client(small, 0) as person:
        person.set("precious", "yes")
        with client(small, worker.number) as test:
            test.set("left", "behind")
            test.client_kill_filter(_type="normal", skipme=True)
        worker.clean()
        with client(small, worker.number) as next_test, WorkerRedis(small, run="0123abcd", worker="gw1") as other:
            assert next_test.dbsize() == 0
            assert other.number != worker.number
        assert person.get("precious") == b"yes"
    with client(small, 0) as person:
        assert person.get("precious") == b"yes"


def test_after_a_flushall_and_the_end_of_its_connection_it_still_has_its_database(small: Endpoint) -> None:
    with (
        WorkerRedis(small, run="0123abcd", worker="gw0") as worker,
        WorkerRedis(small, run="0123abcd", worker="gw1") as other,
        client(small, worker.number) as test,
    ):
        for _ in range(2):
            test.flushall()
            test.set("left", "behind")
            test.client_kill_filter(_type="normal", skipme=True)
            worker.clean()
            other.clean()
            assert test.dbsize() == 0


def test_what_still_waits_in_its_database_is_ended_and_in_no_other(small: Endpoint) -> None:
    with WorkerRedis(small, run="0123abcd", worker="gw0") as worker, client(small, 0) as looks:
        said: list[str] = []
        threads = [threading.Thread(target=wait, args=(small, number, said)) for number in (worker.number, 3)]
        for thread in threads:
            thread.start()
        while sum("b" in one["flags"] for one in looks.client_list()) < 2:
            pass
        worker.clean()
        threads[0].join(60)
        assert said == ["UNBLOCKED client unblocked via CLIENT UNBLOCK"]
        with client(small, 3) as elsewhere:
            elsewhere.rpush("queue", "meant for it")
        threads[1].join(60)
        assert said[1:] == ["(b'queue', b'meant for it')"]


def wait(server: Endpoint, number: int, said: list[str]) -> None:
    with client(server, number) as waits:
        try:
            said.append(str(waits.blpop(["queue"])))
        except RedisError as error:
            said.append(str(error))


def test_a_number_that_went_to_another_while_the_connection_was_lost_is_not_emptied(small: Endpoint) -> None:
    with WorkerRedis(small, run="0123abcd", worker="gw0") as worker, client(small, worker.number) as test:
        test.client_kill_filter(_type="normal", skipme=True)
        with WorkerRedis(small, run="0123abcd", worker="gw1") as other:
            assert other.number == worker.number
            test.set("others", "key")
            with pytest.raises(IsolationError, match="0123abcd:gw1"):
                worker.clean()
            worker.close()
            assert test.get("others") == b"key"

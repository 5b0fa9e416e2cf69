"""One worker's logical database on a Redis that others use too, emptied after each test.

Its number belongs to whoever has a connection with its name, so that kill -9 of the owner frees it. Only
databases that were found empty, or that a session before filled, are ever emptied: the others are a person's.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from redis.exceptions import ConnectionError, RedisError  # noqa: A004 (the client's own, no OSError)

from ci_toolkit.isolation.errors import IsolationError, NoFreeDatabaseError
from ci_toolkit.isolation.mode import NOBODY
from ci_toolkit.isolation.redis_clients import KeptKeys, connected, no_answer, others, release_waiting
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.closing import Closing

_OURS: Final = "ci-toolkit:databases"
"""In database 0: the numbers of the databases that were empty when a session took them."""
_LOCK: Final = "ci-toolkit:lock"
_LOCK_MILLISECONDS: Final = 5000
_NAME: Final = "ci-toolkit:database:"
_USUAL_NUMBER: Final = 16


class WorkerRedis(Closing):
    """A logical database that no other worker or run has. Closing it empties it and gives its number up."""

    def __init__(self, endpoint: Endpoint, *, run: str, worker: str) -> None:
        self._endpoint = endpoint
        self._holder = f"{run}:{worker}:pid-{os.getpid()}"
        self._is_open = self._is_held = False
        self._kept = KeptKeys()
        self._server = ""
        """The id of the server's process."""
        try:
            with self._only_one_chooses() as zero:
                self.number = self._choose(zero)
                self._client = self._hold(zero)
            self._is_open = self._is_held = True
            self.clean()
        except RedisError as error:
            self.close()
            raise IsolationError(
                f"cannot take a logical database on {endpoint.address}: {error}", advice="Look at the server's log."
            ) from error
        except BaseException:
            self.close()
            raise

    @property
    def endpoint(self) -> Endpoint:
        """Where this database answers."""
        return self._endpoint.with_database(str(self.number))

    def clean(self) -> None:
        """Remove every key of this database, and of no other. Raises IsolationError if it is no longer ours."""
        if self._is_held:
            try:
                self._empty()
            except RedisError:  # a test ended all clients, or the server did: with the name the number was free
                self._is_held = False
        if not self._is_held:
            try:
                self._reclaim()
                self._empty()
            except RedisError as error:
                raise no_answer(self._endpoint, error) from error

    def keep(self, fixture: str) -> None:
        """Have the keys that are there stay until ``let_go(fixture)``."""
        try:
            if self._client.dbsize() or self._kept.count:
                self._kept.keep(fixture, self._client, [self.number])
        except RedisError as error:
            raise no_answer(self._endpoint, error) from error

    def let_go(self, fixture: str) -> bool:
        """Have the next clean-up take out the keys of ``fixture``; return whether there are any."""
        return self._kept.let_go(fixture)

    def clean_again(self) -> str:
        """Clean what was written since the last clean-up; return who may have done it, ``""`` if nothing was."""
        try:
            if self._client.dbsize() <= self._kept.count:
                return ""
            found = others(self._client, number=self.number)
        except RedisError:  # which the next clean-up looks into
            return ""
        self.clean()
        return found or NOBODY

    def _empty(self) -> None:
        release_waiting(self._client, number=self.number)
        self._client.flushdb()
        self._kept.put_back(self._client)

    def close(self) -> None:
        """Empty the database and give its number up; safe to call twice."""
        if not self._is_open:
            return
        self._is_open = False
        self._kept = KeptKeys()
        try:
            self.clean()
            self._client.select(0)
            self._client.srem(_OURS, self.number)
        except (RedisError, IsolationError):
            pass  # the server has ended, and the database with it, or it is somebody else's by now
        finally:
            self._client.close()

    def _hold(self, zero: Any) -> Any:
        """Return the connection whose name says whose the number is; its settings survive a reconnect."""
        zero.sadd(_OURS, self.number)
        self._server = zero.info("server").get("run_id", "")
        return connected(self._endpoint, number=self.number, name=f"{_NAME}{self.number}:{self._holder}")

    def _reclaim(self) -> None:
        """Take the same number again after a lost connection. Raises IsolationError if it has become another's."""
        self._client.close()
        with self._only_one_chooses() as zero:
            holder = dict(_held(zero)).get(self.number, "")
            is_another_server = zero.info("server").get("run_id", "") != self._server
            # On the same server it was ours until the connection was lost, whatever a FLUSHALL forgot.
            is_strange = is_another_server and self.number in _filled(zero) - _ours(zero)
            if is_strange or holder not in {"", self._holder}:  # a proxy may have cut this side of ours alone
                raise IsolationError(
                    f"the connection to database {self.number} of the Redis at {self._endpoint.address} was lost, and"
                    f" the database is now {holder or 'used by somebody else'}; it was not emptied",
                    advice="A test that ends other clients (CLIENT KILL) or restarts the server needs one of its own.",
                )
            self._client = self._hold(zero)
        self._is_held = True

    def _choose(self, zero: Any) -> int:
        held = dict(_held(zero))
        filled = _filled(zero) - _ours(zero) - {0}
        databases = _databases(zero)
        for number in range(1, databases):
            if number not in held and number not in filled:
                return number
        raise self._none_free(databases, held, filled)

    def _none_free(self, databases: int, held: dict[int, str], filled: set[int]) -> NoFreeDatabaseError:
        who = "".join(f"\n  {number}: {holder}" for number, holder in sorted(held.items()))
        strange = f"\n  with keys of somebody else's: {', '.join(map(str, sorted(filled)))}" if filled else ""
        return NoFreeDatabaseError(
            f"none of the {databases} logical databases of the Redis at {self._endpoint.address} is free;"
            f" number 0 is never used{who}{strange}",
            advice="Use fewer workers, or start it with more: `redis-server --databases 64`.",
        )

    @contextmanager
    def _only_one_chooses(self) -> Iterator[Any]:
        """Yield a client of database 0 that has the lock."""
        deadline = time.monotonic() + 2 * _LOCK_MILLISECONDS / 1000
        with connected(self._endpoint) as zero:
            while not zero.set(_LOCK, self._holder, nx=True, px=_LOCK_MILLISECONDS):
                if time.monotonic() > deadline:
                    raise IsolationError(
                        f"the lock {_LOCK} on {self._endpoint.address} is not released",
                        advice=f"If no other run uses this Redis, delete it: `redis-cli -n 0 del {_LOCK}`.",
                    )
                time.sleep(0.005)  # between two questions; another worker holds it for a few milliseconds
            try:
                yield zero
            finally:
                zero.delete(_LOCK)


def _held(zero: Any) -> Iterator[tuple[int, str]]:
    for client in zero.client_list():
        name = client["name"]
        if name.startswith(_NAME):
            number, _, holder = name.removeprefix(_NAME).partition(":")
            yield int(number), holder


def _ours(zero: Any) -> set[int]:
    return {int(number) for number in zero.smembers(_OURS)}


def _filled(zero: Any) -> set[int]:
    return {int(name.removeprefix("db")) for name in zero.info("keyspace")}


def _databases(zero: Any) -> int:
    try:
        return int(zero.config_get("databases")["databases"])
    except ConnectionError:
        raise
    except (RedisError, KeyError):  # some servers of others keep that to themselves
        return _USUAL_NUMBER

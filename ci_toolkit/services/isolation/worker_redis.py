"""One worker's logical Redis database, emptied after each test.

Its number belongs to whoever has a connection with its name, so that kill -9 of the owner frees it. Only
databases that were found empty, or that a session before filled, are ever emptied: the others are a person's.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self

from redis import Redis
from redis.exceptions import RedisError

from ci_toolkit.services.endpoint import Endpoint
from ci_toolkit.services.errors import IsolationError, NoFreeDatabaseError

_OURS: Final = "ci-toolkit:databases"
"""In database 0: the numbers of the databases that were empty when a session took them."""
_LOCK: Final = "ci-toolkit:lock"
_LOCK_MILLISECONDS: Final = 5000
_NAME: Final = "ci-toolkit:database:"
_USUAL_NUMBER: Final = 16


class WorkerRedis:
    """A logical database that no other worker or run has. Closing it empties it and gives its number up."""

    def __init__(self, endpoint: Endpoint, *, run: str, worker: str) -> None:
        login = endpoint.credentials
        self._endpoint = endpoint
        self._holder = f"{run}:{worker}:pid-{os.getpid()}"
        self._client: Any = Redis(
            host=endpoint.host,
            port=endpoint.port,
            username=login.user or None,
            password=login.password or None,
            single_connection_client=True,
        )
        try:
            with self._only_one_chooses():
                self.number = self._claim()
            self.clean()
        except RedisError as error:
            self._client.close()
            raise IsolationError(
                f"cannot take a logical database on {endpoint.address}: {error}", advice="Look at the server's log."
            ) from error
        except BaseException:
            self._client.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def endpoint(self) -> Endpoint:
        """Where this database answers."""
        return self._endpoint.with_database(str(self.number))

    def clean(self) -> None:
        """Remove every key of this database, and of no other."""
        self._client.flushdb()

    def close(self) -> None:
        """Empty the database and give its number up."""
        try:
            self.clean()
            self._client.select(0)
            self._client.srem(_OURS, self.number)
        except RedisError:
            pass  # the server has ended, and the database with it
        finally:
            self._client.close()

    def _claim(self) -> int:
        held = dict(self._held())
        ours = {int(number) for number in self._client.smembers(_OURS)}
        filled = self._filled() - ours - {0}
        databases = self._databases()
        for number in range(1, databases):
            if number not in held and number not in filled:
                self._client.client_setname(f"{_NAME}{number}:{self._holder}")
                self._client.sadd(_OURS, number)
                self._client.select(number)
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

    def _held(self) -> Iterator[tuple[int, str]]:
        for client in self._client.client_list():
            name = client["name"]
            if name.startswith(_NAME):
                number, _, holder = name.removeprefix(_NAME).partition(":")
                yield int(number), holder

    def _filled(self) -> set[int]:
        return {int(name.removeprefix("db")) for name in self._client.info("keyspace")}

    def _databases(self) -> int:
        try:
            return int(self._client.config_get("databases")["databases"])
        except (RedisError, KeyError):  # some servers of others keep that to themselves
            return _USUAL_NUMBER

    @contextmanager
    def _only_one_chooses(self) -> Iterator[None]:
        deadline = time.monotonic() + 2 * _LOCK_MILLISECONDS / 1000
        while not self._client.set(_LOCK, self._holder, nx=True, px=_LOCK_MILLISECONDS):
            if time.monotonic() > deadline:
                raise IsolationError(f"the lock {_LOCK} on {self._endpoint.address} is never given back")
            time.sleep(0.005)  # between two questions; another worker holds it for a few milliseconds
        try:
            yield
        finally:
            self._let_others_choose()

    def _let_others_choose(self) -> None:
        chosen = getattr(self, "number", None)
        self._client.select(0)
        self._client.delete(_LOCK)
        if chosen is not None:
            self._client.select(chosen)

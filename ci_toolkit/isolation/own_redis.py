"""A Redis server that one worker has for itself: after each test it is as it was when the worker got it.

What a test can change beside keys is rare, and reading all of it takes longer than emptying the server. So the
server's own statistics say which commands were called, and only what these can have changed is looked at.
"""

import re
import secrets
from contextlib import suppress
from typing import Any, Final

from redis.exceptions import (
    ConnectionError,  # noqa: A004 (the client's own, no OSError)
    NoPermissionError,
    RedisError,
)
from redis.utils import str_if_bytes

from ci_toolkit.isolation.mode import NOBODY
from ci_toolkit.isolation.redis_clients import OWN_NAME, KeptKeys, connected, no_answer, others, release_waiting
from ci_toolkit.model.record import Record
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.catalog.table import Credentials
from ci_toolkit.services.closing import Closing

_USER: Final = "ci-toolkit"
"""Its own, so that no change to the rights of the others locks the clean-up out."""
_CALLS: Final = re.compile(rb"^cmdstat_([a-z_]+)(?:\|[a-z-]+)?:calls=(\d+)", re.MULTILINE)
_KEYS: Final = re.compile(rb"^db(\d+):keys=(\d+)", re.MULTILINE)
_OF_SCRIPTS: Final = frozenset({b"eval", b"eval_ro", b"evalsha", b"evalsha_ro", b"script"})
_OF_SETTINGS: Final = frozenset({b"acl", b"function", b"replicaof", b"slaveof", b"debug", b"latency"})
_MARKS: Final = 7
_OWN_CALLS: Final = {b"config": 1, b"slowlog": _MARKS}
"""What a clean-up itself calls once its statistics are at zero; anything else means that a test has reset them.

So often that no test comes to the same number.
"""


class _Settings(Record, frozen=True, kw_only=True):
    """What a server holds beside keys."""

    config: dict[bytes, bytes]
    users: dict[str, str]
    """The rules of each, by name."""
    functions: bytes


class OwnRedis(Closing):
    """A whole server. Closing it leaves the server to who started it."""

    number: Final = 0

    def __init__(self, endpoint: Endpoint) -> None:
        self._kept = KeptKeys()
        self.endpoint = endpoint.with_database(str(self.number))
        self._open()

    def reopen(self) -> None:
        """Connect anew after a restart, which forgot everything; what was kept is there again."""
        self._client.close()
        self._open()

    def _open(self) -> None:
        self._login = Credentials(user=_USER, password=secrets.token_hex())
        try:
            self._admit()
            self._client = connected(self.endpoint, login=self._login, name=OWN_NAME)
            self._initial = _read(self._client)
            self._restore()
        except RedisError as error:
            raise no_answer(self.endpoint, error) from error

    def clean(self) -> None:
        """Empty every database, let go of who still waits, and set back what else was changed."""
        try:
            with suppress(ConnectionError, NoPermissionError):
                return self._restore()
            with suppress(ConnectionError, NoPermissionError):  # a test ended all clients: the next command opens one
                return self._restore()
            self._admit()  # or it deleted the toolkit's user, or took its rights
            return self._restore()
        except RedisError as error:
            raise no_answer(self.endpoint, error) from error

    def _admit(self) -> None:
        """Make the toolkit's user, by whom a test's own code comes in."""
        with connected(self.endpoint) as anybody:
            rules = ("reset", "on", f">{self._login.password}", "~*", "&*", "+@all")
            anybody.execute_command("ACL SETUSER", self._login.user, *rules)

    def keep(self, fixture: str) -> None:
        """Have the keys that are there stay until ``let_go(fixture)``."""
        try:
            if self._keys() or self._kept.count:
                self._kept.keep(fixture, self._client, self._keys())
                self._client.execute_command("SELECT", self.number)
        except RedisError as error:
            raise no_answer(self.endpoint, error) from error

    def let_go(self, fixture: str) -> bool:
        """Have the next clean-up take out the keys of ``fixture``; return whether there are any."""
        return self._kept.let_go(fixture)

    def _keys(self) -> dict[int, int]:
        """Return how many keys each database has."""
        found = _KEYS.findall(self._client.execute_command("INFO keyspace"))
        return {int(number): int(keys) for number, keys in found}

    def clean_again(self) -> str:
        """Clean what was written since the last clean-up; return who may have done it, ``""`` if nothing was."""
        try:
            if sum(self._keys().values()) <= self._kept.count:
                return ""
            found = others(self._client)
        except RedisError:  # which the next clean-up looks into
            return ""
        self.clean()
        return found or NOBODY

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _restore(self) -> None:
        self._client.execute_command("CLIENT UNPAUSE")
        release_waiting(self._client)
        called = self._calls()
        are_whole = all(called.get(name) == calls for name, calls in _OWN_CALLS.items())
        if not are_whole or not called.keys().isdisjoint(_OF_SCRIPTS):
            self._client.script_flush()
        if not are_whole or not called.keys().isdisjoint(_OF_SETTINGS):
            self._set_back()
        with self._client.pipeline(transaction=False) as all_at_once:
            all_at_once.flushall()
            all_at_once.execute()
        if self._kept.count:
            self._kept.put_back(self._client)
            self._client.execute_command("SELECT", self.number)
        with self._client.pipeline(transaction=False) as all_at_once:
            all_at_once.acl_log_reset()
            all_at_once.config_resetstat()
            for _ in range(_MARKS):
                all_at_once.slowlog_reset()
            all_at_once.execute()

    def _calls(self) -> dict[bytes, int]:
        """Return how often each command was called since the last clean-up."""
        called: dict[bytes, int] = {}
        for name, calls in _CALLS.findall(self._client.execute_command("INFO commandstats")):
            called[name] = called.get(name, 0) + int(calls)
        return called

    def _set_back(self) -> None:
        if b"master_host" in self._client.execute_command("INFO replication"):
            self._client.execute_command("REPLICAOF", "NO", "ONE")
        now = _read(self._client)
        for name, value in self._initial.config.items():
            if now.config.get(name) != value:
                self._client.execute_command("CONFIG SET", name, value)
        for user in now.users.keys() - self._initial.users.keys():
            self._client.execute_command("ACL DELUSER", user)
        for user, rules in self._initial.users.items():
            if now.users.get(user) != rules:
                self._client.execute_command("ACL SETUSER", user, "reset", *rules.split())
        if now.functions != self._initial.functions:
            self._client.execute_command("FUNCTION RESTORE", self._initial.functions, "FLUSH")


def _read(connection: Any) -> _Settings:
    # A command with its words in one string is one that the client does not know, and whose answer it does not parse.
    config = iter(connection.execute_command("CONFIG GET *"))
    rules = (str_if_bytes(line).split(" ", 2) for line in connection.execute_command("ACL LIST"))
    try:
        functions = connection.execute_command("FUNCTION DUMP")
    except ConnectionError:
        raise
    except RedisError:  # before Redis 7 there are none
        functions = b""
    return _Settings(
        config=dict(zip(config, config, strict=True)),
        users={name: rule for _, name, rule in rules},
        functions=functions,
    )

"""The toolkit's own connections to Redis, and what they do about those that a test left."""

from collections.abc import Iterable
from typing import Any, Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from ci_toolkit.isolation.errors import IsolationError
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.catalog.table import Credentials

OWN_NAME: Final = "ci-toolkit"
"""Begins the name of each of the toolkit's own connections."""
_SECONDS: Final = 30
"""How long an answer may take: a connection that something on the way has forgotten gives none."""
_BLOCKED: Final = "b"
_LISTENS: Final = frozenset("PO")
"""The flags of a subscriber and of a monitor."""


def connected(endpoint: Endpoint, *, number: int = 0, name: str | None = None, login: Credentials | None = None) -> Any:
    """Return a client of one connection: a command on a lost one raises ConnectionError, whatever comes next."""
    login = login or endpoint.credentials
    return Redis(
        host=endpoint.host,
        port=endpoint.port,
        username=login.user or None,
        password=login.password or None,
        db=number,
        client_name=name,
        socket_timeout=_SECONDS,
        single_connection_client=True,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )


def no_answer(endpoint: Endpoint, error: RedisError) -> IsolationError:
    """Return the error for a Redis that cannot be cleaned."""
    return IsolationError(
        f"the Redis at {endpoint.address} does not answer: {error}",
        advice="Look into its log, and for a test that stops it, pauses its clients or changes its logins.",
    )


def release_waiting(connection: Any, *, number: int | None = None) -> None:
    """End what waits for keys or messages, in the database ``number`` or in all: it would take the next test's.

    One that waits gets an error rather than a broken connection, which a client would answer by waiting anew.
    """
    for client in connection.client_list():
        if number is not None and client["db"] != str(number):
            continue
        if _BLOCKED in client["flags"]:
            connection.execute_command("CLIENT UNBLOCK", client["id"], "ERROR")
        elif not _LISTENS.isdisjoint(client["flags"]):
            connection.execute_command("CLIENT KILL", "ID", client["id"])


def others(connection: Any, *, number: int | None = None) -> str:
    """Return who else is connected, to the database ``number`` or to any, each with its last command."""
    return "; ".join(
        f"{client['name'] or 'a client without a name'} at {client['addr']}, which last ran {client['cmd']}"
        for client in connection.client_list()
        if not client["name"].startswith(OWN_NAME) and number in {None, int(client["db"])}
    )


_Keys = dict[int, list[tuple[bytes, int, bytes]]]
"""By database: each key with its time to live in milliseconds, 0 for none, and its value as DUMP gives it."""


def _without(keys: _Keys, gone: _Keys, below: _Keys) -> _Keys:
    """Return ``keys`` without what ``gone`` had written on top of ``below``, where nobody has changed it again."""
    found: _Keys = {}
    for number in keys.keys() | below.keys():
        now, after, before = ({one[0]: one for one in each.get(number, ())} for each in (keys, gone, below))
        for key in now.keys() | before.keys():
            is_as_it_left_it = now.get(key, ())[2:] == after.get(key, ())[2:]
            chosen = before.get(key) if is_as_it_left_it else now.get(key)
            if chosen is not None:
                found.setdefault(number, []).append(chosen)
    return found


class KeptKeys:
    """The keys that fixtures of wider scopes than a test wrote, and that stay until these end."""

    def __init__(self) -> None:
        self._kept: list[tuple[str, _Keys]] = []

    @property
    def count(self) -> int:
        """How many keys a clean-up leaves."""
        return sum(map(len, self._kept[-1][1].values())) if self._kept else 0

    def keep(self, fixture: str, reader: Any, numbers: Iterable[int]) -> None:
        """Remember every key of these databases; ``reader`` is a connection of its own, left in another database."""
        found = {number: _read_keys(reader, number) for number in numbers}
        if any(found.values()) or self._kept:
            self._kept.append((fixture, found))

    def let_go(self, fixture: str) -> bool:
        """Forget what ``fixture`` had, and return whether it had anything; what came after stays without it."""
        for at, (name, gone) in enumerate(self._kept):
            if name == fixture:
                below = self._kept[at - 1][1] if at else {}
                later = [(other, _without(keys, gone, below)) for other, keys in self._kept[at + 1 :]]
                self._kept[at:] = later
                return True
        return False

    def put_back(self, writer: Any) -> None:
        """Write the keys anew; ``writer`` is left in another database."""
        for number, keys in self._kept[-1][1].items() if self._kept else ():
            with writer.pipeline(transaction=False) as all_at_once:
                all_at_once.execute_command("SELECT", number)
                for key, milliseconds, value in keys:
                    all_at_once.restore(key, milliseconds, value)
                all_at_once.execute()


def _read_keys(reader: Any, number: int) -> list[tuple[bytes, int, bytes]]:
    reader.execute_command("SELECT", number)
    keys = list(reader.scan_iter(count=1000))
    with reader.pipeline(transaction=False) as all_at_once:
        for key in keys:
            all_at_once.pttl(key)
            all_at_once.dump(key)
        answers = all_at_once.execute()
    pairs = zip(keys, answers[::2], answers[1::2], strict=True)
    return [(key, max(milliseconds, 0), value) for key, milliseconds, value in pairs if value is not None]

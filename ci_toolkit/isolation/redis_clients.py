"""The toolkit's own connections to Redis, and what they do about those that a test left."""

from typing import Any, Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.catalog.table import Credentials

OWN_NAME: Final = "ci-toolkit"
"""Begins the name of each of the toolkit's own connections."""
NOBODY: Final = "somebody who has left"
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

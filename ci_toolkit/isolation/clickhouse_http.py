"""Statements for ClickHouse over HTTP, which is the server's own documented interface.

Not by clickhouse-connect: version 1.12 cannot connect to the server that Debian packages (18.16, which the native
provider runs and whose system.settings has no column "readonly"), and takes 240 ms of processor time to import.
"""

import http.client
from http import HTTPStatus
from urllib.parse import urlencode

from ci_toolkit.isolation.errors import IsolationError, NoAnswerError
from ci_toolkit.services.catalog.endpoint import Endpoint

_SECONDS = 30
Row = tuple[str, ...]


class ClickHouse:
    """A server, asked from its default database: names in statements carry theirs."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        login = endpoint.credentials
        self._headers = {"X-ClickHouse-User": login.user, "X-ClickHouse-Key": login.password} if login.user else {}
        self._connection = http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=_SECONDS)

    def query(self, sql: str) -> list[Row]:
        """Run one statement and return the rows as text. Raises IsolationError in the server's words.

        Raises NoAnswerError where the connection broke: then nobody knows whether the statement was run.
        """
        path = f"/?{urlencode({'default_format': 'TabSeparatedRaw'})}"
        try:
            self._connection.request("POST", path, sql.encode(), self._headers)
            response = self._connection.getresponse()
            body = response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            kind = IsolationError if isinstance(error, TimeoutError) else NoAnswerError
            raise kind(
                f"ClickHouse at {self._endpoint.address} does not answer: {error}",
                advice="Look into its log, and for a test that stops it or leaves long queries.",
            ) from error
        if response.status != HTTPStatus.OK:
            raise IsolationError(
                f"ClickHouse at {self._endpoint.address} refuses {sql[:80]!r}: {body.strip()[:300]}",
                advice="Correct what its words name: rights of the row's user, or a table that cannot be copied.",
            )
        return [tuple(line.split("\t")) for line in body.splitlines()]

    def close(self) -> None:
        """Close the connection; the next statement opens another one."""
        self._connection.close()


def name(identifier: str) -> str:
    """Return ``identifier`` quoted."""
    return "`" + identifier.replace("\\", "\\\\").replace("`", "\\`") + "`"


def text(value: str) -> str:
    """Return ``value`` as a string of SQL."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

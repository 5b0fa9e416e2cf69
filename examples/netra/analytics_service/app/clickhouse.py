"""ClickHouse over its own HTTP interface.

Not by clickhouse-connect, which cannot talk to the server that Debian packages (18.16).
"""

import json
import re
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

Row = dict[str, Any]
_SECONDS = 10
_UNKNOWN_TABLE = "60"
_CODE = re.compile(r"Code: (\d+)")


class StoreError(Exception):
    """ClickHouse does not answer, or refuses."""


class TableMissingError(StoreError):
    """The database has not been migrated."""


class ClickHouse:
    """One database of a server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._client = httpx.AsyncClient(
            base_url=f"http://{parts.hostname}:{parts.port or 8123}",
            headers={
                "X-ClickHouse-User": unquote(parts.username or "default"),
                "X-ClickHouse-Key": unquote(parts.password or ""),
            },
            params={"database": unquote(parts.path.lstrip("/")) or "default"},
            timeout=_SECONDS,
            trust_env=False,  # a proxy of the shell's does not lead to our store
        )

    async def query(self, sql: str, data: str = "") -> list[Row]:
        """Run one statement, with rows for an INSERT in ``data``; return what it selects. Raises StoreError."""
        try:
            answer = await self._client.post("/", params={"query": sql}, content=data.encode())
        except httpx.HTTPError as error:
            raise StoreError(f"ClickHouse does not answer: {type(error).__name__} {error}".rstrip()) from error
        if answer.status_code != HTTPStatus.OK:
            code = _CODE.search(answer.text)
            kind = TableMissingError if code and code[1] == _UNKNOWN_TABLE else StoreError
            # Its own words quote what it was sent, which may be another user's; they stand in its log.
            raise kind(f"ClickHouse refuses: HTTP {answer.status_code}, code {code[1] if code else 'unknown'}")
        return [json.loads(line) for line in answer.text.splitlines()]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def text(value: str) -> str:
    """Return ``value`` as a string of SQL, whatever it holds."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

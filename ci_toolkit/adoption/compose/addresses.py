"""Finds the addresses of other services in a variable, and writes them as the table's placeholders.

In compose's network a service is found by its name; on this machine it is found by what `{NAME_url}` stands for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ci_toolkit.services.catalog.placeholders import literal
from ci_toolkit.services.catalog.table import Protocol

_SCHEMES: Final = {
    Protocol.POSTGRESQL: frozenset({"postgresql", "postgres"}),
    Protocol.REDIS: frozenset({"redis"}),
    Protocol.CLICKHOUSE: frozenset({"clickhouse"}),
    Protocol.HTTP: frozenset({"http"}),
    Protocol.WEBSOCKET: frozenset({"http"}),
}
_WEB_PORT: Final = 80
_URL: Final = re.compile(r"([a-z][a-z0-9+.-]*)://(?:([^/@\s]*)@)?([\w.-]+)(?::(\d{1,5}))?(/[^\s?#]*)?(.*)", re.DOTALL)
_NAMES_A_HOST: Final = re.compile(
    r"(?:.*_)?(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS|ENDPOINT|NODE|BROKER|URL|URI)S?", re.IGNORECASE
)
"""Of a variable: a value that is a service's name may also be a user or a database that is called so."""
_HOST: Final = re.compile(r"(?<![\w./@-])([A-Za-z][\w.-]*)(?::(\d{1,5}))?(?![\w.-])")


@dataclass(frozen=True, slots=True)
class Address:
    """Where another service is found."""

    row: str
    """Its row in the table."""
    protocol: Protocol
    target: int
    """Its port inside the container, the one that the row has."""

    def answers_at(self, port: str | None) -> bool:
        """Whether ``port`` of compose's network is the one that the row has; without one, a protocol's own is meant."""
        return int(port) == self.target if port else self.protocol.is_data_store or self.target == _WEB_PORT

    @property
    def word(self) -> str:
        """How placeholders call it."""
        return self.row.lower().replace("-", "_")


def with_placeholders(name: str, value: str, known: Mapping[str, Address], hosts: frozenset[str]) -> str | None:
    """Return ``value`` of the variable ``name`` with placeholders for addresses of services; None where none fits.

    ``known`` are services of the table by their names in compose's network, ``hosts`` all the names there.
    """
    kept = literal(value)
    url = _URL.fullmatch(kept)
    if url and url[3] in hosts:
        return _as_url(url, known.get(url[3]))
    bare = _HOST.fullmatch(kept)
    if bare and bare[1] in hosts and (bare[2] or _NAMES_A_HOST.fullmatch(name)):
        return _as_host(known.get(bare[1]), bare[2])
    names_one = any(host in hosts for host in re.findall(r"(?:@|//|,)([\w.-]+):\d", kept))
    return None if names_one else kept


def _as_host(address: Address | None, port: str | None) -> str | None:
    if address is None or (port and not address.answers_at(port)):
        return None
    return f"{{{address.word}_host}}" + (f":{{{address.word}_port}}" if port else "")


def _as_url(url: "re.Match[str]", address: Address | None) -> str | None:
    scheme, login, port, path = url[1], url[2], url[4], url[5] or ""
    if address is None or url[6] or not address.answers_at(port):
        return None
    if scheme in _SCHEMES[address.protocol]:
        is_lost = address.protocol is Protocol.REDIS and path not in {"", "/", "/0"}  # a worker has one database
        is_web = not address.protocol.is_data_store
        return None if is_lost else f"{{{address.word}_url}}{path if is_web else ''}"
    if address.protocol.is_data_store or scheme in {"https", "wss"}:
        return None
    return f"{scheme}://{login + '@' if login else ''}{{{address.word}_host}}:{{{address.word}_port}}{path}"

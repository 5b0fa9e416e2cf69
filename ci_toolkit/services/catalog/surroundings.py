"""What of a developer's shell would lead a client elsewhere than to our servers, and what is set in its place.

Sources: PostgreSQL's manual, "Environment Variables" of libpq; what curl, requests and httpx read of proxies.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from ci_toolkit.services.catalog.endpoint import LOOPBACK

LIBPQ: Final = frozenset({
    "PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE", "PGSYSCONFDIR", "PGPASSFILE", "PGOPTIONS", "PGAPPNAME",
    "PGSSLMODE", "PGREQUIRESSL", "PGSSLNEGOTIATION", "PGSSLCOMPRESSION", "PGSSLCERT", "PGSSLKEY", "PGSSLCERTMODE",
    "PGSSLROOTCERT", "PGSSLCRL", "PGSSLCRLDIR", "PGSSLSNI", "PGSSLMINPROTOCOLVERSION", "PGSSLMAXPROTOCOLVERSION",
    "PGMINPROTOCOLVERSION", "PGMAXPROTOCOLVERSION", "PGREQUIREAUTH", "PGREQUIREPEER", "PGCHANNELBINDING",
    "PGGSSENCMODE", "PGGSSLIB", "PGGSSDELEGATION", "PGKRBSRVNAME", "PGREALM", "PGTARGETSESSIONATTRS",
    "PGLOADBALANCEHOSTS", "PGCONNECT_TIMEOUT", "PGCLIENTENCODING", "PGDATESTYLE", "PGTZ", "PGGEQO",
})  # fmt: skip
"""What libpq takes for whatever a connection does not say itself; host, port and login, we set."""
_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")
_NO_PROXY: Final = "no_proxy"
_HERE: Final = (LOOPBACK, "localhost", "::1")
_CHANGING: Final = threading.Lock()
_hidden: Final[dict[str, str]] = {}
_hiding: Final[list[object]] = []
"""Who opens a connection now: whoever is the last to be done lets the variables be seen again."""


def corrections(environment: Mapping[str, str]) -> dict[str, str | None]:
    """Return what to change in ``environment`` so that clients reach servers of this machine as they are; None removes.

    Proxies stay, for everything but this machine.
    """
    changed: dict[str, str | None] = dict.fromkeys(sorted(LIBPQ & environment.keys()))
    return changed | _past_proxies(environment)


def _past_proxies(environment: Mapping[str, str]) -> dict[str, str | None]:
    if not any(environment.get(name) or environment.get(name.upper()) for name in _PROXIES):
        return {}
    told = environment.get(_NO_PROXY) or environment.get(_NO_PROXY.upper()) or ""
    hosts = [host.strip() for host in told.split(",") if host.strip()]
    missing = [host for host in _HERE if host not in hosts]
    if "*" in hosts or not missing:
        return {}
    value = ",".join([*hosts, *missing])
    return {_NO_PROXY: value, _NO_PROXY.upper(): value}


def corrected(environment: Mapping[str, str]) -> dict[str, str]:
    """Return ``environment`` with its corrections, for a child process."""
    changed = corrections(environment)
    kept = {name: value for name, value in environment.items() if name not in changed}
    return kept | {name: value for name, value in changed.items() if value is not None}


def correct(environment: "os._Environ[str]" = os.environ) -> None:
    """Correct this process's own environment for good."""
    for name, value in corrections(environment).items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value


@contextmanager
def without_libpq_variables() -> Iterator[None]:
    """Hide from libpq what it would read of this process's environment, as long as connections are opened."""
    me = object()
    with _CHANGING:
        _hiding.append(me)
        _hidden.update({name: os.environ.pop(name) for name in LIBPQ & os.environ.keys()})
    try:
        yield
    finally:
        with _CHANGING:
            _hiding.remove(me)
            if not _hiding:
                os.environ.update(_hidden)
                _hidden.clear()

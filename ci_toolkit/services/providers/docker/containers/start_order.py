"""Decides whose container starts first: an engine that starts two at once takes twice as long for each.

So those whose servers take long to their first answer go first, and the others start while these get ready.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ci_toolkit.services.catalog.table import Protocol

_SLOW: Final = frozenset({Protocol.POSTGRESQL, Protocol.CLICKHOUSE})
_change: Final = threading.Condition()
_coming: list[Protocol] = []
"""The slow ones of this process whose containers have not started yet."""


@contextmanager
def announced(protocol: Protocol) -> Iterator[None]:
    """Let quick servers wait while the context lasts, if ``protocol`` is a slow one's: it ends with the start."""
    if protocol not in _SLOW:
        yield
        return
    with _change:
        _coming.append(protocol)
    try:
        yield
    finally:
        with _change:
            _coming.remove(protocol)
            _change.notify_all()


def wait_for_slower(protocol: Protocol) -> None:
    """Wait until no slow server is about to start, unless ``protocol`` is a slow one's."""
    if protocol not in _SLOW:
        with _change:
            _change.wait_for(lambda: not _coming)

"""The jobs that fill a worker's data stores, and need nothing else: their work is part of what every test finds."""

from collections.abc import Callable

from ci_toolkit.services.catalog.order import start_order, stores_of
from ci_toolkit.services.catalog.table import Protocol, Table


class FillingJobs:
    """The jobs of a table that still have to fill the stores of this worker."""

    def __init__(self, table: Table) -> None:
        self._waiting: dict[str, tuple[Protocol, ...]] = {}
        rows = {row.name: row for row in table.services}
        for name in start_order(table.services).static_order():
            stores = stores_of(table, name) if rows[name].protocol is Protocol.JOB else None
            if stores:
                kinds = (row.protocol for row in stores if row == table.first(row.protocol))
                self._waiting[name] = tuple(kinds)

    def run_those_of(self, store: Protocol, run: Callable[[str, tuple[Protocol, ...]], None]) -> None:
        """Call ``run`` for each job that fills ``store``, with all the stores that it fills; a failed one waits again.

        A store is opened before a test can write to it, and so are all that a job of it fills.
        """
        for name, stores in list(self._waiting.items()):
            if store in stores and name in self._waiting:  # one that needs it may have run it meanwhile
                del self._waiting[name]
                try:
                    run(name, stores)
                except BaseException:
                    self._waiting[name] = stores
                    raise

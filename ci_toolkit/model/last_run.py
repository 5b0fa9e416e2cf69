"""What the last runs left to be run again: shape of ``last-run.json``."""

from ci_toolkit.model.record import Record

LAST_RUN_SCHEMA = 1


class LastRun(Record, frozen=True, kw_only=True):
    """Node ids of the tests, classes and files that did not pass when they were last run, each sorted."""

    schema: int = LAST_RUN_SCHEMA
    failed: tuple[str, ...] = ()
    """Failures and errors."""
    unsure: tuple[str, ...] = ()
    """Lost or flaky."""

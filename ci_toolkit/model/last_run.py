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
    ahead: tuple[str, ...] = ()
    """What the last stepwise run stopped at, and what it had not come to; empty where it came to its end."""
    ahead_of: str = ""
    """The digest of the suite that this run was of."""


class Steps(Record, frozen=True, kw_only=True):
    """What a stepwise run has to know at its end, so that the next one goes on from there."""

    suite: str
    """The digest of the suite: of other tests, nobody knows which are ahead."""
    passed_over: tuple[str, ...] = ()
    """Tests that failed before, and are not come back to."""

"""What the last runs left to be run again: shape of ``last-run.json``."""

from enum import StrEnum

from ci_toolkit.model.record import Record

LAST_RUN_SCHEMA = 1


class OfLastRun(StrEnum):
    """Which tests of the last run somebody asks for."""

    NOTHING = ""
    LAST_FAILED = "last-failed"
    """Those that failed; the whole suite where none did, as pytest's ``--lf``."""
    LAST_FAILED_ALONE = "last-failed-alone"
    """Those that failed, and nothing where none did, as pytest's ``--lf --lfnf none``."""
    FAILED_FIRST = "failed-first"
    """The whole suite, in each shard those that failed first, as pytest's ``--ff``."""
    FAILED = "failed"
    """Those that failed, were lost or were flaky, and nothing where there are none."""
    STEPWISE = "stepwise"
    """What the last stepwise run stopped at and did not come to; the whole suite where it came to its end."""
    STEPWISE_SKIP = "stepwise-skip"
    """The same, and the next one does not come back to what failed before."""
    STEPWISE_RESET = "stepwise-reset"
    """The whole suite, as the first of such runs."""

    @property
    def is_stepwise(self) -> bool:
        """Whether the run ends at a failure, and the next one goes on from there."""
        return self in {OfLastRun.STEPWISE, OfLastRun.STEPWISE_SKIP, OfLastRun.STEPWISE_RESET}


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

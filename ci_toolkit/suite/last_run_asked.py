"""In pytest: what the suite's own options ask of the last run, which the plan knows and a shard's cache does not."""

import pytest

from ci_toolkit.model.last_run import OfLastRun

OF_LAST_RUN: pytest.StashKey[OfLastRun] = pytest.StashKey()


def leave_the_last_run_to_the_plan(config: pytest.Config) -> None:
    """Note what ``--lf`` and ``--ff`` ask for, and switch them off. For before pytest's cache is configured."""
    config.stash[OF_LAST_RUN] = _asked(config)
    for attribute in ("lf", "failedfirst"):
        if getattr(config.option, attribute, False):  # not there with `-p no:cacheprovider`
            setattr(config.option, attribute, False)


def _asked(config: pytest.Config) -> OfLastRun:
    if getattr(config.option, "lf", False):
        is_alone = config.option.last_failed_no_failures == "none"
        return OfLastRun.LAST_FAILED_ALONE if is_alone else OfLastRun.LAST_FAILED
    return OfLastRun.FAILED_FIRST if getattr(config.option, "failedfirst", False) else OfLastRun.NOTHING

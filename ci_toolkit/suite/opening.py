"""In pytest: the first record of a journal, which says what runs the tests."""

import platform
from collections.abc import Iterator

import pytest

from ci_toolkit.model.environment import Environment
from ci_toolkit.model.journal import JOURNAL_SCHEMA, Opened
from ci_toolkit.model.task import ShardTask
from ci_toolkit.suite.clock import Clock
from ci_toolkit.suite.coverage_settings import COVERAGE_SETTINGS
from ci_toolkit.suite.originals import Originals
from ci_toolkit.suite.own_reports import OWN_REPORTS


def opened(task: ShardTask, worker: str, config: pytest.Config, clock: Clock) -> Opened:
    """Return the record that opens the journal of ``worker``."""
    return Opened(
        schema=JOURNAL_SCHEMA,
        plan_id=task.plan_id,
        shard=task.shard,
        attempt=task.attempt,
        worker=worker,
        pid=Originals.getpid(),
        at=clock.epoch_seconds(),
        environment=environment(config),
        coverage=config.stash.get(COVERAGE_SETTINGS, None),
        own_reports=config.stash.get(OWN_REPORTS, ()),
        seeds=tuple(_seeds(config)),
    )


_SEEDS = (("randomly_seed", "--randomly-seed"), ("random_order_seed", "--random-order-seed"))
"""(attribute of pytest's options, option) of pytest-randomly and pytest-random-order, which make up a seed."""


def _seeds(config: pytest.Config) -> Iterator[str]:
    for attribute, option in _SEEDS:
        value = str(getattr(config.option, attribute, None) or "")
        if value.isalnum():
            yield f"{option}={value}"


def environment(config: pytest.Config) -> Environment:
    """Return what runs the tests, without anything that could be a secret."""
    plugins = {f"{dist.project_name}-{dist.version}" for _, dist in config.pluginmanager.list_plugin_distinfo()}
    return Environment(
        python=platform.python_version(),
        implementation=platform.python_implementation(),
        platform=platform.platform(),
        pytest=pytest.__version__,
        plugins=tuple(sorted(plugins)),
    )

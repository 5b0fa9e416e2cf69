"""In pytest: the first record of a journal, which says what runs the tests."""

import os
import platform
import time

import pytest

from ci_toolkit.model.journal import JOURNAL_SCHEMA, Environment, Opened
from ci_toolkit.model.task import ShardTask


def opened(task: ShardTask, worker: str, config: pytest.Config) -> Opened:
    """Return the record that opens the journal of ``worker``."""
    return Opened(
        schema=JOURNAL_SCHEMA,
        plan_id=task.plan_id,
        shard=task.shard,
        attempt=task.attempt,
        worker=worker,
        pid=os.getpid(),
        at=time.time(),
        environment=environment(config),
    )


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

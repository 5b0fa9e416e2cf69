"""Reads the task of this pytest process and registers the plugin that does it."""

import os
import sys
import time
from pathlib import Path

import msgspec
import pytest

from ci_toolkit.model.task import CollectTask, FindTask, ShardTask, Task
from ci_toolkit.suite.coverage_settings import leave_judging_coverage_to_the_merge, measure_what_the_suite_names
from ci_toolkit.suite.garbage import LooksSeldom
from ci_toolkit.suite.last_run_asked import leave_the_last_run_to_the_plan
from ci_toolkit.suite.moved_sources import lead_to_the_tree
from ci_toolkit.suite.other_sharding import refuse_other_sharding
from ci_toolkit.suite.own_reports import leave_own_reports_to_the_merge
from ci_toolkit.suite.running_coverage import core_for_contexts
from ci_toolkit.suite.snapshots import leave_judging_snapshots_to_the_merge
from ci_toolkit.suite.warnings_heard import leave_judging_warnings_to_the_merge
from ci_toolkit.suite.without_tests import refuse_to_run_no_test


def look_at_options(task_file: str, config: pytest.Config) -> None:
    """Set right what a plugin would take from the options before any conftest file is loaded."""
    refuse_to_run_no_test(config)
    task = _read(task_file)
    _look_seldom_for_garbage(task, config)
    if not isinstance(task, ShardTask):
        return
    if task.moved is not None:
        lead_to_the_tree(*task.moved)
    if task.coverage_by_category or task.apart:
        os.environ.update(core_for_contexts(os.environ, sys.version_info[:2]))
    if task.measures_coverage:
        measure_what_the_suite_names(config)


def _look_seldom_for_garbage(task: Task, config: pytest.Config) -> None:
    looks = LooksSeldom()
    if isinstance(task, ShardTask):  # a listing has no tests before which to change that back
        config.pluginmanager.register(looks, "ci-toolkit-looks-seldom")


def _read(task_file: str) -> Task:
    task: Task = msgspec.json.decode(Path(task_file).read_bytes(), type=Task)
    return task


def take_up(task_file: str, config: pytest.Config) -> None:
    """Register the plugin for the task in ``task_file``."""
    task = _read(task_file)
    if not hasattr(config, "workerinput"):  # xdist's workers have their options from the controller
        since = task.wall_seconds if isinstance(task, ShardTask) else time.time()
        leave_own_reports_to_the_merge(config, Path(task.parts), since=since)
    else:
        _look_seldom_for_garbage(task, config)
    leave_the_last_run_to_the_plan(config)
    leave_judging_coverage_to_the_merge(config)
    leave_judging_snapshots_to_the_merge(config)
    leave_judging_warnings_to_the_merge(config)
    refuse_other_sharding(config)
    for category in task.categories:
        config.addinivalue_line("markers", f"{category.marker}: a test of the category {category.name}")
    # A process imports what its own task needs: there are three of them beside the one that pytest would be.
    if isinstance(task, FindTask):
        from ci_toolkit.suite.find_plugin import FindPlugin

        config.pluginmanager.register(FindPlugin(task, config), "ci-toolkit-find")
        return
    if isinstance(task, CollectTask):
        from ci_toolkit.suite.collect_plugin import CollectPlugin

        config.pluginmanager.register(CollectPlugin(task, config), "ci-toolkit-collect")
        return
    from ci_toolkit.suite.shard_assignment import take_up_shard

    take_up_shard(task, task_file, config)

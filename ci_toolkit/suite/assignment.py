"""Reads the task of this pytest process and registers the plugin that does it."""

import os
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_toolkit.model.task import SERVICES_FAILURES_VARIABLE, CollectTask, FindTask, ShardTask, Task
from ci_toolkit.suite.arguments import arguments_with
from ci_toolkit.suite.collect_plugin import CollectPlugin
from ci_toolkit.suite.coverage_file import CoverageFileGuard
from ci_toolkit.suite.coverage_settings import leave_judging_coverage_to_the_merge, measure_what_the_suite_names
from ci_toolkit.suite.find_plugin import FindPlugin
from ci_toolkit.suite.moved_sources import lead_to_the_base
from ci_toolkit.suite.other_sharding import refuse_other_sharding
from ci_toolkit.suite.own_reports import leave_own_reports_to_the_merge
from ci_toolkit.suite.selection import owned_files
from ci_toolkit.suite.shard_plugin import ShardPlugin
from ci_toolkit.suite.snapshots import leave_judging_snapshots_to_the_merge
from ci_toolkit.suite.task_variable import HASH_SEED, SHARD_PLUGIN, VARIABLE
from ci_toolkit.suite.watchers import ControllerPlugin, die_with_parent


def look_at_options(task_file: str, config: pytest.Config) -> None:
    """Set right what a plugin would take from the options before any conftest file is loaded."""
    task = _read(task_file)
    if not isinstance(task, ShardTask):
        return
    if task.moved is not None:
        lead_to_the_base(*task.moved)
    if task.measures_coverage:
        measure_what_the_suite_names(config)


def _read(task_file: str) -> Task:
    task: Task = msgspec.json.decode(Path(task_file).read_bytes(), type=Task)
    return task


_FAILURES_FILE: pytest.StashKey[str] = pytest.StashKey()


def take_up(task_file: str, config: pytest.Config) -> None:
    """Register the plugin for the task in ``task_file``."""
    task = _read(task_file)
    if not hasattr(config, "workerinput"):  # xdist's workers have their options from the controller
        since = task.wall_seconds if isinstance(task, ShardTask) else time.time()
        leave_own_reports_to_the_merge(config, Path(task.parts), since=since)
    leave_judging_coverage_to_the_merge(config)
    leave_judging_snapshots_to_the_merge(config)
    refuse_other_sharding(config)
    for category in task.categories:
        config.addinivalue_line("markers", f"{category.marker}: a test of the category {category.name}")
    if isinstance(task, FindTask):
        config.pluginmanager.register(FindPlugin(task, config), "ci-toolkit-find")
        return
    if isinstance(task, CollectTask):
        config.pluginmanager.register(CollectPlugin(task, config), "ci-toolkit-collect")
        return
    config.stash[_FAILURES_FILE] = os.environ.pop(SERVICES_FAILURES_VARIABLE, "")
    worker = getattr(config, "workerinput", {}).get("workerid", "")
    die_with_parent(task.supervisor if not worker else os.getppid())
    config.args = arguments_with(owned_files(task), config)  # xdist hands them to its workers
    if not worker:  # xdist gives each worker a folder below its controller's
        _take_own_folder_for_temporary_files(config, task)
    if not worker and getattr(config.option, "dist", "no") != "no":
        config.pluginmanager.register(ControllerPlugin(task, config), SHARD_PLUGIN)
    else:  # where tests run; xdist's workers inherit their controller's variables, so that one keeps ours
        if task.hash_seed:
            os.environ.pop(HASH_SEED, None)
        config.pluginmanager.register(ShardPlugin(task, config, worker=worker or "main"), SHARD_PLUGIN)
        guard = CoverageFileGuard(task.coverage_file)
        config.pluginmanager.register(guard, "ci-toolkit-coverage-file")
        if not worker:
            guard.give_back_early()
    if config.pluginmanager.has_plugin("xdist"):
        config.pluginmanager.register(_PassTaskOn(task_file), "ci-toolkit-pass-task-on")


def services_failures_file(config: pytest.Config) -> str:
    """Return the file that takes the failures of services, or ``""`` where no run asks for them."""
    return config.stash.get(_FAILURES_FILE, "")


def shard_task(config: pytest.Config) -> ShardTask | None:
    """Return the task of this pytest process, or of the xdist worker's controller, if it runs a shard."""
    plugin = config.pluginmanager.get_plugin(SHARD_PLUGIN)
    return plugin.task if isinstance(plugin, ShardPlugin | ControllerPlugin) else None


def _take_own_folder_for_temporary_files(config: pytest.Config, task: ShardTask) -> None:
    # pytest empties the folder of --basetemp when it first needs one: under the other shards' feet.
    shared = getattr(config.option, "basetemp", None)  # not there with `-p no:tmpdir`
    if shared:
        folder = config.invocation_params.dir / shared / f"shard-{task.shard}-{task.attempt}"
        folder.parent.mkdir(parents=True, exist_ok=True)
        config.option.basetemp = str(folder)


class _PassTaskOn:
    """Gives xdist's workers the task, which the environment no longer holds."""

    def __init__(self, task_file: str) -> None:
        self.task_file = task_file

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Add the task to what the worker is told."""
        node.workerinput[VARIABLE] = self.task_file

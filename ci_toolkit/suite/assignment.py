"""Reads the task of this pytest process and registers the plugin that does it."""

import importlib.util
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_toolkit.model.task import SERVICES_FAILURES_VARIABLE, CollectTask, FindTask, ShardTask, Task
from ci_toolkit.suite.collect_plugin import CollectPlugin
from ci_toolkit.suite.coverage_file import CoverageFileGuard
from ci_toolkit.suite.coverage_settings import leave_judging_coverage_to_the_merge, measure_what_the_suite_names
from ci_toolkit.suite.find_plugin import FindPlugin
from ci_toolkit.suite.own_reports import leave_own_reports_to_the_merge
from ci_toolkit.suite.selection import owned_files, owned_folders
from ci_toolkit.suite.shard_plugin import ShardPlugin
from ci_toolkit.suite.snapshots import leave_judging_snapshots_to_the_merge
from ci_toolkit.suite.task_variable import SHARD_PLUGIN, VARIABLE
from ci_toolkit.suite.watchers import ControllerPlugin, die_with_parent


def look_at_options(task_file: str, config: pytest.Config) -> None:
    """Set right what a plugin would take from the options before any conftest file is loaded."""
    task = _read(task_file)
    if isinstance(task, ShardTask) and task.measures_coverage:
        measure_what_the_suite_names(config)


def _read(task_file: str) -> Task:
    task: Task = msgspec.json.decode(Path(task_file).read_bytes(), type=Task)
    return task


_FAILURES_FILE: pytest.StashKey[str] = pytest.StashKey()


def take_up(task_file: str, config: pytest.Config) -> None:
    """Register the plugin for the task in ``task_file``."""
    task = _read(task_file)
    leave_own_reports_to_the_merge(config)
    leave_judging_coverage_to_the_merge(config)
    leave_judging_snapshots_to_the_merge(config)
    if isinstance(task, FindTask):
        config.args = [argument.partition("::")[0] for argument in config.args]  # files, not tests in them
        config.pluginmanager.register(FindPlugin(task, config), "ci-toolkit-find")
        return
    if isinstance(task, CollectTask):
        config.pluginmanager.register(CollectPlugin(task, config), "ci-toolkit-collect")
        return
    config.stash[_FAILURES_FILE] = os.environ.pop(SERVICES_FAILURES_VARIABLE, "")
    worker = getattr(config, "workerinput", {}).get("workerid", "")
    for category in task.categories:
        config.addinivalue_line("markers", f"{category.marker}: a test of the category {category.name}")
    die_with_parent(task.supervisor if not worker else os.getppid())
    config.args = _arguments_with_our_files(config, task)
    if not worker:  # xdist gives each worker a folder below its controller's
        _take_own_folder_for_temporary_files(config, task)
    if not worker and getattr(config.option, "dist", "no") != "no":
        config.pluginmanager.register(ControllerPlugin(task, config), SHARD_PLUGIN)
    else:  # where tests run; xdist's workers inherit their controller's variables, so that one keeps ours
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


def _arguments_with_our_files(config: pytest.Config, task: ShardTask) -> list[str]:
    # Set here, not on the command line: the root, the ini file and the first conftest files are then
    # found exactly as in a plain run. pytest rejects an argument in which nothing is collected.
    ours = set(owned_folders(owned_files(task))) | owned_files(task)
    return [argument for argument in config.args if _place_of(argument, config) in ours]


def _place_of(argument: str, config: pytest.Config) -> str:
    path = argument.partition("::")[0]
    place = os.path.normpath(config.invocation_params.dir / path)
    if config.option.pyargs and not Path(place).exists():
        spec = importlib.util.find_spec(path)
        if spec is not None:
            return os.path.normpath((spec.submodule_search_locations or [str(spec.origin)])[0])
    return place


def _take_own_folder_for_temporary_files(config: pytest.Config, task: ShardTask) -> None:
    # pytest empties the folder of --basetemp when it first needs one: under the other shards' feet.
    shared = config.option.basetemp
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

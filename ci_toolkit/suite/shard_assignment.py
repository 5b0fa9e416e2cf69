"""Makes this pytest process one that runs tests of a shard, or the controller of xdist's workers that do."""

import os
from typing import Any

import pytest

from ci_toolkit.model.task import SERVICES_FAILURES_VARIABLE, ShardTask
from ci_toolkit.suite.arguments import ALL_ARGUMENTS, arguments_with
from ci_toolkit.suite.coverage_file import CoverageFileGuard
from ci_toolkit.suite.reaching_hooks import reaching_folders
from ci_toolkit.suite.selection import owned_files
from ci_toolkit.suite.shard_plugin import ShardPlugin
from ci_toolkit.suite.task_variable import HASH_SEED, SHARD_PLUGIN, VARIABLE
from ci_toolkit.suite.watchers import ControllerPlugin, die_with_parent

_FAILURES_FILE: pytest.StashKey[str] = pytest.StashKey()
_ARGUMENTS = "ci_toolkit_arguments"


def take_up_shard(task: ShardTask, task_file: str, config: pytest.Config) -> None:
    """Register the plugins that run and record the tests of ``task``, which ``task_file`` holds."""
    config.stash[_FAILURES_FILE] = os.environ.pop(SERVICES_FAILURES_VARIABLE, "")
    told = getattr(config, "workerinput", {})
    worker = told.get("workerid", "")
    die_with_parent(task.supervisor if not worker else os.getppid())
    config.stash[ALL_ARGUMENTS] = tuple(told.get(_ARGUMENTS, config.args))
    config.args = arguments_with(owned_files(task) | reaching_folders(task), config)  # xdist hands them to its workers
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
        config.pluginmanager.register(_PassTaskOn(task_file, config.stash[ALL_ARGUMENTS]), "ci-toolkit-pass-task-on")


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

    def __init__(self, task_file: str, arguments: tuple[str, ...]) -> None:
        self.task_file = task_file
        self._arguments = list(arguments)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Add the task, and all arguments, to what the worker is told."""
        node.workerinput[VARIABLE] = self.task_file
        node.workerinput[_ARGUMENTS] = self._arguments

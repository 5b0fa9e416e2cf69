"""The pytest plugin of a shard: silent until a ci-toolkit command gives this process a task."""

import os
import warnings
from collections.abc import Generator

import pytest

import ci_toolkit.suite.originals  # noqa: F401 (before any conftest file can replace what it holds)
from ci_toolkit.suite.task_variable import VARIABLE

# Kept light on purpose, with all it imports: pytest loads it at every start in every project with ci-toolkit installed.
_XDIST_WORKER = "PYTEST_XDIST_WORKER"
_UNSET_LOOP_SCOPE = 'The configuration option "asyncio_default_fixture_loop_scope" is unset'


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Let pytest know the folder that we give to its cache, where ``-p no:cacheprovider`` leaves it without one."""
    if (VARIABLE in os.environ or _XDIST_WORKER in os.environ) and pluginmanager.is_blocked("cacheprovider"):
        parser.addini("cache_dir", "of a cache that is switched off")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Look at the options of a process with a task before other plugins begin to work by them."""
    task_file = os.environ.get(VARIABLE)
    if task_file is not None:
        from ci_toolkit.suite.assignment import look_at_options

        look_at_options(task_file, early_config)
    yield


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take up the task that the environment, or xdist's controller, names; a second call finds none."""
    if config.pluginmanager.has_plugin("asyncio"):
        # pytest-asyncio, which our extra installs, warns of a setting that the host never made, and so ends every
        # suite whose warnings are errors. While tests run, the host's own filters stand in front of this one.
        warnings.filterwarnings("ignore", _UNSET_LOOP_SCOPE, pytest.PytestDeprecationWarning)
    worker_input = getattr(config, "workerinput", None)
    source = os.environ if worker_input is None else worker_input
    task_file = source.pop(VARIABLE, None)
    if task_file is not None:
        from ci_toolkit.suite.assignment import take_up

        take_up(task_file, config)

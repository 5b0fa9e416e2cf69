"""The pytest plugin: silent until a ci-toolkit command gives this process a task, or the project adopts ci-toolkit."""

import os
import re
import warnings
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import ci_toolkit.suite.originals  # noqa: F401 (before any conftest file can replace what it holds)
from ci_toolkit.suite.task_variable import VARIABLE

# Kept light on purpose, with all it imports: pytest loads it at every start in every project with ci-toolkit installed.
_FRAMEWORK = "ci_toolkit.test_framework.plugin"
"""The guide's markers and fixtures. By name: the test framework stands above this room."""
_UNSET_LOOP_SCOPE = 'The configuration option "asyncio_default_fixture_loop_scope" is unset'
DYNAMIC_PORTS = "--dynamic-ports"
_SERVICES_REPORT = "ci_toolkit.test_framework.services_report"
SERVICES_REPORT = "ci-toolkit-services-report"
"""The plugin's name, and what a worker passes on to the controller's."""
_ADOPTED = re.compile(rb"""^\s*\[+\s*tool\s*\.\s*["']?ci-toolkit["']?\s*[.\]]""", re.MULTILINE)


@pytest.hookimpl(trylast=True)
def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser) -> None:
    """Add our option in a project that has adopted ci-toolkit, unless its conftest files have one of that name."""
    if is_adopted(early_config.rootpath):
        told = "real services on free ports in place of the table's, so that two runs at once do not meet"
        with suppress(ValueError):
            parser.getgroup("ci-toolkit").addoption(DYNAMIC_PORTS, action="store_true", default=False, help=told)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take up the task that the environment, or xdist's controller, names; bring in the fixtures."""
    if config.pluginmanager.has_plugin("asyncio"):
        # pytest-asyncio, which our extra installs, warns of a setting that the host never made, and so ends every
        # suite whose warnings are errors. While tests run, the host's own filters stand in front of this one.
        warnings.filterwarnings("ignore", _UNSET_LOOP_SCOPE, pytest.PytestDeprecationWarning)
    worker_input = getattr(config, "workerinput", None)
    source = os.environ if worker_input is None else worker_input
    task_file = source.pop(VARIABLE, None)
    if task_file is not None:
        from ci_toolkit.suite.assignment import take_up  # noqa: PLC0415 (only where there is a task)

        take_up(task_file, config)
    if is_adopted(config.rootpath) and not config.pluginmanager.has_plugin(_FRAMEWORK):
        config.pluginmanager.register(import_module(_FRAMEWORK), _FRAMEWORK)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear what a worker says of its services, also where the fixtures came by import and the controller has none."""
    output = getattr(node, "workeroutput", {})
    if SERVICES_REPORT in output and not node.config.pluginmanager.has_plugin(SERVICES_REPORT):
        import_module(_SERVICES_REPORT).services_report(node.config).pytest_testnodedown(node)


def is_adopted(root: Path) -> bool:
    """Whether the project around ``root`` has a ``[tool.ci-toolkit]`` section in its ``pyproject.toml``."""
    for folder in (root, *root.parents):
        pyproject = folder / "pyproject.toml"
        if pyproject.is_file():
            return _ADOPTED.search(pyproject.read_bytes()) is not None
        if (folder / ".git").exists():
            return False
    return False

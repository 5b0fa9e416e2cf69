"""The pytest plugin that brings in the guide's fixtures and markers where the project has adopted ci-toolkit."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ci_toolkit.suite import plugin as suite_plugin
from ci_toolkit.test_framework.names import DYNAMIC_PORTS, SERVICES_REPORT

# Kept light on purpose, with all it imports: pytest loads it at every start in every project with ci-toolkit installed.
_MAIN_PLUGIN = "ci-toolkit"
"""The entry point of the suite's plugin: `-p no:ci-toolkit` turns this one off too."""
_FRAMEWORK = "ci_toolkit.test_framework.plugin"
_ADOPTED = re.compile(rb"""^\s*\[+\s*tool\s*\.\s*["']?ci-toolkit["']?\s*[.\]]""", re.MULTILINE)


@pytest.hookimpl(trylast=True)
def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser) -> None:
    """Add our option in a project that has adopted ci-toolkit, unless its conftest files have one of that name."""
    if _is_wanted(early_config):
        text = "run real services on free ports instead of the table's, so that two runs at once do not collide"
        with suppress(ValueError):
            parser.getgroup("ci-toolkit").addoption(DYNAMIC_PORTS, action="store_true", default=False, help=text)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the fixtures in a project that has adopted ci-toolkit, after the plugin of the shard's task."""
    if _is_wanted(config):
        suite_plugin.pytest_configure(config)  # else the order of the entry points would decide whose hooks run first
        if not config.pluginmanager.has_plugin(_FRAMEWORK):
            from ci_toolkit.test_framework import plugin

            config.pluginmanager.register(plugin, _FRAMEWORK)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave a host that has not adopted ci-toolkit as it was before our extra brought a plugin that reruns tests."""
    if session.config.pluginmanager.has_plugin("rerunfailures") and not _is_wanted(session.config):
        from ci_toolkit.test_framework.reruns import take_away_if_unasked

        take_away_if_unasked(session.config, session.items)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Read what a worker reports of its services; the controller has no report where the fixtures were imported."""
    plugins = node.config.pluginmanager
    if SERVICES_REPORT in getattr(node, "workeroutput", {}) and not plugins.has_plugin(SERVICES_REPORT):
        from ci_toolkit.test_framework.services_report import services_report

        services_report(node.config).pytest_testnodedown(node)


def is_adopted(root: Path) -> bool:
    """Whether the project around ``root`` has a ``[tool.ci-toolkit]`` section in its ``pyproject.toml``."""
    for folder in (root, *root.parents):
        pyproject = folder / "pyproject.toml"
        if pyproject.is_file():
            return _ADOPTED.search(pyproject.read_bytes()) is not None
        if (folder / ".git").exists():
            return False
    return False


def _is_wanted(config: pytest.Config) -> bool:
    return not config.pluginmanager.is_blocked(_MAIN_PLUGIN) and is_adopted(config.rootpath)

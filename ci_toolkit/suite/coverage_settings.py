"""In pytest: takes from pytest-cov what only the whole run can answer, so that no shard judges its part by it."""

import os
from pathlib import Path
from typing import Any

import pytest

from ci_toolkit.model.own_settings import CoverageSettings
from ci_toolkit.suite.ini_values import ini_value
from ci_toolkit.suite.task_variable import COVERAGE_OPTION

COVERAGE_SETTINGS: pytest.StashKey[CoverageSettings] = pytest.StashKey()
_FINDS_ITS_OWN = ".coveragerc"
"""pytest-cov's default for ``--cov-config``, by which coverage looks into every file that can hold its settings."""


def leave_judging_coverage_to_the_merge(config: pytest.Config) -> None:
    """Note what pytest-cov is told about the whole run, and take it from pytest-cov.

    One shard's coverage is a part of the whole: a threshold would fail it, a report would mislead.
    """
    if not hasattr(config.option, "cov_fail_under"):
        return
    plugin = config.pluginmanager.get_plugin("_cov")
    if plugin is not None and not getattr(config.option, "no_cov", False):
        config.stash[COVERAGE_SETTINGS] = _settings(config, plugin)
    # pytest-cov decides by the options as they were before the conftest files, xdist's workers get the later ones.
    for options in filter(None, (config.option, getattr(plugin, "options", None))):
        options.cov_fail_under = None
        options.cov_report = {}


def measure_what_the_suite_names(config: pytest.Config) -> None:
    """Take our own ``--cov`` away where the suite has ``--cov=PACKAGE``, beside which it would measure every file.

    For before the conftest files, when pytest-cov begins to measure.
    """
    options, told = config.known_args_namespace, config.invocation_params
    sources = list(getattr(options, "cov_source", None) or ())
    if True not in sources or len(sources) == 1:
        return
    sources.remove(True)
    options.cov_source = sources
    args = list(told.args)  # from which xdist's workers read their options
    args.remove(COVERAGE_OPTION)  # the first is ours: the suite's own arguments follow it
    config.invocation_params = pytest.Config.InvocationParams(args=args, plugins=told.plugins, dir=told.dir)


def _settings(config: pytest.Config, plugin: Any) -> CoverageSettings:
    file = str(plugin.options.cov_config)
    here = str(config.invocation_params.dir)
    if Path(file).is_absolute() and Path(file).is_relative_to(here):
        file = os.path.relpath(file, here)
    return CoverageSettings(
        config_file="" if file == _FINDS_ITS_OWN else file,
        pythonpath=tuple(os.path.relpath(path, here) for path in ini_value(config, "pythonpath", ())),
        fail_under=float(plugin.options.cov_fail_under or 0.0),
        precision=int(getattr(plugin.options, "cov_precision", None) or 0),
        asked_by=_where_it_stands(config, plugin),
    )


def _where_it_stands(config: pytest.Config, plugin: Any) -> str:
    if not plugin.options.cov_fail_under:
        return ""
    if config.option.cov_fail_under is not None and config.option is not plugin.options:
        return "--cov-fail-under"
    measuring = getattr(plugin.cov_controller, "cov", None)
    file = getattr(getattr(measuring, "config", None), "config_file", None)
    return f"fail_under in {os.path.relpath(file, config.invocation_params.dir)}" if file else "fail_under"

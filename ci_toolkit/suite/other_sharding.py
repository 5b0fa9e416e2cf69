"""In pytest: refuses options that run a part of the suite, which is chosen by its place in the whole."""

import pytest

from ci_toolkit.suite.ini_values import ini_value

_OPTIONS = (
    ("splits", "--splits"),  # pytest-split
    ("num_shards", "--num-shards"),  # pytest-shard
    ("test-group-count", "--test-group-count"),  # pytest-test-groups
)
"""(attribute of pytest's options, option) of those that say into how many parts."""


_WORKERS = ("workers", "tests_per_worker")
_PARALLEL = ("parallel", "pytest_parallel")
"""pytest-parallel, by its entry point and by ``-p``."""


def refuse_other_sharding(config: pytest.Config) -> None:
    """Raise pytest.UsageError where pytest or a plugin would take its part of what each shard has."""
    reason = _reason(config)
    if reason:
        raise pytest.UsageError(reason)


def _reason(config: pytest.Config) -> str:
    if getattr(config.option, "dist", "no") == "each":
        return (
            "--dist each runs every test once a worker, and a test has one outcome in a run: take another way to "
            "distribute, such as --dist load, and one run for each interpreter."
        )
    if getattr(config.option, "stepwise", False):
        return (
            "--stepwise in addopts ends each shard at its own first failure, and none knows where the last run ended: "
            "leave it out there. `ci-toolkit run --sw` steps through the whole suite."
        )
    if any(map(config.pluginmanager.has_plugin, _PARALLEL)) and any(_said(config, name) for name in _WORKERS):
        return (
            "--workers and --tests-per-worker of pytest-parallel run tests in processes and threads of which pytest "
            "hears afterwards, so that no shard can record them as they run: leave it out. `ci-toolkit run --shards N` "
            "and pytest-xdist run tests side by side."
        )
    for attribute, option in _OPTIONS:
        parts = getattr(config.option, attribute, None)
        if parts is not None and int(parts) > 1:
            return (
                f"{option} {parts} takes a part of the tests by their place in the whole suite, and a shard has its "
                f"own tests only: leave it out. `ci-toolkit run --shards {parts}` runs the suite in as many parts."
            )
    return ""


def _said(config: pytest.Config, name: str) -> object:
    return getattr(config.option, name, None) or ini_value(config, name, "")

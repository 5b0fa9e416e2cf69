"""In pytest: refuses what stands in the suite's settings and lets no test run."""

import os
import shlex

import pytest

from ci_toolkit.model.pytest_options import RUNS_NO_TEST


def refuse_to_run_no_test(config: pytest.Config) -> None:
    """Raise pytest.UsageError where ``addopts`` or the environment has such an option."""
    places = {"addopts": config.getini("addopts"), "PYTEST_ADDOPTS": shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))}
    for place, words in places.items():
        for option in set(words) & set(RUNS_NO_TEST):
            raise pytest.UsageError(
                f"{option} in {place} runs no test, and here tests are run: leave it out there, and see what it shows "
                f"with `pytest {option}`."
            )

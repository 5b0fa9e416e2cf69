"""The pytest plugin: silent until a ci-toolkit command gives this process a task."""

import os

import pytest

# Kept light on purpose: pytest imports this module at every start in every project that has ci-toolkit installed.
VARIABLE = "CI_TOOLKIT_TASK"
"""Names the task file, in the environment or in what xdist tells a worker. Taken out at once, so that tests
which run pytest themselves are left alone."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take up the task that the environment, or xdist's controller, names."""
    worker_input = getattr(config, "workerinput", None)
    source = os.environ if worker_input is None else worker_input
    task_file = source.pop(VARIABLE, None)
    if task_file is None:
        return
    from ci_toolkit.suite.assignment import take_up  # noqa: PLC0415 (only where there is a task)

    take_up(task_file, config)

"""A server that dies under plain pytest: loud, whoever notices, and no worker hangs on it."""

import pytest
from isolation_project import Project, finished, home, project

__all__ = ["home", "project"]
ONE_TEST = "def test_one(real_redis_sync): pass\ndef test_two(real_redis_sync): pass\n"
UNNOTICED = """
import os, pytest, redis
URL = []

@pytest.fixture(autouse=True)
def remembered(real_redis_sync):
    URL[:] = [os.environ["REDIS_URL"]]

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(nextitem):
    result = yield  # the clean-up as well
    if nextitem is None:
        redis.from_url(URL[0]).shutdown(nosave=True)
        {then}
    return result
"""
BY_IMPORT = "from ci_toolkit.test_framework.real_services_test_fixtures import real_redis_sync\n"


def ended(project: Project, *words: str) -> tuple[int, str]:
    process = project.start(*words)
    output = finished(process)
    return process.returncode, output


@pytest.mark.parametrize("workers", ["0", "1"])
@pytest.mark.parametrize("adopts", [True, False])
def test_a_service_that_dies_unnoticed_ends_pytest_with_4_and_is_named(
    project: Project, workers: str, *, adopts: bool
) -> None:
    if not adopts:
        project.write("pyproject.toml", "[tool.pytest.ini_options]\n")
    project.write("conftest.py", ("" if adopts else BY_IMPORT) + UNNOTICED.format(then=""))
    project.write("test_it.py", ONE_TEST)
    code, output = ended(project, "-n", workers)
    assert (code, "2 passed in" in output) == (4, True), output
    assert "a service did not live as long as the tests" in output
    assert "redis ended by itself" in output
    assert "bye bye" in output


def test_a_service_that_dies_with_the_only_worker_that_knew_of_it_is_named_by_the_controller(project: Project) -> None:
    project.write("conftest.py", UNNOTICED.format(then="os._exit(1)"))
    project.write("test_it.py", ONE_TEST)
    code, output = ended(project, "-n", "1", "--max-worker-restart", "0")
    assert code == 4, output
    assert "bye bye" in output


def test_services_that_live_leave_the_exit_status_alone(project: Project) -> None:
    project.write("test_it.py", f"{ONE_TEST}def test_fails(): assert 0\n")
    code, output = ended(project, "-n", "1")
    assert code == 1, output
    assert "did not live" not in output

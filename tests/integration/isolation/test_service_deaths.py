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
    return result
"""
SHARED = """
import os, pathlib, select, signal, pytest
PID = []

@pytest.fixture(autouse=True)
def remembered(real_db_sync):
    path = real_db_sync.scalar("SHOW data_directory") + "/postmaster.pid"
    PID[:] = [int(pathlib.Path(path).read_text().split()[0])]

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown():
    yield
    server = os.pidfd_open(PID[0])
    os.kill(PID[0], signal.SIGKILL)
    select.select([server], [], [])  # a busy machine may kill it only when all is over
    os._exit(1)
"""
BY_IMPORT = "from ci_toolkit.test_framework.real_services_test_fixtures import real_redis_sync\n"


def ended(project: Project, *words: str) -> tuple[int, str]:
    process = project.start(*words, COLUMNS="300")
    output = finished(process)
    return process.returncode, output


@pytest.mark.parametrize("workers", ["0", "1"])
@pytest.mark.parametrize("adopts", [True, False])
def test_a_service_that_dies_unnoticed_ends_pytest_with_4_and_is_named(
    project: Project, workers: str, *, adopts: bool
) -> None:
    if not adopts:
        project.write("pyproject.toml", "[tool.pytest.ini_options]\n")
    project.write("conftest.py", ("" if adopts else BY_IMPORT) + UNNOTICED)
    project.write("test_it.py", ONE_TEST)
    code, output = ended(project, "-n", workers)
    assert (code, "2 passed in" in output) == (4, True), output
    assert "what failed of the real services" in output
    assert "redis ended by itself" in output
    assert "bye bye" in output


def test_a_service_that_dies_with_the_only_worker_that_knew_of_it_is_named_by_the_controller(project: Project) -> None:
    project.write("conftest.py", SHARED)
    project.write("test_it.py", "def test_one(real_db_sync): pass\n")
    code, output = ended(project, "-n", "1", "--max-worker-restart", "0")
    assert code == 4, output
    assert "postgresql ended by itself" in output


def test_services_that_live_leave_the_exit_status_alone(project: Project) -> None:
    project.write("test_it.py", f"{ONE_TEST}def test_fails(): assert 0\n")
    code, output = ended(project, "-n", "1")
    assert code == 1, output
    assert "what failed" not in output


POSTGRESQL_DIES = """
import os, pathlib, signal, pytest, psycopg

def kill_the_server(session):
    path = session.scalar("SHOW data_directory") + "/postmaster.pid"
    os.kill(int(pathlib.Path(path).read_text().split()[0]), signal.SIGKILL)

def test_before(real_db_sync): pass
def test_dies_in_the_middle(real_db_sync):
    real_db_sync.execute("INSERT INTO users (email) VALUES ('test@example.com')")
    kill_the_server(real_db_sync)
    while True:  # its backends look up only now and then
        real_db_sync.execute("SELECT 'after'")
async def test_after(real_db): pass
async def test_after_that(real_services): pass
"""


def test_a_worker_whose_postgresql_is_dead_ends_at_once_and_each_failure_is_explained_once(project: Project) -> None:
    project.write("test_it.py", POSTGRESQL_DIES)
    code, output = ended(project, "-n", "1")
    assert code == 4, output
    assert "1 failed, 1 passed, 2 errors" in output
    failed, *errors = [line for line in output.splitlines() if line.startswith(("FAILED", "ERROR test_it"))]
    assert "test_dies_in_the_middle - postgresql ended by itself: sqlalchemy" in failed
    assert "SELECT 'after'" in output
    assert len(errors) == 2
    assert all("postgresql ended by itself; an earlier" in error for error in errors)
    assert output.count("terminating connection due to unexpected postmaster exit") <= 10  # no storm


def test_the_test_in_whose_middle_redis_dies_says_so_in_its_own_failure(project: Project) -> None:
    project.write(
        "test_it.py",
        "def test_dies(real_redis_sync):\n    real_redis_sync.shutdown(nosave=True)\n    real_redis_sync.get('a')\n"
        "def test_fails_by_itself(real_db_sync): assert 0\n",
    )
    code, output = ended(project, "-k", "dies")
    assert code == 4, output
    assert "1 failed, 1 deselected in" in output
    assert "redis ended by itself: redis.exceptions.ConnectionError" in output
    assert output.count("bye bye") == 2  # in the failure, and at the end
    code, output = ended(project, "-k", "fails")
    assert code == 1, output
    assert "ended by itself" not in output

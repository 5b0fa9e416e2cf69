"""A team's services that depend on each other: their order, their addresses, each worker's own."""

import sys

from dependent_services import with_services
from fixed_port import fixed_port
from isolation_project import PYPROJECT, Project, home, ports_of_its_own, project

__all__ = ["home", "project"]
TESTS = """
import os, psycopg, pytest
from asking import ask

async def test_asking_for_one_starts_what_it_depends_on(real_services):
    frontend = ask(real_services["frontend_url"])
    assert frontend["BACKEND_URL"] == real_services["backend_url"] == os.environ["BACKEND_URL"]
    backend = ask(real_services["backend_url"])
    assert backend["AUTH_URL"] == real_services["auth_url"]
    assert backend["PAGE"] == backend["FRONTEND_URL"] == real_services["frontend_url"]
    assert backend["LLM_BASE_URL"] == real_services["scripted_llm_url"] + "/v1"

@pytest.mark.real_services("frontend")
def test_what_a_marker_names_is_in_the_environment_before_it_is_asked_for():
    assert ask(os.environ["FRONTEND_URL"])["BACKEND_URL"] == os.environ["BACKEND_URL"]

async def test_each_has_this_workers_databases(real_services):
    backend, auth = ask(real_services["backend_url"]), ask(real_services["auth_url"])
    assert backend["DATABASE_URL"] == auth["DATABASE_URL"] == real_services["database_url"]
    assert backend["REDIS_URL"] == real_services["redis_url"]

async def test_each_knows_what_its_row_names_and_no_more(real_services):
    auth, llm = ask(real_services["auth_url"]), ask(real_services["scripted_llm_url"])
    assert auth["AUTH_SECRET"] == "a-fixed-secret" and "REDIS_URL" not in auth and "BACKEND_URL" not in auth
    assert not llm.keys() & {"AUTH_SECRET", "DATABASE_URL", "PGHOST", "CLICKHOUSE_URL"}
"""


def test_what_a_service_depends_on_starts_before_it_and_on_the_workers_databases(project: Project) -> None:
    with_services(project)
    project.write("test_services.py", TESTS)
    elsewhere = {"CLICKHOUSE_URL": "http://127.0.0.1:1", "PGHOST": "elsewhere"}  # of a developer's shell
    output = project.run("-q", **elsewhere)
    assert "4 passed" in output, output
    began = [line.split()[0] for line in output.splitlines() if " native 127.0.0.1:" in line]
    assert began[-2:] == ["backend", "frontend"], output


def test_each_worker_has_services_of_its_own(project: Project) -> None:
    with_services(project)
    seen = (
        "from asking import ask\n\n\nasync def test_one(real_services):\n"
        "    backend = ask(real_services['backend_url'])\n"
        "    assert backend['DATABASE_URL'] == real_services['database_url']\n"
        "    open(f'seen-{backend[\"pid\"]}', 'w').close()\n"
    )
    for name in ("a", "b"):
        project.write(f"test_{name}.py", seen)
    output = project.run("-q", "-n2", "--dist=loadfile")
    assert "2 passed" in output, output
    assert len(list(project.folder.glob("seen-*"))) == 2


def test_below_a_run_of_one_shard_the_tables_ports_hold_and_its_stores_may_be_restarted(project: Project) -> None:
    row = f"[tool.ci-toolkit.services.auth]\ndepends-on = []\npath = '/'\nport = {fixed_port()}\n"
    command = f"command = ['{sys.executable}', '-m', 'http.server', '--bind', '127.0.0.1', '{{port}}']\n"
    project.write("pyproject.toml", PYPROJECT + row + command)
    plain = {**ports_of_its_own(project), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""}
    project.write(
        "tests/integration/test_ports.py",
        "from ci_toolkit.test_framework.test_config import TEST_PORTS\n\n\n"
        "async def test_ports(real_services):\n"
        "    assert real_services['auth_url'] == f'http://127.0.0.1:{TEST_PORTS[\"auth\"]}'\n"
        "    assert real_services.restart('postgresql') == real_services['postgresql_url']\n\n\n"
        "def test_next(real_db_sync):\n    assert real_db_sync.scalar('SELECT 1') == 1\n",
    )
    done = project.ci_toolkit("run", "--real-services", "--no-alpine", "--shards", "1", **plain)
    assert done.returncode == 0, done.stdout + done.stderr

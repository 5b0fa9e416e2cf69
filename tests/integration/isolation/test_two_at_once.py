"""Two sessions of one project on one machine, four workers each: both pass, or the second says how it can."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest
from isolation_guide import GUIDE
from isolation_project import Project, finished, home, ports_of_its_own, project

from ci_toolkit.services.ports.listeners import is_free

__all__ = ["home", "project"]
COUNT = 21
CHOSEN = (
    "--no-history",
    "--",
    "-k",
    "not no_variable",
)  # under `run --real-services` the variables are there for every test
BY_IMPORT = "from ci_toolkit.test_framework.real_services_test_fixtures import real_redis_sync\n"


def run(project: Project, *words: str, **variables: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-P", "-m", "ci_toolkit", "run", "--real-services", "--parallel", "--workers", "4"]
    return project.start_command(command, *words, PYTEST_DISABLE_PLUGIN_AUTOLOAD="", **variables)


@contextmanager
def held_ports(project: Project, **variables: str) -> Iterator[None]:
    """Run a pytest that has its services, while the context lasts."""
    project.write("test_holds.py", "def test_holds(real_redis_sync): print('held', flush=True); input()\n")
    with project.start("-s", "test_holds.py", **variables) as holder:
        try:
            assert holder.stdout is not None
            while "held" not in (line := holder.stdout.readline()):
                assert line, "it ended"
            yield
        finally:
            holder.kill()


@pytest.mark.parametrize(
    ("words", "variables"),
    [(("--dynamic-ports",), {}), ((), {"CI_TOOLKIT_SERVICES_DYNAMIC_PORTS": "1"})],
    ids=["option", "variable"],
)
def test_two_plain_pytests_with_four_workers_each_pass_at_once(
    project: Project, words: tuple[str, ...], variables: dict[str, str]
) -> None:
    project.write("test_guide.py", GUIDE)
    fixed = ports_of_its_own(project)
    first = project.start("-n", "4", **fixed)
    second = project.start("-n", "4", *words, **(fixed | variables))
    for output in (finished(first), finished(second)):
        assert f"{COUNT} passed" in output, output
        assert "native 127.0.0.1:" in output


def test_two_plain_pytests_share_what_services_up_started_and_never_a_database(project: Project) -> None:
    project.write("test_guide.py", GUIDE)
    fixed = ports_of_its_own(project)
    try:
        assert project.ci_toolkit("services", "up", "postgresql", "redis", **fixed).returncode == 0
        for session in [project.start("-n", "4", **fixed) for _ in range(2)]:
            assert f"{COUNT} passed" in (output := finished(session)), output
    finally:
        project.ci_toolkit("services", "down", **fixed)


def test_two_runs_with_real_services_and_four_workers_each_pass_at_once(project: Project) -> None:
    project.write("test_guide.py", GUIDE)
    fixed = ports_of_its_own(project)
    runs = [
        run(project, *words, "--results", f"results-{number}", "--out", f"out-{number}", *CHOSEN, **fixed)
        for number, words in enumerate([(), ("--dynamic-ports",)])
    ]
    for output in [finished(one) for one in runs]:
        assert f"verdict: passed: {COUNT - 1} passed" in output, output


def test_the_second_on_the_same_ports_exits_4_names_the_first_and_says_what_works_there(project: Project) -> None:
    fixed = ports_of_its_own(project)
    with held_ports(project, **fixed):
        project.write("test_it.py", "def test_it(real_redis_sync): pass\n")
        second = project.start("test_it.py", **fixed)
        output = finished(second)
        assert second.returncode == 4, output
        assert f"{project.folder})" in output  # of the session that has it
        assert "run with --dynamic-ports" in output
        assert "1 passed" in (output := project.run("test_it.py", "--dynamic-ports", **fixed)), output
        refused = run(project, "--no-history", "test_it.py", **fixed)
        output = finished(refused)
        assert refused.returncode == 4, output
        assert "run with --dynamic-ports" in output


def test_where_nothing_is_adopted_the_advice_is_the_variable_and_not_the_option(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 6381)) if is_free(6381) else nullcontext():
        project.write("pyproject.toml", "")
        project.write("conftest.py", BY_IMPORT)
        project.write("test_it.py", "def test_it(real_redis_sync): pass\n")
        stranger = project.start("test_it.py", CI_TOOLKIT_SERVICES_DYNAMIC_PORTS="")
        output = finished(stranger)
    assert "CI_TOOLKIT_SERVICES_DYNAMIC_PORTS=1" in output, output
    assert "--dynamic-ports" not in output

"""The guide's runner, a suite file alone, and real services for a run."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from main_job_project import Project

from ci_toolkit.authoring.new_runner import RUNNER
from ci_toolkit.services.catalog.table import Protocol
from ci_toolkit.services.processes.binaries import HOW_TO_GET, find_server

SUITE = """
import pytest

def test_it(): {body}

if __name__ == "__main__":
    from ci_toolkit.test_framework.suite_main import main
    main()
"""


def python(project: Project, script: str, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(project.folder / script), *words],
        cwd=cwd,
        env=project.environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_unified_test_runner_takes_the_words_of_run_from_any_folder(project: Project, tmp_path: Path) -> None:
    project.write({"pyproject.toml": "", "tests/unit/test_u.py": "def test_u(): pass\n"})
    assert project.ci_toolkit("new", "runner").returncode == 0
    assert (project.folder / "tests/unified_test_runner.py").read_text() == RUNNER
    assert project.ci_toolkit("new", "runner").returncode == 2
    elsewhere = tmp_path / "tests" / "unit"
    done = python(
        project, "tests/unified_test_runner.py", "--category", "unit", "--parallel", "--workers", "2", cwd=elsewhere
    )
    assert done.returncode == 0, done.stderr
    assert project.verdict["counts"]["passed"] == 1


@pytest.mark.parametrize(("body", "code"), [("pass", 0), ("assert 0", 1), ("pytest.skip('later')", 1)])
def test_a_mission_critical_suite_file_runs_alone_and_is_judged_like_the_whole(
    project: Project, body: str, code: int
) -> None:
    project.write(
        {
            "pyproject.toml": "",
            "tests/mission_critical/test_events_suite.py": SUITE.format(body=body),
            "tests/mission_critical/test_other.py": "def test_other(): assert 0\n",
        }
    )
    done = python(project, "tests/mission_critical/test_events_suite.py", cwd=project.folder)
    assert done.returncode == code, done.stderr
    assert project.verdict["counts"]["total"] == 1


def test_services_that_cannot_be_had_stop_the_run_before_any_test(project: Project) -> None:
    with socket.socket() as closed:  # bound, so that it is nobody else's, and not listening
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        project.write(
            {
                "pyproject.toml": f"[tool.ci-toolkit.services.redis]\nport = {port}\n"
                '[tool.ci-toolkit.categories.cache]\nservices = ["redis"]\n',
                "tests/cache/test_c.py": "def test_c(): pass\n",
            }
        )
        done = project.ci_toolkit("run", "--category", "cache", "--real-services", "--provider", "external")
    assert done.returncode == 4, done.stderr
    assert "redis" in done.stderr
    assert not (project.out / "verdict.json").exists()


@pytest.mark.parametrize("workers", [(), ("--workers", "2")])
def test_services_that_fixtures_cannot_have_end_a_run_with_4_and_their_tests_errors_stay(
    project: Project, workers: tuple[str, ...]
) -> None:
    with socket.socket() as closed:  # bound, so that it is nobody else's, and not listening
        closed.bind(("127.0.0.1", 0))
        project.write(
            {
                "pyproject.toml": f"[tool.ci-toolkit.services.redis]\nport = {closed.getsockname()[1]}\n",
                "tests/test_c.py": "def test_c(real_redis_sync): pass\ndef test_other(): pass\n",
            }
        )
        done = project.ci_toolkit("run", "--provider", "external", "--shards", "1", "--no-history", *workers)
    assert done.returncode == 4, done.stdout + done.stderr
    assert (project.verdict["status"], project.verdict["exit_code"]) == ("incomplete", 4)
    assert "breach: [services] a service failed the tests that asked for it: " in done.stdout
    counts = project.verdict["counts"]
    assert (counts["total"], counts["passed"], counts["failed"] + counts["errors"]) == (2, 1, 1)


def test_services_that_fail_a_pytest_of_a_test_are_not_those_of_the_run(project: Project) -> None:
    inner = "def test_inner(real_redis_sync): pass\n"
    outer = (
        "import os, subprocess, sys\ndef test_outer():\n"
        "    os.environ['CI_TOOLKIT_SERVICES_PROVIDER'] = 'external'\n"
        "    done = subprocess.run([sys.executable, '-m', 'pytest', 'inner/test_i.py'], stdout=2)\n"
        "    assert done.returncode == 4\n"
    )
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        settings = f"[tool.ci-toolkit.services.redis]\nport = {port}\n"
        project.write({"pyproject.toml": settings, "inner/test_i.py": inner, "tests/test_o.py": outer})
        done = project.ci_toolkit("run", "tests", "--shards", "1", "--no-history")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_start_of_services_counts_against_the_budget_and_is_ended_by_it(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never answers
        port = silent.getsockname()[1]
        project.write(
            {
                "pyproject.toml": "[tool.ci-toolkit.categories.web]\nservices = ['page']\n[tool.ci-toolkit.services.page]\n"
                f"protocol = 'http'\nport = {port}\nimage = 'page'\nready-seconds = 600\n",
                "tests/web/test_w.py": "def test_w(): pass\n",
            }
        )
        began = time.monotonic()
        project.ci_toolkit("plan", "--shards", "1").check_returncode()
        budget = 4 + 6 * (time.monotonic() - began)  # with time to find the suite, as busy as this machine is
        words = ("--category", "web", "--real-services", "--provider", "external", "--budget", f"{budget:.1f}")
        done = project.ci_toolkit("run", *words)  # its limit is below the 600 s that the service could take
    assert done.returncode == 4, done.stderr
    assert "the run's budget ended before its services answered, so no test has run" in done.stderr
    assert "--budget" in done.stderr
    assert not (project.out / "verdict.json").exists()


@pytest.mark.skipif(find_server(Protocol.REDIS) is None, reason=f"needs redis-server: {HOW_TO_GET[Protocol.REDIS]}")
def test_a_service_that_dies_under_the_tests_is_never_green_and_exits_4(project: Project) -> None:
    project.write(
        {
            "pyproject.toml": '[tool.ci-toolkit.categories.cache]\nservices = ["redis"]\n',
            "tests/cache/test_c.py": "import os, redis\n"
            "def test_c():\n"
            "    redis.from_url(os.environ['REDIS_URL']).shutdown(nosave=True)\n",
        }
    )
    words = ("--category", "cache", "--real-services", "--dynamic-ports", "--provider", "native")
    done = project.ci_toolkit("run", "--shards", "1", *words)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "redis ended by itself" in done.stdout
    assert (project.verdict["status"], project.verdict["exit_code"]) == ("incomplete", 4)
    assert project.verdict["counts"]["passed"] == 1


@pytest.mark.skipif(find_server(Protocol.REDIS) is None, reason=f"needs redis-server: {HOW_TO_GET[Protocol.REDIS]}")
def test_the_tests_are_told_where_the_services_of_their_categories_answer(project: Project) -> None:
    project.write(
        {
            "pyproject.toml": '[tool.ci-toolkit.categories.cache]\nservices = ["redis"]\n',
            "tests/cache/test_c.py": "import os, redis\n"
            "def test_c():\n"
            "    assert redis.from_url(os.environ['REDIS_URL']).ping()\n"
            "    assert 'DATABASE_URL' not in os.environ\n"
            "    assert os.environ['CI_TOOLKIT_REAL_LLM'] == '1'\n",
        }
    )
    words = ("--category", "cache", "--real-services", "--dynamic-ports", "--provider", "native", "--real-llm")
    done = project.ci_toolkit("run", "--shards", "1", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "redis" in done.stderr


def test_a_conftest_file_that_hangs_ends_at_the_budget(project: Project) -> None:
    project.write({"conftest.py": "import time; time.sleep(600)\n", "tests/unit/test_u.py": "def test_u(): pass\n"})
    done = project.ci_toolkit("run", "--budget", "2")
    assert done.returncode == 2
    assert "did not find the suite" in done.stderr


def test_a_plan_for_a_matrix_says_category_services_and_mode(project: Project) -> None:
    project.write(
        {
            "tests/unit/test_u.py": "def test_u(): pass\n",
            "tests/integration/test_i.py": "def test_i(): pass\n",
            "tests/e2e/test_e.py": "def test_e(): pass\n",
        }
    )
    project.ci_toolkit("plan", "--shards", "2", "--mode", "commit").check_returncode()
    plan = project.json("plan.json")
    assert (plan["mode"], plan["categories"]) == ("commit", ["mission_critical", "unit", "integration"])
    needed = {shard["category"]: shard["services"] for shard in plan["shards"]}
    assert needed == {"unit": [], "integration": ["postgresql", "redis"]}

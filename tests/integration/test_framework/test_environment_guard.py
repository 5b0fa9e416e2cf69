"""In a real pytest: the environment of a test ends with it, and a leak into ``os.environ`` has a name."""

import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
import os
import pytest
from ci_toolkit.isolated_environment import get_env

@pytest.fixture(scope="session")
def service():
    get_env().set("SERVICE", "up", source="service")
    os.environ["SERVICE_PORT"] = "1"
    yield
    get_env().delete("SERVICE")
    del os.environ["SERVICE_PORT"]

@pytest.fixture(scope="module")
def module_wide():
    get_env().set("MODULE", "up", source="module")
    yield
    get_env().delete("MODULE")

@pytest.mark.skipif(get_env().get("NEVER_SET") == "true", reason="read at import time, as the guide shows")
def test_1_sets_and_uses_wider_fixtures(service, module_wide):
    get_env().set("API_KEY", "test_key", source="test")
    get_env().delete("SERVICE")

def test_2_sees_nothing_of_it_but_the_wider_fixtures():
    assert get_env().get("API_KEY") is None
    assert get_env().get("SERVICE") == get_env().get("MODULE") == "up"
    get_env().disable_isolation()
    get_env().protect("SERVICE")

def test_3_is_isolated_again(isolated_env):
    isolated_env.set("SERVICE", "mine", source="test")
    assert get_env().is_isolated and "API_KEY" not in os.environ

def test_4_undoes_what_it_does(monkeypatch):
    monkeypatch.setenv("LANG", "xx")

def test_5_leaks():
    os.environ["LEAKED"] = "secret-value"
    del os.environ["GIVEN"]

def test_6_configuration(test_config):
    assert test_config.ports["postgresql"] == 5434 and test_config.ports["redis"] == 7777
    assert test_config.address("redis") == "127.0.0.1:7777" and test_config.is_ci
"""
AFTER = """
from ci_toolkit.isolated_environment import get_env

def test_the_module_wide_fixture_is_gone_and_the_session_wide_stays():
    assert get_env().get("MODULE") is None
    assert get_env().get("SERVICE") == "up"
"""


def run(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:asyncio", "-p", "no:cacheprovider", *args],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "GIVEN": "1", "REDIS_PORT": "7777", "CI": "true"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.ci-toolkit]\n[tool.pytest.ini_options]\naddopts = '--strict-markers'\n"
    )
    (tmp_path / "test_a.py").write_text(SUITE)
    (tmp_path / "test_b.py").write_text(AFTER)
    return tmp_path


def test_a_test_ends_with_its_environment_and_the_one_that_leaks_is_named(suite: Path) -> None:
    result = run(suite)
    assert "7 passed, 1 warning" in result.stdout, result.stdout
    assert "test_a.py::test_5_leaks changed os.environ and left it so: GIVEN removed, LEAKED set." in result.stdout
    assert "secret-value" not in result.stdout


def test_workers_of_xdist_guard_too_and_a_leak_can_be_an_error(suite: Path) -> None:
    warning = "error::ci_toolkit.test_framework.environment_guard.EnvironmentLeakWarning"
    result = run(suite, "-n", "2", "--dist", "loadfile", "-W", warning, "test_a.py")
    assert "6 passed, 1 error" in result.stdout, result.stdout
    assert "ERROR test_a.py::test_5_leaks" in result.stdout


def test_where_nobody_adopted_ci_toolkit_nothing_is_guarded(suite: Path) -> None:
    (suite / "pyproject.toml").write_text("")
    (suite / "test_a.py").write_text("import os\ndef test_a():\n    os.environ['LEAKED'] = '1'\n")
    (suite / "test_b.py").write_text("def test_b(isolated_env): pass\n")
    result = run(suite)
    assert "1 passed, 1 error" in result.stdout, result.stdout
    assert "fixture 'isolated_env' not found" in result.stdout

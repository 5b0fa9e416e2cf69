"""The guide's ``UnifiedDockerManager`` and ``scripts/docker_manual.py`` on a real engine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from docker_lab import DockerLab
from services_lab import Lab, needs, settings

from ci_toolkit.errors import ConfigurationError
from ci_toolkit.services.catalog.table import Protocol, ServiceEnvironment
from ci_toolkit.services.errors import NoProviderError
from ci_toolkit.services.readiness.probe import ProbeStatus, ask
from ci_toolkit.test_framework.unified_docker_manager import UnifiedDockerManager

SCRIPT = Path(__file__).parents[3] / "scripts" / "docker_manual.py"


def manager(lab: Lab, *services: str) -> UnifiedDockerManager:
    return UnifiedDockerManager(services=services, provider="docker", dynamic_ports=True, tell=lab.told.append)


def test_an_acquired_environment_says_where_its_services_are_and_a_released_one_is_gone(
    docker: DockerLab, lab: Lab
) -> None:
    docker_manager = manager(lab, "postgresql", "redis")
    env_info = docker_manager.acquire_environment("test", use_alpine=True)
    assert env_info.ports.keys() == {"postgresql", "redis"}
    assert env_info.providers == {"postgresql": "docker", "redis": "docker"}
    assert env_info.versions["postgresql"].startswith("15")
    assert env_info.urls["redis"] == f"redis://127.0.0.1:{env_info.ports['redis']}/"
    assert env_info.is_healthy
    assert all("alpine" in endpoint.detail for endpoint in env_info.endpoints)
    assert docker_manager.acquire_environment("test", use_alpine=True) == env_info
    docker_manager.release_environment("test")
    assert all(ask(endpoint).status is ProbeStatus.CLOSED for endpoint in env_info.endpoints)
    docker.wait_until_nothing_is_left()


def test_a_service_that_has_ended_shows_in_the_health_of_its_environment(docker: DockerLab, lab: Lab) -> None:
    docker_manager = manager(lab, "redis")
    docker_manager.acquire_environment("test")
    docker.engine.api.remove_container(docker.containers()["redis"], force=True)
    env_info = docker_manager.environment_info("test")
    assert env_info.health["redis"].startswith("closed: nobody listens")
    assert not env_info.is_healthy
    docker_manager.release_environment("test")


HEALTH = """\
FROM postgres:15
ENTRYPOINT []
CMD perl -MIO::Socket::INET -e '\
    my $server = IO::Socket::INET->new(LocalPort => 8000, Listen => 5, ReuseAddr => 1) or die $!; my $asked = 0; \
    while (my $client = $server->accept) { \
        my $line = <$client>; while (<$client>) { last if /^\\r?$/ } \
        my $said = $line !~ m{^GET /health } ? "500 Wrong" : ++$asked < 3 ? "503 Starting" : -e "/ill" ? "503 Ill" : "200 OK"; \
        print $client "HTTP/1.0 $said\\r\\nContent-Length: 0\\r\\n\\r\\n"; close $client }'
"""
"""A service that is up with the third question at its path, and anywhere else never."""


def test_a_service_with_a_path_is_healthy_as_long_as_that_path_says_so(docker: DockerLab, lab: Lab) -> None:
    docker.build("ci-toolkit/test-health:1", HEALTH)
    row = {"protocol": '"http"', "port": "8099", "container-port": "8000", "image": '"ci-toolkit/test-health:1"'}
    lines = [f"{name} = {value}" for name, value in {**row, "path": '"/health"'}.items()]
    (lab.root / "pyproject.toml").write_text("[tool.ci-toolkit.services.shop]\n" + "\n".join(lines))
    docker_manager = manager(lab, "shop")
    env_info = docker_manager.acquire_environment("test")
    assert env_info.health == {"shop": "ready"}
    container = docker.containers()["shop"]
    command = docker.engine.api.exec_create(container, ["touch", "/ill"])["Id"]
    docker.engine.api.exec_start(command)
    env_info = docker_manager.environment_info("test")
    assert env_info.health["shop"] == "starting: GET /health answered 503 Ill"
    assert not env_info.is_healthy
    docker_manager.release_environment("test")
    docker.wait_until_nothing_is_left()


def test_a_manager_that_is_told_nothing_starts_containers_where_an_engine_runs(docker: DockerLab, lab: Lab) -> None:
    docker_manager = UnifiedDockerManager(services=("redis",), dynamic_ports=True, tell=lab.told.append)
    env_info = docker_manager.acquire_environment("test", use_alpine=True)
    assert env_info.providers == {"redis": "docker"}
    docker_manager.release_environment("test")
    docker.wait_until_nothing_is_left()


def test_what_ran_in_docker_is_made_anew_in_docker(docker: DockerLab, lab: Lab) -> None:
    ports = {"redis": f"port = {lab.table('redis').service('redis').port(ServiceEnvironment.TEST)}"}
    (lab.root / "pyproject.toml").write_text(settings(ports))
    assert lab.ci_toolkit("services", "up", "redis", "--provider", "docker").returncode == 0
    again = lab.ci_toolkit("services", "up", "redis", "--force-recreate")
    assert again.returncode == 0, again.stderr
    assert " docker 127.0.0.1:" in again.stdout
    assert UnifiedDockerManager(services=("redis",)).acquire_environment("test").providers == {"redis": "docker"}
    assert lab.ci_toolkit("services", "down").returncode == 0
    docker.wait_until_nothing_is_left()


NOWHERE = "unix:///nowhere/docker.sock"


def test_without_an_engine_the_manager_says_how_to_get_one_and_what_allows_native_servers(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    docker_manager = UnifiedDockerManager(services=("redis",), dynamic_ports=True, tell=lab.told.append)
    with pytest.raises(NoProviderError, match="starts services in Docker") as caught:
        docker_manager.acquire_environment("test")
    assert "Install and start Docker" in str(caught.value)
    assert NOWHERE in str(caught.value)
    (lab.root / "pyproject.toml").write_text('[tool.ci-toolkit.framework]\ndocker-manager = "native"\n')
    needs(Protocol.REDIS)
    env_info = docker_manager.acquire_environment("test")
    assert env_info.providers == {"redis": "native"}
    docker_manager.release_environment("test")


def test_the_manager_uses_what_runs_already_whoever_runs_it(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    needs(Protocol.REDIS)
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    port = lab.table("redis").service("redis").port(ServiceEnvironment.TEST)
    (lab.root / "pyproject.toml").write_text(settings({"redis": f"port = {port}"}))
    assert lab.ci_toolkit("services", "up", "redis", "--provider", "native").returncode == 0
    docker_manager = UnifiedDockerManager(services=("redis",))
    env_info = docker_manager.acquire_environment("test")
    assert (env_info.providers, env_info.ports) == ({"redis": "native"}, {"redis": port})
    docker_manager.release_environment("test")
    assert docker_manager.acquire_environment("test").is_healthy
    assert lab.ci_toolkit("services", "down").returncode == 0


def test_mistakes_name_what_is_known(lab: Lab) -> None:
    docker_manager = manager(lab, "redis")
    with pytest.raises(ConfigurationError, match="Did you mean 'test'"):
        docker_manager.acquire_environment("tset")
    with pytest.raises(ConfigurationError, match="'test' is not acquired; acquired: none"):
        docker_manager.release_environment("test")
    with pytest.raises(ConfigurationError, match="Did you mean 'docker'"):
        UnifiedDockerManager(provider="dokcer")


def test_docker_manual_starts_shows_and_cleans(docker: DockerLab, lab: Lab) -> None:
    def script(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, SCRIPT, *args], cwd=lab.root, env=lab.environment(), capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip

    started = script("start", "redis", "--dynamic-ports")
    assert started.returncode == 0, started.stderr
    assert "redis 7" in started.stdout
    assert "docker 127.0.0.1:" in script("status").stdout
    assert docker.containers().keys() == {"redis"}
    cleaned = script("clean")
    assert cleaned.returncode == 0, cleaned.stderr
    assert "ended redis" in cleaned.stdout
    said = r"removed (1 snapshot|\d+ snapshots) from the Docker engine, which all projects share"
    assert re.fullmatch(said, cleaned.stdout.splitlines()[-1])
    docker.wait_until_nothing_is_left()
    unknown = script("start", "rediss")
    assert unknown.returncode == 2
    assert "no service 'rediss'" in unknown.stderr

"""The value of the fixture ``test_config``: what a test may know about where it runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ci_toolkit.config.project import project_root
from ci_toolkit.isolated_environment import IsolatedEnvironment, get_env
from ci_toolkit.test_framework.llm_settings import ASKED_FOR
from ci_toolkit.test_framework.test_config import TEST_PORTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Where this test runs. A port that a running service's variable names, such as a dynamic one, wins."""

    root: Path
    """The project's root."""
    ports: Mapping[str, int]
    is_ci: bool
    wants_real_llm: bool

    def address(self, service: str) -> str:
        """Return ``host:port`` of a service of the table."""
        return f"127.0.0.1:{self.ports[service]}"

    def url(self, service: str) -> str:
        """Return the HTTP address of a service of the table."""
        return f"http://{self.address(service)}"


def current_configuration(env: IsolatedEnvironment | None = None) -> Configuration:
    """Return the configuration that the table of services and the environment give."""
    env = env or get_env()
    ports = {name: _running_port(env, name) or port for name, port in TEST_PORTS.items()}
    return Configuration(
        root=project_root(Path.cwd()),
        ports=ports,
        is_ci=env.get("CI", "").lower() in {"1", "true"},
        wants_real_llm=env.get(ASKED_FOR, "") == "1",
    )


def _running_port(env: IsolatedEnvironment, service: str) -> int | None:
    value = env.get(f"{service.upper().replace('-', '_')}_PORT", "")
    return int(value) if value.isdigit() else None

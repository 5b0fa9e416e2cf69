"""A team's project with real services, and pytest run in it as a person would."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fixed_port import fixed_port
from isolation_servers import program

from ci_toolkit.services.catalog.table import Protocol

SCHEMA = """
CREATE TABLE users (id serial PRIMARY KEY, email text UNIQUE NOT NULL);
CREATE TABLE threads (id serial PRIMARY KEY, user_id integer REFERENCES users, title text);
CREATE TABLE plans (name text PRIMARY KEY);
INSERT INTO plans VALUES ('free'), ('enterprise');
"""
PYPROJECT = """
[tool.ci-toolkit.services.postgresql]
migrations = ["migrations/*.sql"]
[tool.pytest.ini_options]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
filterwarnings = ["error"]
addopts = ["-p", "no:cacheprovider", "--strict-markers"]
"""
MODELS = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase): ...

class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]

class Thread(Base):
    __tablename__ = "threads"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    title: Mapped[str]
"""
PLUGINS = ("-p", "xdist.plugin", "-p", "pytest_asyncio.plugin", "-p", "ci_toolkit.test_framework.adoption")


class Project:
    """A team's project."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "CI_TOOLKIT"))},
            "CI_TOOLKIT_SERVICES_DIR": str(home / "registry"),
            "CI_TOOLKIT_CACHE_DIR": str(home / "cache"),
            "CI_TOOLKIT_SERVICES_DYNAMIC_PORTS": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # the others are not what is tested, and take seconds to import
        }
        self.write("pyproject.toml", PYPROJECT)
        self.write("migrations/1.sql", SCHEMA)
        self.write("models.py", MODELS)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        return self.start_command([sys.executable, "-m", "pytest", *PLUGINS], *words, **variables)

    def start_command(self, command: list[str], *words: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*command, *words], cwd=self.folder, env=self._environment | variables, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def ci_toolkit(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "ci_toolkit", *words], cwd=self.folder, env=self._environment | variables,
            text=True, capture_output=True, timeout=120, check=False,
        )  # fmt: skip

    def run(self, *words: str, **variables: str) -> str:
        return finished(self.start(*words, **variables))


def finished(process: subprocess.Popen[str]) -> str:
    try:
        output, _ = process.communicate(timeout=120)
    finally:
        process.kill()
    return output


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where sessions and snapshots are kept: the servers' data is made once for all tests."""
    program(Protocol.POSTGRESQL)
    program(Protocol.REDIS)
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def project(tmp_path: Path, home: Path) -> Project:
    return Project(tmp_path, home)


def ports_of_its_own(project: Project) -> dict[str, str]:
    """Give the project's table ports that nobody else has; return the variables that make them count."""
    text = (project.folder / "pyproject.toml").read_text()
    ports = [fixed_port() for _ in range(2)]
    text = text.replace(
        "[tool.ci-toolkit.services.postgresql]", f"[tool.ci-toolkit.services.postgresql]\nport = {ports[0]}"
    )
    project.write("pyproject.toml", f"{text}[tool.ci-toolkit.services.redis]\nport = {ports[1]}\n")
    return {"CI_TOOLKIT_SERVICES_DYNAMIC_PORTS": ""}

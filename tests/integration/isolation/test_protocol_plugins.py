"""A protocol that another package brings: memcached, which each worker has for itself, empty before every test."""

import shutil
import socket
from pathlib import Path

import pytest
from isolation_project import PYPROJECT, Project, home, project

__all__ = ["home", "project"]
ROW = """
[tool.ci-toolkit.services.cache]
protocol = "memcached"
port = 11211
command = ["memcached", "-l", "127.0.0.1", "-p", "{port}", "-u", "nobody", "-U", "0"]
depends-on = []
ready-seconds = 20
"""
PAGE = Path(__file__).parents[3] / "docs" / "services.md"
PLUGIN = next(text for text in PAGE.read_text().split("```") if "class Memcached" in text).removeprefix("python\n")
"""As the documentation shows it."""
TESTS = """
import os, pytest, socket

def talk(line):
    with socket.create_connection((os.environ["CACHE_HOST"], int(os.environ["CACHE_PORT"])), 10) as connection:
        connection.sendall(line)
        return connection.makefile("rb").readline()

@pytest.mark.parametrize("time", range(3))
async def test_it_is_empty(real_services, time):
    assert real_services["cache_url"] == f"memcached://127.0.0.1:{os.environ['CACHE_PORT']}"
    assert talk(b"get key\\r\\n") == b"END\\r\\n"
    assert talk(b"set key 0 0 5\\r\\nvalue\\r\\n") == b"STORED\\r\\n"
"""


def with_plugin(project: Project, text: str) -> dict[str, str]:
    """Install a plug-in beside the project; return the variables that let Python find it."""
    project.write("pyproject.toml", PYPROJECT + ROW)
    project.write("plugins/of_a_team.py", text)
    about = "plugins/of_a_team-1.0.dist-info"
    project.write(f"{about}/METADATA", "Metadata-Version: 2.1\nName: of-a-team\nVersion: 1.0\n")
    project.write(f"{about}/entry_points.txt", "[ci_toolkit.protocols]\nmemcached = of_a_team:Memcached\n")
    project.write("test_cache.py", TESTS)
    return {"PYTHONPATH": str(project.folder / "plugins")}


@pytest.fixture(autouse=True)
def memcached() -> None:
    if shutil.which("memcached") is None:
        pytest.skip("needs memcached: `apt-get install memcached`")


@pytest.mark.parametrize("name", ["reset", "no_reset"])
def test_each_test_finds_an_empty_server_reset_by_its_plug_in_or_restarted(project: Project, name: str) -> None:
    output = project.run("-q", **with_plugin(project, PLUGIN.replace("def reset", f"def {name}")))
    assert "3 passed" in output, output
    assert "cache 1." in output


def test_a_broken_plug_in_is_said_with_whose_it_is(project: Project) -> None:
    broken = PLUGIN.replace("def _talk", "def reset(self, endpoint): raise KeyError('key')\n\n    def _talk")
    output = project.run("-q", "-k", "0", **with_plugin(project, broken))
    said = "the plug-in for protocol 'memcached' of of-a-team is broken: reset raised KeyError: 'key'"
    assert said in output, output


def test_another_kind_of_server_on_its_port_is_told_as_one(project: Project) -> None:
    variables = with_plugin(project, PLUGIN)
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        project.write("pyproject.toml", PYPROJECT + ROW.replace("11211", str(port)))
        output = project.run("-q", **variables, CI_TOOLKIT_SERVICES_DYNAMIC_PORTS="")
    assert f"port {port} is taken by pid" in output, output

import tomllib

import pytest
from adoption_lab import LIBRARY, WORKFLOW, Stranger
from ruamel.yaml import YAML

from ci_toolkit.services.catalog.settings import table_from
from ci_toolkit.services.catalog.table import ServiceEnvironment

POSTGRES_17 = """\
services:
  db:
    image: "postgres:17"
    ports: ["5432:5432"]
    environment: {POSTGRES_USER: shop, POSTGRES_PASSWORD: secret-of-tests}
"""
CI = """\
on: [push]
jobs:
  test:
    runs-on: ubuntu-latest
    services:
      postgres:
        image: postgres:16-alpine
        env: {POSTGRES_USER: ci, POSTGRES_PASSWORD: "${{ secrets.PASSWORD }}", POSTGRES_DB: ci_test}
        ports: ["5440:5432"]
      redis: {image: redis, ports: [6379/tcp]}
    steps: []
"""


def settings_of(stranger: Stranger, folder: str = "") -> dict[str, object]:
    tool = tomllib.loads(stranger.text(f"{folder}pyproject.toml")).get("tool", {})
    services: dict[str, object] = tool.get("ci-toolkit", {}).get("services", {})
    return services


def test_a_service_of_a_compose_file_becomes_a_row_of_the_table_and_shards_start_it(stranger: Stranger) -> None:
    stranger.write(LIBRARY | {"docker-compose.yml": POSTGRES_17})
    _, _, talked = stranger.init()
    assert "postgresql (postgres:17 in docker-compose.yml)" in talked
    assert stranger.text("pyproject.toml").startswith(LIBRARY["pyproject.toml"]), "nothing is written anew"
    assert settings_of(stranger) == {
        "redis": False,
        "clickhouse": False,
        "postgresql": {
            "image": "postgres:17",
            "port": 5432,
            "user": "shop",
            "password": "secret-of-tests",
            "database": "shop",
        },
    }
    table = table_from(settings_of(stranger), origin="here")
    assert table.startable() == ("postgresql",)
    assert table.service("postgresql").port(ServiceEnvironment.TEST_ALPINE) == 5432
    called = YAML(typ="safe").load(stranger.text(WORKFLOW))["jobs"]["tests"]["with"]
    assert called["shard-options"] == "--real-services"
    assert called["install"].endswith("'docker>=7.1'\n")
    assert stranger.init()[1].count("unchanged") == 3


def test_a_workflow_is_believed_before_a_compose_file_and_no_secret_is_taken(stranger: Stranger) -> None:
    stranger.write(LIBRARY | {"compose.yaml": POSTGRES_17, ".github/workflows/ci.yml": CI})
    stranger.init()
    assert settings_of(stranger) == {
        "clickhouse": False,
        "postgresql": {"image": "postgres:16-alpine", "port": 5440, "user": "ci", "database": "ci_test"},
        "redis": {"image": "redis"},
    }


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        ("[tool.ci-toolkit.services.backend]\ncommand = ['python']\n", "--real-services"),
        ("[tool.ci-toolkit.services.postgresql]\nimage = 'postgis/postgis:16'\n", "--real-services --provider docker --no-alpine"),
        ("[tool.ci-toolkit.services]\npostgresql = false\nredis = false\nclickhouse = false\n", None),
        ("[tool.ci-toolkit.run]\nshards = 2\n", None),
    ],
)  # fmt: skip
def test_shards_start_what_a_table_has_that_the_team_wrote_before(
    stranger: Stranger, rows: str, options: str | None
) -> None:
    pyproject = LIBRARY["pyproject.toml"] + rows
    stranger.write(LIBRARY | {"pyproject.toml": pyproject})
    stranger.init()
    called = YAML(typ="safe").load(stranger.text(WORKFLOW))["jobs"]["tests"]["with"]
    assert called.get("shard-options") == options
    assert stranger.text("pyproject.toml") == pyproject


def test_a_table_of_services_that_cannot_be_used_is_said_before_anything_is_written(stranger: Stranger) -> None:
    rows = "[tool.ci-toolkit.services.backend]\ncomand = ['python']\n"
    stranger.write(LIBRARY | {"pyproject.toml": LIBRARY["pyproject.toml"] + rows})
    code, _, talked = stranger.init()
    assert code == 2
    assert "Did you mean 'command'?" in talked
    assert WORKFLOW not in stranger.contents()


@pytest.mark.parametrize(
    ("row", "settings"),
    [
        ("image: 'postgres:15'", {}),
        ("image: postgres:15\n    ports: ['5434:5432']", {}),
        ("image: docker.io/bitnami/postgresql@sha256:00\n    environment: ['POSTGRESQL_USERNAME=u']",
         {"image": "docker.io/bitnami/postgresql@sha256:00", "user": "u", "database": "u"}),
        ("image: 'postgres:15'\n    ports: ['127.0.0.1:5999:5432', '1:2']", {"port": 5999}),
        ("image: 'postgres:15'\n    ports: ['5432']", {}),
        ("image: 'postgres:15'\n    ports: ['${PORT:-5999}:5432', '99999:5432']", {"port": 5999}),
        ("image: 'postgres:15'\n    ports: ['99999:5432']", {}),
        ("image: 'postgres:15'\n    ports: [{target: 5432, published: '5999'}]", {"port": 5999}),
        ("image: 'postgres:15'\n    ports: [{}, [], 5, null]\n    environment: 3", {}),
        ("image: 'postgres:${VERSION:-17}'\n    environment: {POSTGRES_USER: $USER}", {"image": "postgres:17"}),
    ],
)  # fmt: skip
def test_what_a_row_of_a_compose_file_says(stranger: Stranger, row: str, settings: dict[str, object]) -> None:
    stranger.write(LIBRARY | {"compose.yml": f"services:\n  db:\n    {row}\n"})
    assert stranger.init()[0] == 0
    assert settings_of(stranger).get("postgresql", {}) == settings
    assert settings_of(stranger)["redis"] is False


@pytest.mark.parametrize(
    "command", ["redis-server --requirepass hunter22", ["redis-server", "--requirepass", "hunter22"]]
)
def test_the_password_of_redis_stands_in_its_command(stranger: Stranger, command: object) -> None:
    stranger.write(LIBRARY | {"compose.yml": f"services:\n  cache: {{image: redis:7, command: {command}}}\n"})
    stranger.init()
    assert settings_of(stranger)["redis"] == {"password": "hunter22"}


def test_an_image_with_extensions_is_started_as_a_container(stranger: Stranger) -> None:
    stranger.write(LIBRARY | {"compose.yml": "services: {db: {image: 'postgis/postgis:16-3.4'}}\n"})
    stranger.init()
    assert 'shard-options: "--real-services --provider docker --no-alpine"' in stranger.text(WORKFLOW)


@pytest.mark.parametrize(
    ("content", "is_readable"),
    [
        (b"services: [\n", False),
        (b"\xff\xfe\n", False),
        (b"a: 1\n---\nb: 2\n", False),
        (b"[" * 5000, False),
        (b"&a [*a]", False),
        (b"services:\n  db: {image: [1]}\n", True),
        (b"", True),
    ],
)
def test_a_file_that_cannot_be_read_is_said_or_says_nothing(
    stranger: Stranger, content: bytes, *, is_readable: bool
) -> None:
    stranger.write({**LIBRARY, "compose.yml": content, ".github/workflows/odd.yml": content})
    code, _, talked = stranger.init()
    assert code == 0
    assert settings_of(stranger) == {}
    assert talked.count("was not looked at") == (0 if is_readable else 2)


def test_what_a_team_says_of_its_services_stays_and_what_git_ignores_is_not_read(stranger: Stranger) -> None:
    own = LIBRARY["pyproject.toml"] + "[tool.ci-toolkit.services]\nclickhouse = false\n"
    stranger.write(LIBRARY | {"pyproject.toml": own, "compose.yml": POSTGRES_17})
    stranger.init()
    assert stranger.text("pyproject.toml") == own
    stranger.write({"pyproject.toml": LIBRARY["pyproject.toml"], ".gitignore": "compose.yml\n"})
    stranger.init()
    assert settings_of(stranger) == {}


def test_in_a_monorepo_a_compose_service_belongs_to_what_depends_on_it(stranger: Stranger) -> None:
    compose = POSTGRES_17 + (
        "  cache: {image: 'redis:7'}\n"
        "  api: {build: ./backend, depends_on: {db: {condition: service_healthy}}}\n"
        "  mail: {build: {context: mailer}, depends_on: [cache]}\n"
    )
    projects = {
        f"{folder}/{name}": text for folder in ("backend", "mailer", "docs-site") for name, text in LIBRARY.items()
    }
    stranger.write(projects | {"compose.yml": compose})
    stranger.init()
    assert set(settings_of(stranger, "backend/")) == {"postgresql", "redis", "clickhouse"}
    assert settings_of(stranger, "backend/")["redis"] is False
    assert settings_of(stranger, "mailer/")["postgresql"] is False

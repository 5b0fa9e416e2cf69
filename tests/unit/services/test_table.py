"""The table of services, as built in and as a team changes it."""

from pathlib import Path
from typing import Any

import pytest

from ci_toolkit.config.project import project_root
from ci_toolkit.errors import ConfigurationError
from ci_toolkit.services.catalog.endpoint import planned_all, variables
from ci_toolkit.services.catalog.settings import read_table, table_from
from ci_toolkit.services.catalog.table import BUILT_IN, Credentials, Migrations, ServiceEnvironment
from ci_toolkit.services.databases.migrations import migrations_digest
from ci_toolkit.services.handover import Handover
from ci_toolkit.test_framework.test_config import ALPINE_TEST_PORTS, DEV_PORTS, TEST_PORTS, ports_of

GUIDE = {
    "postgresql": 5434,
    "redis": 6381,
    "backend": 8000,
    "auth": 8081,
    "frontend": 3000,
    "clickhouse": 8123,
    "analytics": 8002,
}


def test_the_built_in_ports_are_the_guides() -> None:
    assert TEST_PORTS == GUIDE
    assert ALPINE_TEST_PORTS == GUIDE | {"redis": 6382}
    assert DEV_PORTS == GUIDE | {"postgresql": 5432, "redis": 6379}


def test_below_a_run_the_ports_are_those_of_what_it_brought_up() -> None:
    run = {**Handover(owner=1).variables(), "REDIS_PORT": "6382"}
    assert ports_of(BUILT_IN, run) == GUIDE | {"redis": 6382}
    assert ports_of(BUILT_IN, {"REDIS_PORT": "6382"}) == GUIDE


def test_a_test_cannot_change_the_ports() -> None:
    with pytest.raises(TypeError):
        TEST_PORTS["redis"] = 1  # type: ignore[index]  # what is refused


def test_a_team_changes_one_port_and_keeps_the_rest() -> None:
    table = table_from({"postgresql": {"ports": {"test": 6000}}}, origin="here")
    assert table.ports(ServiceEnvironment.TEST) == GUIDE | {"postgresql": 6000}
    assert table.ports(ServiceEnvironment.DEV)["postgresql"] == 5432


def test_a_team_adds_and_drops_services() -> None:
    table = table_from({"search": {"protocol": "http", "port": 9200}, "analytics": False}, origin="here")
    names = [service.name for service in table.services]
    assert "search" in names
    assert "analytics" not in names


def test_another_image_does_not_keep_the_built_in_small_one() -> None:
    table = table_from({"postgresql": {"image": "postgres:17"}}, origin="here")
    assert table.service("postgresql").image_for(ServiceEnvironment.TEST_ALPINE) == "postgres:17"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"postgresql": {"prot": 1}}, "Did you mean 'port'?"),
        ({"postgresql": {"port": "x"}}, "cannot be used"),
        ({"postgresql": 3}, "is not a table"),
        ({"search": {"port": 1}}, "without a protocol"),
        ({"search": {"protocol": "http"}}, "has no port"),
        ({"redis": {"port": 5434}}, "'postgresql' and 'redis' share port 5434"),
        ({"redis": {"port": 70000}}, "not between 1 and 65535"),
        ({"postgresql": {"migrate": ["alembic", "upgrade", "head"]}}, "migrate without migrations"),
        ({"clickhouse": {"migrations": ["*.sql"]}}, "only PostgreSQL databases can be migrated"),
        ({"queue": {"protocol": "none", "command": ["q"]}}, "'queue' has no port, and nothing says when it is ready"),
        ({"queue": {"protocol": "none", "ready-log": "up"}}, "has protocol 'none' and no command"),
        ({"queue": {"protocol": "none", "port": 1, "command": ["q"], "ready-log": "up"}}, "has a port, and protocol"),
        ({"seed": {"protocol": "job", "command": ["s"], "ready-log": "up"}}, "a job is ready when it has ended"),
        ({"auth": {"ready-log": "up", "ready-command": ["ask"]}}, "has ready-log and ready-command"),
        ({"auth": {"ready-log": "(up"}}, "no regular expression"),
        ({"redis": {"ready-log": "up"}}, "a data store is asked in its own protocol"),
        ({"redis": {"migrate": ["fill"], "migrations": ["*.txt"]}}, "only PostgreSQL databases can be migrated"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match="here") as caught:
        table_from(settings, origin="here")
    assert says in str(caught.value)


def test_a_command_whose_migrations_match_no_file_is_refused(tmp_path: Path) -> None:
    migrations = Migrations(command=("alembic", "upgrade", "head"), files=("migrations/*.py",))
    with pytest.raises(ConfigurationError, match="no file matches"):
        migrations_digest(migrations, tmp_path)


def test_a_service_with_a_command_is_not_started_for_everybody() -> None:
    table = table_from({"backend": {"command": ["serve", "{port}"]}, "analytics": {"image": "us/it:1"}}, origin="here")
    assert table.startable() == ("postgresql", "redis", "clickhouse", "analytics")


def test_an_unknown_service_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="no service 'mongo'") as caught:
        BUILT_IN.service("mongo")
    assert "postgresql, redis" in str(caught.value)


def test_the_table_is_read_from_the_project_around_the_folder(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ci-toolkit.services.redis]\nport = 7000\n")
    inner = tmp_path / "tests" / "unit"
    inner.mkdir(parents=True)
    assert read_table(project_root(inner)).ports(ServiceEnvironment.TEST)["redis"] == 7000


def test_variables_follow_the_ports() -> None:
    table = BUILT_IN.with_ports(ServiceEnvironment.TEST, {"postgresql": 21000})
    found = variables(planned_all(table, ServiceEnvironment.TEST))
    assert found["DATABASE_URL"] == "postgresql://test:test@127.0.0.1:21000/test"
    assert found["REDIS_URL"] == "redis://127.0.0.1:6381/"
    assert found["BACKEND_URL"] == "http://127.0.0.1:8000"


def test_a_password_does_not_show() -> None:
    assert "hunter2" not in repr(Credentials(user="u", password="hunter2"))

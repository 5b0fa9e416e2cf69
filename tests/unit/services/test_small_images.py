"""Compose files on Alpine's images: names that are published, and commands of what those images have."""

import re
import shlex
import shutil
import subprocess
from typing import Any

import pytest
from msgspec.structs import replace
from ruamel.yaml import YAML

from ci_toolkit.services.catalog.compose import compose_text
from ci_toolkit.services.catalog.images import data_folder
from ci_toolkit.services.catalog.table import (
    BUILT_IN,
    Credentials,
    Protocol,
    Service,
    ServiceEnvironment,
    Table,
    same_port,
)

PUBLISHED = {
    "postgresql": "postgres:15-alpine",
    "redis": "redis:7-alpine",
    "clickhouse": "clickhouse/clickhouse-server:23.8-alpine",
}
"""Tags on Docker Hub."""
PROGRAMS = {"postgresql": {"psql", "pg_isready"}, "redis": {"redis-cli"}, "clickhouse": {"clickhouse-client"}}
"""What each image has besides BusyBox."""
BUSYBOX = {"grep": set("EFivqc"), "wget": set("qOTSc")}
"""The options of BusyBox's programs, as far as a check may need them; it has no bash."""
ELSEWHERE = {"curl", "python3"}
"""What a check of a team's own service may ask with where there is no wget."""
OF_BASH = re.compile(r"\[\[|<\(|>\(|<<<|\$'|&>|\|&|\bfunction\b|\bsource\b|\bpipefail\b|\{\d+\.\.")
SHOP = Service(name="shop", protocol=Protocol.HTTP, ports=same_port(8099), image="shop:1", path="/health?all=yes")


def rendered(table: Table) -> dict[str, dict[str, Any]]:
    text = compose_text(table, ServiceEnvironment.TEST_ALPINE).replace("$$", "$")
    services: dict[str, dict[str, Any]] = YAML(typ="safe").load(text)["services"]
    return services


def check(service: dict[str, Any]) -> str:
    how, command = service["healthcheck"]["test"]
    assert how == "CMD-SHELL"
    return str(command)


def test_the_built_in_images_are_published_ones() -> None:
    assert {name: service["image"] for name, service in rendered(BUILT_IN).items()} == PUBLISHED


@pytest.mark.parametrize("password", ["", "s3 'cret$HOME\"\nEND"])
def test_a_health_check_runs_programs_of_its_image_and_busybox_with_options_that_these_have(password: str) -> None:
    login = Credentials(user="worker", password=password)
    rows = (replace(row, credentials=login) if row.name == "redis" else row for row in BUILT_IN.services)
    for name, service in rendered(Table(services=(*rows, SHOP))).items():
        command = check(service)
        for part in re.split(r" \|\|? ", command):
            program, *words = shlex.split(part)
            assert program in {*BUSYBOX, *PROGRAMS.get(name, ELSEWHERE)}, command
            options = {letter for word in words if word.startswith("-") and word != "-" for letter in word[1:]}
            assert program not in BUSYBOX or options - {"-"} <= BUSYBOX[program], command


def test_what_a_shell_of_an_image_runs_is_posix() -> None:
    login = Credentials(user="worker", password="secret")
    rows = [replace(row, credentials=login) for row in BUILT_IN.services]
    services = rendered(Table(services=(*rows, SHOP)))
    _, _, started = services["redis"]["command"]
    shell = shutil.which("dash") or shutil.which("sh")
    assert shell is not None
    for command in [*map(check, services.values()), started]:
        assert not OF_BASH.search(command), command
        done = subprocess.run([shell, "-n", "-c", command], capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("image", "folder"),
    [
        ("postgres:15-alpine", "/var/lib/postgresql/data"),
        ("postgres:17.6", "/var/lib/postgresql/data"),
        ("postgres:18", "/var/lib/postgresql"),
        ("docker.io/library/postgres:18-alpine@sha256:0123", "/var/lib/postgresql"),
        ("postgres", "/var/lib/postgresql"),
        ("postgres:alpine", "/var/lib/postgresql"),
        ("postgis/postgis:16-3.4", "/var/lib/postgresql/data"),
        ("postgis/postgis:18-3.6", "/var/lib/postgresql"),
        ("pgvector/pgvector:pg17", "/var/lib/postgresql/data"),
        ("timescale/timescaledb:2.23.0-pg18", "/var/lib/postgresql"),
        ("localhost:5000/our/shop-db:main", "/var/lib/postgresql/data"),
    ],
)
def test_the_data_of_postgresql_are_mounted_where_the_image_has_them(image: str, folder: str) -> None:
    """From 18 on, an image refuses to start with a mount at the old place."""
    row = replace(BUILT_IN.service("postgresql"), image=image, alpine_image="")
    assert data_folder(row, image) == folder
    for environment, key in ((ServiceEnvironment.TEST, "tmpfs"), (ServiceEnvironment.DEV, "volumes")):
        (service,) = YAML(typ="safe").load(compose_text(Table(services=(row,)), environment))["services"].values()
        assert service[key][0].rpartition(":")[2] == folder

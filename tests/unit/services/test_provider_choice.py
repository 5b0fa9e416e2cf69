"""Which provider may run a service: what the run was told, what the row has, and whose the service is."""

import sys
from pathlib import Path
from typing import Any

import pytest

from ci_toolkit.isolation.identity import WorkerIdentity
from ci_toolkit.isolation.own_services import OwnServices
from ci_toolkit.services.catalog.endpoint import Provider
from ci_toolkit.services.catalog.settings import table_from
from ci_toolkit.services.catalog.table import ServiceEnvironment
from ci_toolkit.services.handover import Handover
from ci_toolkit.services.outlook import outlook_of
from ci_toolkit.services.providers.chain import only_provider
from ci_toolkit.services.stack import StackRequest
from ci_toolkit.services.started import Stack

COMMAND, IMAGE = {"command": ["serve"]}, {"image": "shop/page"}
PROGRAM = {"command": [sys.executable, "-m", "shop"]}
HTTP = {"protocol": "http", "port": 8099}
QUEUE = {"protocol": "none", "ready-log": "ready"} | COMMAND


@pytest.mark.parametrize(
    ("name", "row", "asked_for", "of_all", "of_one_worker"),
    [
        ("redis", {}, None, None, Provider.NATIVE),
        ("postgresql", {"image": "shop/postgres"}, None, None, Provider.NATIVE),
        ("redis", {}, Provider.DOCKER, Provider.DOCKER, Provider.DOCKER),
        ("shop", HTTP | COMMAND, None, None, Provider.NATIVE),
        ("shop", HTTP | COMMAND, Provider.DOCKER, Provider.DOCKER, Provider.NATIVE),
        ("shop", HTTP | COMMAND, Provider.EXTERNAL, Provider.EXTERNAL, Provider.NATIVE),
        ("shop", HTTP | COMMAND | IMAGE, None, None, Provider.NATIVE),
        ("shop", HTTP | COMMAND | IMAGE, Provider.DOCKER, Provider.DOCKER, Provider.DOCKER),
        ("shop", HTTP | IMAGE, None, None, Provider.DOCKER),
        ("shop", HTTP | IMAGE, Provider.DOCKER, Provider.DOCKER, Provider.DOCKER),
        # Who wants no containers gets none, and hears what is missing.
        ("shop", HTTP | IMAGE, Provider.NATIVE, Provider.NATIVE, Provider.NATIVE),
        ("shop", QUEUE, None, Provider.NATIVE, Provider.NATIVE),
        ("shop", QUEUE, Provider.DOCKER, Provider.NATIVE, Provider.NATIVE),
        ("shop", QUEUE | IMAGE, Provider.DOCKER, Provider.DOCKER, Provider.DOCKER),
    ],
)
def test_a_worker_has_its_own_services_natively_and_an_image_alone_in_docker(
    name: str, row: dict[str, Any], asked_for: Provider | None, of_all: Provider | None, of_one_worker: Provider
) -> None:
    service = table_from({name: row}, origin="here").service(name)
    assert only_provider(service, asked_for, is_one_workers=False) is of_all
    assert only_provider(service, asked_for, is_one_workers=True) is of_one_worker


@pytest.mark.parametrize(
    ("images", "asked_for", "asks_for"),
    [
        ({"auth", "backend"}, Provider.DOCKER, Provider.DOCKER),
        # In a container, what runs on this machine cannot be reached.
        ({"auth"}, Provider.DOCKER, None),
        ({"auth"}, Provider.NATIVE, Provider.NATIVE),
        ({"auth"}, Provider.EXTERNAL, None),
        ({"auth"}, None, None),
    ],
)
def test_services_of_one_worker_run_as_the_run_was_told_where_they_reach_each_other(
    images: set[str], asked_for: Provider | None, asks_for: Provider | None
) -> None:
    rows = {name: COMMAND | (IMAGE if name in images else {}) for name in ("auth", "backend")}
    table = table_from(rows, origin="here")
    handover = Handover(provider=asked_for, dynamic_ports=True)
    identity = WorkerIdentity(root="/", run="0" * 8, worker="main", owner=1, handover=handover)
    asked: list[StackRequest] = []

    def acquire(request: StackRequest, _owner: int) -> Stack:
        asked.append(request)
        return Stack((), (), started=())

    OwnServices(identity, ServiceEnvironment.TEST, acquire).start([table.service(name) for name in rows], given=())
    assert [request.provider for request in asked] == [asks_for]


@pytest.mark.parametrize(
    ("row", "asked_for", "told"),
    [
        (HTTP | PROGRAM, Provider.DOCKER, "native: "),
        (HTTP | PROGRAM, Provider.EXTERNAL, "native: "),
        (QUEUE | PROGRAM, Provider.DOCKER, "native: "),
        (HTTP | PROGRAM, None, "native: "),
    ],
)
def test_what_is_told_before_a_run_is_what_the_run_does(
    row: dict[str, Any], asked_for: Provider | None, told: str, tmp_path: Path
) -> None:
    service = table_from({"shop": row}, origin="here").service("shop")
    outlook = outlook_of(service, ServiceEnvironment.TEST, asked_for, tmp_path, dynamic_ports=False)
    assert outlook.told.startswith(told)

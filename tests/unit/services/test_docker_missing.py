"""What the docker provider says it lacks."""

import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from ci_toolkit.services.catalog.table import BUILT_IN, Service, ServiceEnvironment
from ci_toolkit.services.errors import MissingClientError
from ci_toolkit.services.providers.docker.provider import DockerProvider
from ci_toolkit.services.providers.provider import ServiceRequest


def order(service: Service, tmp_path: Path) -> ServiceRequest:
    return ServiceRequest(
        service=service,
        environment=ServiceEnvironment.TEST,
        port=20000,
        session="0000-00000000",
        root=str(tmp_path),
        place=str(tmp_path),
        cache=str(tmp_path),
        is_fresh=False,
        variables={},
        requested_at=0.0,
    )


def test_a_service_without_an_image_cannot_be_had(tmp_path: Path) -> None:
    assert (
        DockerProvider().missing(order(BUILT_IN.service("backend"), tmp_path)) == "the table has no image for backend"
    )


def test_without_its_client_library_it_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docker", None)  # as where it is not installed
    redis = order(replace(BUILT_IN.service("redis")), tmp_path)
    assert "pip install 'ci-toolkit[services]'" in DockerProvider().missing(redis)
    assert DockerProvider().leftover_sessions() == frozenset()
    with pytest.raises(MissingClientError, match="client library"):
        DockerProvider().start(redis)

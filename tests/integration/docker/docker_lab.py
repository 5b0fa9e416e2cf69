"""A real Docker engine, and what the sessions of a test leave in it."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from services_lab import Lab

from ci_toolkit.services.catalog.endpoint import Provider
from ci_toolkit.services.catalog.table import BUILT_IN, ServiceEnvironment, Table
from ci_toolkit.services.errors import EngineError
from ci_toolkit.services.providers.docker.containers import leftovers as remains
from ci_toolkit.services.providers.docker.containers.engine import (
    SERVICE_LABEL,
    SESSION_LABEL,
    SNAPSHOT_LABEL,
    Engine,
    connect,
)
from ci_toolkit.services.stack import StackRequest
from ci_toolkit.services.started import Stack
from ci_toolkit.services.supervision.session import is_named_by

HOW_TO_GET = "`sh tools/ci/docker-engine.sh start` (root, Debian) starts one and makes the images"
GONE_SECONDS = 120.0
"""What a test allows until nothing is left: a guard against a hang, whatever else the machine does."""


class DockerLab:
    """An engine as one test sees it."""

    def __init__(self, engine: Engine, lab: Lab) -> None:
        self.engine = engine
        self.lab = lab

    def acquire(
        self,
        *services: str,
        table: Table = BUILT_IN,
        environment: ServiceEnvironment = ServiceEnvironment.TEST,
        force_recreate: bool = False,
    ) -> Stack:
        """Start ``services`` in containers on dynamic ports."""
        return self.lab.acquire(
            table=table, request=self.request(*services, environment=environment, force_recreate=force_recreate)
        )

    def request(
        self, *services: str, environment: ServiceEnvironment = ServiceEnvironment.TEST, force_recreate: bool = False
    ) -> StackRequest:
        return StackRequest(
            services=services,
            environment=environment,
            provider=Provider.DOCKER,
            dynamic_ports=True,
            force_recreate=force_recreate,
        )

    def containers(self) -> dict[str, str]:
        """Return the containers of this lab's sessions: service to id."""
        found = self.engine.api.containers(all=True, filters={"label": SESSION_LABEL})
        return {one["Labels"][SERVICE_LABEL]: one["Id"] for one in found if self.is_mine(one["Labels"])}

    def is_mine(self, labels: dict[str, str]) -> bool:
        return is_named_by(self.lab.registry, labels[SESSION_LABEL])

    def log(self, service: str) -> Path:
        """Return the log of the one session that runs ``service``."""
        return next(info.log(service) for info in self.lab.ready_sessions())

    def networks(self) -> list[str]:
        found = self.engine.api.networks(filters={"label": [SESSION_LABEL]})
        return [one["Name"] for one in found if self.is_mine(one["Labels"])]

    def snapshots(self) -> list[str]:
        """Return the names of the snapshots that this lab's sessions made, each there for the next session to find."""
        found = self.engine.api.images(filters={"label": [SNAPSHOT_LABEL, SESSION_LABEL]})
        return [name for one in found if self.is_mine(one["Labels"]) for name in one["RepoTags"] or ()]

    def build(self, name: str, dockerfile: str) -> None:
        steps = self.engine.api.build(fileobj=io.BytesIO(dockerfile.encode()), tag=name, rm=True, decode=True)
        errors = [step["error"] for step in steps if "error" in step]
        assert not errors, errors

    def leave_behind(self, labels: dict[str, str]) -> str:
        """Make a container, as a session does that is killed before it starts it."""
        return str(self.engine.api.create_container("redis:7", labels=labels)["Id"])

    def left(self) -> list[str]:
        """Return what of this lab's sessions is in the engine."""
        return [*self.containers(), *self.networks()]

    def wait_until_nothing_is_left(self, seconds: float = GONE_SECONDS) -> float:
        """Return how long it took until no container, network, process or file of this lab's sessions was left."""
        began = time.monotonic()
        while left := [*self.left(), *self.lab.left()]:
            assert time.monotonic() - began < seconds, f"after {seconds} s there is still {left}"
            time.sleep(0.01)
        return time.monotonic() - began

    def close(self) -> None:
        """Remove what a failed test left."""
        for session in remains.sessions(self.engine):
            if is_named_by(self.lab.registry, session):
                remains.remove(self.engine, session)
        self.engine.close()


@pytest.fixture
def docker(lab: Lab) -> Iterator[DockerLab]:
    """The engine of this machine with the images of the table; skips where there is none."""
    made = DockerLab(engine_with("postgres:15", "redis:7"), lab)
    yield made
    made.close()


def engine_with(*images: str) -> Engine:
    try:
        engine = connect(seconds=60)
    except EngineError as error:
        pytest.skip(f"needs a Docker engine: {HOW_TO_GET}. {error.message}")
    for image in images:
        if not engine.api.images(name=image):
            pytest.skip(f"needs the image {image}: {HOW_TO_GET}")
    return engine

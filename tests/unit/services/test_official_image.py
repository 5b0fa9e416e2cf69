"""Which images' entry points are known to do no more than the database that is made in their place."""

import pytest

pytest.importorskip("docker", reason="needs the Docker SDK: pip install 'ci-toolkit[services]'")

from ci_toolkit.services.providers.docker.containers.empty_cluster import is_made_here
from ci_toolkit.services.providers.docker.containers.image import Image


@pytest.mark.parametrize(
    ("name", "entry_point", "arguments", "expected"),
    [
        ("postgres:15", "docker-entrypoint.sh", "postgres", "made here"),
        ("postgres", "docker-entrypoint.sh", "postgres", "made here"),
        ("docker.io/library/postgres:16-alpine", "docker-entrypoint.sh", "postgres", "made here"),
        ("postgres:15@sha256:0123", "docker-entrypoint.sh", "postgres", "made here"),
        ("pgvector/pgvector:pg16", "docker-entrypoint.sh", "postgres", "left to it"),
        ("registry.example:5000/postgres:15", "docker-entrypoint.sh", "postgres", "left to it"),
        ("postgres:15", "/own-entrypoint.sh", "postgres", "left to it"),
        ("postgres:15", "docker-entrypoint.sh", "serve", "left to it"),
    ],
)
def test_only_the_official_image_as_it_comes_is_known(
    name: str, entry_point: str, arguments: str, expected: str
) -> None:
    image = Image(identity="", name=name, entry_point=(entry_point,), arguments=(arguments,), volumes=())
    assert is_made_here(image) == (expected == "made here")

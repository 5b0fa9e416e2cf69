"""
Test the service while its stores are away, and with requests that nobody should send

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Errors that tell users what to do
- Value Impact: Users wait and try again, rather than believe that their password is wrong
- Strategic Impact: Trust
"""

import socket

import httpx
import pytest
from auth_service.app.main import create_app
from auth_service.app.requests import MOST_BYTES
from auth_service.app.settings import Settings

ANN = {"email": "ann@example.com", "password": "correct horse"}


@pytest.fixture
async def service():
    """The service, told of a port on which nobody listens."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        settings = Settings(
            database_url=f"postgresql://test:hush@{address}/test",
            redis_url=f"redis://:hush@{address}/0",
            auth_secret="hush, but long enough for a secret of HS256",
        )
        app = create_app(settings)
        async with app.router.lifespan_context(app):
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://auth") as client:
                yield client


@pytest.mark.parametrize(
    ("path", "body"), [("/register", ANN), ("/login", ANN), ("/refresh", {"refresh_token": "x"})], ids=str
)
async def test_without_its_stores_it_says_so_and_not_that_something_is_wrong_with_the_user(service, caplog, path, body):
    answer = await service.post(path, json=body)
    assert (answer.status_code, answer.json()["error"]) == (503, "store_away")
    assert "in a moment" in answer.json()["message"]
    assert "hush" not in answer.text + caplog.text
    assert "correct horse" not in caplog.text


async def test_health_names_the_store_that_is_away(service):
    answer = await service.get("/health")
    assert (answer.status_code, answer.json()["error"]) == (503, "store_away")
    assert "PostgreSQL" in answer.json()["message"]


@pytest.mark.parametrize("path", ["/register", "/login", "/refresh"])
@pytest.mark.parametrize(
    "body",
    [b"", b"no json", b"[]", b"null", b"{}", b"[" * 5000, rb'{"email": "\ud800@b", "password": "correct horse"}'],
    ids=["empty", "no json", "list", "null", "nothing", "deep", "half a character"],
)
async def test_nonsense_is_refused_without_repeating_it(service, path, body):
    answer = await service.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.json()["error"]
    assert "correct horse" not in answer.text


@pytest.mark.parametrize("path", ["/register", "/login", "/refresh"])
async def test_a_body_that_is_too_large_is_refused_whether_it_says_its_length_or_not(service, path):
    async def in_parts():
        for _ in range(10):
            yield b" " * (MOST_BYTES // 8)

    for content in (b" " * (MOST_BYTES + 1), in_parts()):
        answer = await service.post(path, content=content, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["error"]) == (413, "too_large")

"""
Test the service while ClickHouse is away

Business Value Justification (BVJ):
- Segment: All
- Business Goal: A chat that never waits for statistics
- Value Impact: The backend is heard at once, and operators read what is wrong
- Strategic Impact: Statistics never take the product down
"""

import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from analytics_service.app.main import create_app
from analytics_service.app.settings import Settings


@pytest.fixture
async def service():
    """The service, told of a port on which nobody listens."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"clickhouse://test:hush@127.0.0.1:{nobody.getsockname()[1]}/test"
        app = create_app(Settings(clickhouse_url=url, auth_secret="never shown"))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://analytics") as client:
            yield client


async def test_health_says_why_it_is_not_ready(service):
    answer = await service.get("/health")
    assert (answer.status_code, answer.json()["error"]) == (503, "store_away")
    assert "does not answer" in answer.json()["message"]
    assert "hush" not in answer.text


async def test_what_clickhouse_refuses_is_shown_to_nobody():
    class Refuses(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            words = b"Code: 27. DB::Exception: Cannot parse input before: the words of Ann"
            self.send_response(500)
            self.send_header("Content-Length", str(len(words)))
            self.end_headers()
            self.wfile.write(words)

        def log_message(self, *words):
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        url = f"clickhouse://test:hush@127.0.0.1:{server.server_port}/test"
        app = create_app(Settings(clickhouse_url=url, auth_secret="never shown"))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://analytics") as client:
            answer = await client.get("/health")
        server.shutdown()
    assert (answer.status_code, answer.json()["error"]) == (503, "store_away")
    assert "HTTP 500, code 27" in answer.json()["message"]
    assert "Ann" not in answer.text


async def test_events_are_taken_all_the_same_until_the_buffer_is_full(service):
    batch = [{"event": "agent_completed", "user_id": "u1", "at": 1795743000}] * 1000
    answers = [await service.post("/events", json=batch) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [202] * 10 + [503]
    assert (answers[-1].json()["error"], answers[-1].headers["Retry-After"]) == ("buffer_full", "5")


@pytest.mark.parametrize(
    ("frontend", "origin", "allowed"),
    [
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000", True),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3001", False),
        ("http://127.0.0.1:3000", "http://127a0.0.1:3000", False),
        ("http://127.0.0.1:*", "http://127.0.0.1:49152", True),
        ("http://127.0.0.1:*", "http://127.0.0.1:1.evil.example", False),
    ],
)
async def test_only_the_frontends_page_may_ask(frontend, origin, allowed):
    app = create_app(Settings(clickhouse_url="clickhouse://nobody", auth_secret="s", frontend_url=frontend))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://analytics") as client:
        answer = await client.get("/usage/u1", headers={"Origin": origin})
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)


def test_settings_show_no_secret():
    shown = repr(Settings(clickhouse_url="clickhouse://test:hush@host/test", auth_secret="hush"))
    assert "hush" not in shown

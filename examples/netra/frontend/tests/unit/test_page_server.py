"""
Test the server of the chat page

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Safety
- Value Impact: The page runs no script but its own, and talks to no service but ours
- Strategic Impact: Trust
"""

import re
from pathlib import Path

import httpx
import pytest
from ci_toolkit.isolated_environment import get_env
from frontend.app.main import create_app
from frontend.app.settings import Settings

PAGE = Path(__file__).parents[2] / "page"
SETTINGS = Settings(auth_url="http://auth:1", backend_url="https://backend:2", analytics_url="http://analytics:3")
MARKUP = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "setHTMLUnsafe", "DOMParser")


@pytest.fixture
async def client():
    transport = httpx.ASGITransport(create_app(SETTINGS))
    async with httpx.AsyncClient(transport=transport, base_url="http://frontend") as client:
        yield client


async def test_the_page_learns_where_the_services_are(client):
    assert (await client.get("/config.json")).json() == {
        "auth_url": "http://auth:1",
        "backend_url": "https://backend:2",
        "analytics_url": "http://analytics:3",
    }
    assert (await client.get("/health")).json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/", "/app.js", "/config.json", "/health", "/nowhere"])
async def test_every_answer_says_what_the_page_may_do(client, path):
    headers = (await client.get(path)).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["img-src"] == "'self'"
    assert policy["connect-src"] == "'self' http://auth:1 https://backend:2 wss://backend:2 http://analytics:3"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/../app/main.py", "/%2e%2e/app/main.py", "/..%2fapp%2fmain.py", "//etc/passwd"])
async def test_no_path_leads_out_of_the_page(client, path):
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("address", ["backend:8000", "javascript:alert(1)", "http://", "//backend"])
def test_an_address_that_is_none_is_refused_by_name(address):
    with get_env().isolation() as env:
        env.set("BACKEND_URL", address)
        with pytest.raises(ValueError, match="BACKEND_URL"):
            Settings.read(env)


def test_an_address_brings_nothing_into_the_headers():
    with get_env().isolation() as env:
        env.set("BACKEND_URL", "https://user:hush@backend:8000/; script-src *")
        assert Settings.read(env).backend_url == "https://backend:8000"


def test_no_script_of_the_page_makes_markup_of_text():
    scripts = {path.name: path.read_text() for path in PAGE.glob("*.js")}
    assert [(name, word) for name, text in scripts.items() for word in MARKUP if word in text] == []
    assert re.findall(r"""\bon\w+=|style=|<script(?! type="module" src=)""", (PAGE / "index.html").read_text()) == []

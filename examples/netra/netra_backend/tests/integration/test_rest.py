"""
Test the REST interface

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Enable conversation continuity
- Value Impact: Users find their threads again, and nobody else does
- Strategic Impact: Core chat functionality
"""

import httpx
import pytest
from ci_toolkit.isolated_environment import get_env
from ci_toolkit.test_framework.base_integration_test import BaseIntegrationTest
from netra_backend.app.accounts import create_user
from netra_backend.testing import access_token


@pytest.fixture
async def client_of(backend_url, real_db):
    """Return a client of the running backend for each new user."""
    opened = []

    async def new(email, **token):
        user = await create_user(real_db, email=email)
        headers = {"Authorization": f"Bearer {access_token(user, **token)}"}
        opened.append(httpx.AsyncClient(base_url=backend_url, headers=headers, timeout=30, trust_env=False))
        return opened[-1]

    yield new
    for client in opened:
        await client.aclose()


class TestRest(BaseIntegrationTest):
    """The running backend."""

    @pytest.mark.integration
    async def test_a_user_finds_the_own_threads_and_nobody_else_does(self, client_of):
        """A thread of somebody else is as one that is not there."""
        ours, theirs = await client_of("one@example.com"), await client_of("two@example.com")
        made = await ours.post("/threads", json={"title": "Costs \u0000 of May"})
        assert (made.status_code, made.json()["title"]) == (201, "Costs \N{REPLACEMENT CHARACTER} of May")
        path = f"/threads/{made.json()['id']}"
        assert (await ours.get("/threads")).json() == [made.json()]
        assert (await ours.get(path)).json() == made.json() | {"messages": []}
        assert (await theirs.get("/threads")).json() == []
        refused = await theirs.get(path)
        assert (refused.status_code, refused.json()["error"]) == (404, "no_such_thread")
        assert refused.json() == (await theirs.get("/threads/nobody-s%00")).json()

    @pytest.mark.integration
    async def test_a_stranger_gets_401_and_what_to_do(self, client_of, backend_url):
        """Each reason has a code of its own."""
        late = await client_of("one@example.com", seconds=-1)
        answers = [await late.get("/threads")]
        for headers in ({}, {"Authorization": "Bearer no.token.here"}, {"Authorization": "Basic dTpw"}):
            answers.append(await late.get("/threads", headers={"Authorization": ""} | headers))
        assert [one.status_code for one in answers] == [401, 401, 401, 401]
        codes = [one.json()["error"] for one in answers]
        assert codes == ["token_expired", "token_missing", "token_invalid", "token_missing"]

    @pytest.mark.integration
    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (b"{", 422, "invalid"),
            (b'{"title": ""}', 422, "invalid"),
            (b'{"title": 5}', 422, "invalid"),
            (b'{"title": "' + b"x" * 100_000 + b'"}', 413, "too_large"),
        ],
        ids=["no JSON", "empty", "a number", "huge"],
    )
    async def test_what_is_no_thread_is_refused(self, client_of, body, status, code):
        """With an error that a program and a person can read, and that repeats nothing of what was sent."""
        client = await client_of("one@example.com")
        refused = await client.post("/threads", content=body, headers={"Content-Type": "application/json"})
        assert (refused.status_code, refused.json()["error"]) == (status, code)
        assert "xxx" not in refused.text

    @pytest.mark.integration
    async def test_health_says_what_answers_and_which_model(self, client_of, backend_url):
        """For whoever looks after it."""
        health = (await (await client_of("one@example.com")).get("/health")).json()
        assert (health["status"], health["cache"]) == ("ok", "ok")
        # A backend in a container has the table's variables alone, and so the scripted model.
        assert health["language_model"] in {get_env().get("CI_TOOLKIT_LLM_MODEL"), "scripted"}
        assert health["analytics"] == {"waiting": 0, "lost": 0}

"""
Test what users see when something fails

Business Value Justification (BVJ):
- Segment: All
- Business Goal: A chat that can be relied on
- Value Impact: Whatever fails, users are told what to do, go on where they were, and lose no word
- Strategic Impact: Trust
"""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import psycopg
import pytest
import uvicorn
from auth_service.app.main import create_app as create_auth
from auth_service.app.settings import Settings as AuthSettings
from ci_toolkit.test_framework.agent_events import breaches
from ci_toolkit.test_framework.utilities import wait_for_condition
from ci_toolkit.test_framework.websocket_helpers import WebSocketFailure
from netra_backend.app.main import create_app as create_backend
from netra_backend.app.models import User
from netra_backend.app.settings import ModelSettings, Settings
from netra_backend.testing import NetraApplication, auth_secret
from tests.chat_users import ChatUser, ask, events_to_the_end
from tests.own_stack import own_stack

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def stack():
    """PostgreSQL, Redis, a scripted language model and a backend, of this module alone."""
    model = {"LLM_BASE_URL": "{scripted_llm_url}/v1", "LLM_API_KEY": "none is needed", "LLM_MODEL": "scripted"}
    with own_stack("backend", name="failures", variables=model) as stack:
        yield stack


class System:
    """A stack whose services may be ended and started again."""

    def __init__(self, stack):
        self._stack = stack
        self._down = []
        self.variables = stack.variables()
        self.backend_url = stack.endpoint("backend").url()

    async def end(self, name, *, by_force=False):
        self._down.append(name)
        await asyncio.to_thread(self._stack.end, name, by_force=by_force)

    async def start(self, name):
        await asyncio.to_thread(self._stack.start_again, name)
        self._down.remove(name)

    async def mend(self):
        for name in tuple(self._down):
            await self.start(name)


@pytest.fixture
async def system(stack):
    """The stack, whole again after the test."""
    system = System(stack)
    yield system
    await system.mend()


@pytest.fixture
async def http():
    async with httpx.AsyncClient(timeout=60) as client:
        yield client


@pytest.fixture
async def user(system, request):
    """Somebody who is new in each test."""
    services = {"database_url": system.variables["DATABASE_URL"]}
    email = f"{request.node.name}@example.com"
    created = await NetraApplication().create_user(services, email=email, subscription="free")
    return ChatUser(created, system.backend_url, token=created.token)


@pytest.fixture
async def auth(system):
    """The auth service, in this process, on the stores of the stack."""
    async with auth_service(system) as client:
        yield client


@asynccontextmanager
async def auth_service(system, **settings):
    stores = {"database_url": system.variables["DATABASE_URL"], "redis_url": system.variables["REDIS_URL"]}
    app = create_auth(AuthSettings(auth_secret=auth_secret(), **stores, **settings))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://auth") as client,
    ):
        yield client


def said(messages):
    return [(message["role"], message["content"]) for message in messages]


async def test_a_backend_that_is_killed_in_the_middle_loses_no_message(system, user, http):
    """The client sees the end of its connection, comes back, finds every word, and asks again under the same id."""
    async with user.connect() as client:
        answered = await ask(client, "Save", request_id="before")
        thread_id = answered[-1]["thread_id"]
        await client.send_json(
            {
                "type": "message",
                "message": "What now? scripted:hang",
                "thread_id": thread_id,
                "request_id": "cut-off",
            }
        )
        assert (await client.receive_json())["type"] == "agent_started"
        await system.end("backend", by_force=True)
        with pytest.raises(WebSocketFailure, match="closed the connection"):
            await ask(client, "Is anybody there?")
    await system.start("backend")
    stored = await user.messages(http, thread_id)
    assert said(stored) == [
        ("user", "Save"),
        ("agent", answered[-1]["final_response"]),
        ("user", "What now? scripted:hang"),
    ]
    assert (stored[-1]["state"], stored[-1]["error"]) == ("interrupted", "interrupted")
    async with user.connect() as client:
        again = await ask(client, "What now?", agent="triage_agent", thread_id=thread_id, request_id="cut-off")
        assert breaches(again) == ()
        assert breaches(await ask(client, "And then?", agent="triage_agent", thread_id=thread_id)) == ()
    assert [role for role, _ in said(await user.messages(http, thread_id))] == ["user", "agent"] * 3


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("scripted:error", "llm_unavailable"),
        ("scripted:cut", "llm_unavailable"),
        ("scripted:page", "llm_nonsense"),
        ("scripted:nonsense", "llm_nonsense"),
    ],
)
async def test_without_the_model_rules_answer_and_say_so_or_the_user_is_told(system, user, words, code):
    """The optimizer has rules to fall back to; triage has none, and its error says that the message is stored."""
    async with user.connect() as client:
        events = await ask(client, f"Save {words}")
        assert breaches(events) == ()
        assert [event["code"] for event in events if event["type"] == "agent_fallback"] == [code]
        assert events[-1]["data"]["result"]["answered_by"] == "rules"
        told = await ask(client, f"hello {words}", agent="triage_agent")
    assert [event["type"] for event in told] == ["agent_started", "agent_thinking", "error"]
    assert told[-1]["code"] == code
    assert "your message is stored" in told[-1]["message"]


async def test_a_request_that_is_sent_again_while_it_runs_is_worked_on_once(system, user):
    """Nobody takes it up a second time."""
    asked = {"type": "message", "message": "hello scripted:hang", "request_id": "twice"}
    async with user.connect() as client:
        await client.send_json(asked)
        assert (await client.receive_json())["type"] == "agent_started"
        await client.send_json(asked)
        events = await events_to_the_end(client)
    assert [event["code"] for event in events if event["type"] == "error"] == ["in_progress"]


async def test_a_backend_that_is_told_to_stop_marks_what_it_interrupts(system, user):
    """Its clients see the close code of a restart; the mark is there before the backend starts again."""
    async with user.connect() as client:
        await client.send_json({"type": "message", "message": "hello scripted:hang", "request_id": "stopped"})
        assert (await client.receive_json())["type"] == "agent_started"
        await system.end("backend")
        with pytest.raises(WebSocketFailure, match="1012"):
            await client.collect_events()
    with psycopg.connect(system.variables["DATABASE_URL"]) as db:
        marked = db.execute("SELECT state, error FROM agent_requests WHERE id = 'stopped'").fetchall()
    assert marked == [("interrupted", "interrupted")]


@pytest.mark.parametrize("by_force", [False, True], ids=["stopped", "killed"])
async def test_without_postgresql_users_are_told_and_go_on_over_the_same_connection(system, user, http, by_force):
    """What was answered for is there afterwards; what could not be stored was never answered for."""
    async with user.connect() as client:
        thread_id = (await ask(client, "Save"))[-1]["thread_id"]
        stored = await user.messages(http, thread_id)
        await system.end("postgresql", by_force=by_force)
        refused = await ask(client, "Save more", thread_id=thread_id, request_id="again")
        assert [(event["type"], event["code"]) for event in refused] == [("error", "store_away")]
        assert "send it again" in refused[0]["message"]
        for path in ("/threads", "/health"):
            answer = await http.get(system.backend_url + path, headers=user.headers)
            assert (answer.status_code, answer.json()["error"]) == (503, "store_away")
        await system.start("postgresql")
        answered = await ask(client, "Save more", thread_id=thread_id, request_id="again")
        assert breaches(answered) == ()
    after = await user.messages(http, thread_id)
    assert after[: len(stored)] == stored
    assert said(after)[len(stored) :] == [("user", "Save more"), ("agent", answered[-1]["final_response"])]


async def test_a_restart_of_postgresql_between_two_questions_is_noticed_by_nobody(system, user):
    """Connections that the server has closed meanwhile are replaced before a question needs them."""
    async with user.connect() as client:
        thread_id = (await ask(client, "Save"))[-1]["thread_id"]
        await system.end("postgresql")
        await system.start("postgresql")
        assert breaches(await ask(client, "Save more", thread_id=thread_id)) == ()


async def test_an_answer_waits_for_postgresql_to_come_back(system, user, http):
    """A restart while an agent works costs its user some seconds, and neither the message nor the answer."""
    async with user.connect() as client:
        await client.send_json(
            {"type": "agent_request", "agent": "cost_optimizer", "message": "Save scripted:slow"}
        )
        started = await client.receive_json()
        await system.end("postgresql")
        await system.start("postgresql")
        events = [started, *(await events_to_the_end(client))]
    assert breaches(events) == ()
    stored = await user.messages(http, started["thread_id"])
    assert said(stored) == [("user", "Save scripted:slow"), ("agent", events[-1]["final_response"])]
    assert stored[0]["state"] == "answered"


async def test_without_redis_conversations_go_on_and_logins_wait(system, user, http, auth):
    """Redis is a cache for the backend; for the auth service it counts guesses, without which nobody may guess."""
    account = {"email": "ann@example.com", "password": "correct horse"}
    tokens = (await auth.post("/register", json=account)).json()
    async with user.connect() as client:
        thread_id = (await ask(client, "Save"))[-1]["thread_id"]
        await system.end("redis", by_force=True)
        assert breaches(await ask(client, "Save more", thread_id=thread_id)) == ()
        health = await http.get(f"{system.backend_url}/health")
        assert (health.status_code, health.json()["cache"]) == (200, "away")
        assert len(await user.messages(http, thread_id)) == 4
        refused = await auth.post("/login", json=account)
        assert (refused.status_code, refused.json()["error"]) == (503, "store_away")
        assert (await auth.get("/health")).json()["message"] == "Redis does not answer"
        assert (await auth.post("/refresh", json={"refresh_token": tokens["refresh_token"]})).status_code == 200
        await system.start("redis")
        assert breaches(await ask(client, "Save all", thread_id=thread_id)) == ()
    assert (await auth.post("/login", json=account)).status_code == 200


@asynccontextmanager
async def impatient_backend(system):
    """A backend in this process, on the stores of the stack, that waits for its language model for a moment only."""
    model = ModelSettings(
        base_url=f"{system.variables['SCRIPTED_LLM_URL']}/v1", api_key="none is needed", name="scripted", seconds=0.3
    )
    stores = {"database_url": system.variables["DATABASE_URL"], "redis_url": system.variables["REDIS_URL"]}
    app = create_backend(Settings(auth_secret=auth_secret(), model=model, instance="impatient", **stores))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="on"))
    serving = asyncio.create_task(server.serve())
    await wait_for_condition(lambda: server.started, timeout=60)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.mark.parametrize(
    ("words", "code"), [("scripted:hang", "llm_unavailable"), ("scripted:nonsense", "llm_nonsense")]
)
async def test_without_a_language_model_that_answers_users_are_told_or_rules_answer(system, user, http, words, code):
    """Nobody waits for a model that hangs; the message is stored, and the next one is answered."""
    async with impatient_backend(system) as backend_url:
        asker = ChatUser(user, backend_url, token=user.token)
        async with asker.connect() as client:
            told = await ask(client, f"Hello {words}", agent="triage_agent")
            assert (told[-1]["type"], told[-1]["code"]) == ("error", code)
            assert "your message is stored" in told[-1]["message"]
            thread_id = told[-1]["thread_id"]
            by_rules = await ask(client, f"Save {words}", thread_id=thread_id)
            assert breaches(by_rules) == ()
            assert [event["code"] for event in by_rules if event["type"] == "agent_fallback"] == [code]
            assert breaches(await ask(client, "Hello", agent="triage_agent", thread_id=thread_id)) == ()
        stored = await asker.messages(http, thread_id)
    assert [(message["role"], message.get("state")) for message in stored] == [
        ("user", "failed"),
        ("user", "answered"),
        ("agent", None),
        ("user", "answered"),
        ("agent", None),
    ]


async def test_a_refresh_while_a_connection_is_open_lets_both_go_on_until_the_old_token_ends(system, http, auth):
    """The open connection is told that its token has expired; the new token finds the conversation."""
    async with AsyncExitStack() as stack:
        old, before, client, thread_id = await asked_with_a_short_token(stack, system)
        new = (await auth.post("/refresh", json={"refresh_token": old["refresh_token"]})).json()
        after = registered(new, system)
        async with after.connect() as second:
            assert breaches(await ask(second, "Save more", thread_id=thread_id)) == ()
            told = await client.receive_json()
            assert (told["type"], told["code"]) == ("error", "token_expired")
            assert "/refresh" in told["message"]
            with pytest.raises(WebSocketFailure, match="4401"):
                await client.receive_json()
            assert breaches(await ask(second, "Save all", thread_id=thread_id)) == ()
    with pytest.raises(WebSocketFailure, match="HTTP 401"):
        async with before.connect():
            pass
    assert len(await after.messages(http, thread_id)) == 6


async def asked_with_a_short_token(stack, system):
    """Return what the auth service told, its user, a connection that ``stack`` closes, and the thread of an answer.

    The token lasts a while longer each time that a busy machine took longer than that.
    """
    for seconds in (4, 16, 64):
        async with auth_service(system, access_seconds=seconds) as hasty:
            account = {"email": f"bob-{seconds}@example.com", "password": "correct horse"}
            old = (await hasty.post("/register", json=account)).json()
        user = registered(old, system)
        try:
            client = await stack.enter_async_context(user.connect())
            return old, user, client, (await ask(client, "Save"))[-1]["thread_id"]
        except (WebSocketFailure, KeyError) as error:  # refused, or told of the end before the answer
            late = error
    raise late


def registered(told, system):
    """Return the user of whom the auth service told."""
    return ChatUser(User(id=told["user_id"]), system.backend_url, token=told["access_token"])

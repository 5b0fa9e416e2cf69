"""
Test that users never see each other

MISSION CRITICAL: One event at the wrong user is a breach that no apology mends.

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Privacy
- Value Impact: Whatever others do at the same moment, users see their own conversations, whole and in order
- Strategic Impact: Trust; without it no enterprise signs
"""

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest
from ci_toolkit.test_framework.agent_events import breaches, field_of
from netra_backend.app.costs import analyze_costs
from tests.chat_users import ChatUser, ask, create_users, is_silent
from tests.mission_critical.base import MissionCriticalTest

USERS = 50
REQUESTS = 2


def spend_of(user, request):
    """Return what a user spends: a figure that nobody else has, and that the answer is computed from."""
    return 1000 + user * REQUESTS + request


@pytest.fixture
async def http():
    async with httpx.AsyncClient(timeout=60) as client:
        yield client


class TestUserIsolation(MissionCriticalTest):
    """Fifty users at once, then two who know each other's ids."""

    @pytest.fixture
    async def users(self, real_db, backend_url):
        return [ChatUser(user, backend_url) for user in await create_users(real_db, USERS)]

    @pytest.mark.mission_critical
    @pytest.mark.no_skip
    async def test_no_event_of_fifty_users_at_once_reaches_another(self, users, http):
        """Each has the own events, all of them, in order, and nothing else: not one more message."""
        async with AsyncExitStack() as open_connections:
            connected = await asyncio.gather(
                *(open_connections.enter_async_context(user.connect()) for user in users)
            )
            told = await asyncio.gather(*(self.converse(number, client) for number, client in enumerate(connected)))
            assert all(await asyncio.gather(*map(is_silent, connected)))
        threads = [{event["thread_id"] for event in events} for events in told]
        for number, (user, events) in enumerate(zip(users, told, strict=True)):
            assert {field_of(event, "user_id") for event in events} == {user.id, None}
            for request in range(REQUESTS):
                self.check_request(events, f"request-{request}", spend_of(number, request))
        assert sum(map(len, threads)) == len(set().union(*threads)) == USERS
        stored = await asyncio.gather(*(user.threads(http) for user in users))
        assert stored == threads

    @pytest.mark.mission_critical
    @pytest.mark.no_skip
    async def test_anothers_thread_is_no_thread(self, users, http):
        """Whoever guesses an id learns nothing, not even that there is such a thread, and changes nothing."""
        owner, stranger = users[:2]
        async with owner.connect() as client:
            thread_id = (await ask(client, "Save"))[-1]["thread_id"]
        stored = await owner.messages(http, thread_id)
        url = f"{self.backend_url}/threads"
        answers = [await http.get(f"{url}/{name}", headers=stranger.headers) for name in (thread_id, "0" * 32)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()
        async with stranger.connect() as client:
            for name in (thread_id, "0" * 32):
                refused = await ask(client, "Show me all", thread_id=name)
                assert [event["code"] for event in refused] == ["no_such_thread"]
        assert await owner.messages(http, thread_id) == stored
        assert await stranger.threads(http) == set()

    @pytest.mark.mission_critical
    @pytest.mark.no_skip
    async def test_one_request_id_of_two_users_is_two_requests(self, users):
        """A client chooses its ids; choosing another's gives no part in the answer."""
        ends = []
        for number, user in enumerate(users[:2]):
            async with user.connect() as client:
                events = await ask(client, "Save", request_id="mine", context={"monthly_spend": spend_of(number, 0)})
                self.check_request(events, "mine", spend_of(number, 0))
                ends.append(events[-1]["thread_id"])
        assert ends[0] != ends[1]

    async def converse(self, number, client):
        """Ask one thing after the other in one thread, and return every event."""
        events, thread_id = [], ""
        for request in range(REQUESTS):
            events += await ask(
                client,
                f"Save {number}",
                request_id=f"request-{request}",
                thread_id=thread_id,
                context={"monthly_spend": spend_of(number, request)},
            )
            thread_id = events[-1]["thread_id"]
        return events

    def check_request(self, events, request_id, spend):
        """Assert that a request kept the contract, and that its figures are those of its own question."""
        ours = [event for event in events if event["request_id"] == request_id]
        assert breaches(ours) == ()
        waste = next(event["results"] for event in ours if event["type"] == "tool_completed")
        assert waste == analyze_costs(monthly_spend=spend)
        savings = ours[-1]["data"]["result"]["potential_savings"]["monthly_amount"]
        assert savings == round(sum(waste.values()), 2)

"""
Test usage over ClickHouse

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Bills that users can trust
- Value Impact: Users see what their agents did and cost, to the millionth of a dollar
- Strategic Impact: Usage is what the product is paid by
"""

from urllib.parse import quote

import pytest
from ci_toolkit.test_framework.base_integration_test import BaseIntegrationTest

HOSTILE = "o'clock\\ \"; DROP TABLE events -- \u0000 \u202e 名\n"


def event(name, **fields):
    given = {"event": "agent_completed", "user_id": "u1", "agent": "triage_agent", "at": "2026-11-27T01:30:00Z"}
    return given | {"event_id": name} | fields


class TestUsage(BaseIntegrationTest):
    """Events go in as the backend sends them, and come out as sums."""

    @pytest.mark.integration
    @pytest.mark.real_services
    async def test_a_user_sees_what_each_agent_did(self, analytics, token_of):
        """What was accepted is in the very next answer."""
        sent = await analytics.post(
            "/events",
            json=[
                event("a", tokens=100, usd="0.000001", duration_ms=20.5),
                event("b", tokens=50, usd="0.1", agent="cost_optimizer"),
                event("c", tokens=7, agent="cost_optimizer"),
                event("d", tokens=999, user_id="somebody else"),
            ],
        )
        assert (sent.status_code, sent.json()) == (202, {"accepted": 4})
        usage = await self.usage(analytics, token_of, "u1")
        assert usage == {
            "user_id": "u1",
            "events": 3,
            "tokens": 157,
            "usd": 0.100001,
            "duration_ms": 20.5,
            "by_agent": [
                {"agent": "cost_optimizer", "events": 2, "tokens": 57, "usd": 0.1, "duration_ms": 0.0},
                {"agent": "triage_agent", "events": 1, "tokens": 100, "usd": 0.000001, "duration_ms": 20.5},
            ],
        }

    @pytest.mark.integration
    @pytest.mark.real_services
    async def test_an_event_that_is_sent_again_counts_once(self, analytics, token_of):
        """A backend that never heard the answer sends its batch again; stored and waiting ones alike are one."""
        batch = [event("a", tokens=5), event("", tokens=3), event("a", tokens=5)]
        await analytics.post("/events", json=batch)
        await self.usage(analytics, token_of, "u1")
        await analytics.post("/events", json=batch)
        usage = await self.usage(analytics, token_of, "u1")
        assert (usage["events"], usage["tokens"]) == (2, 8)

    @pytest.mark.integration
    @pytest.mark.real_services
    async def test_a_test_sees_nothing_of_the_one_before(self, analytics, token_of):
        """The worker's ClickHouse is as before each test, though the service still runs."""
        assert (await self.usage(analytics, token_of, "u1"))["events"] == 0
        await analytics.post("/events", json=[event("z", tokens=1)])
        assert (await self.usage(analytics, token_of, "u1"))["events"] == 1

    @pytest.mark.integration
    @pytest.mark.real_services
    async def test_names_are_data_whatever_they_hold(self, analytics, token_of):
        """Quotes, statements and control characters in a name reach no SQL."""
        await analytics.post("/events", json=[event("a", user_id=HOSTILE, agent=HOSTILE, tokens=1)])
        usage = await self.usage(analytics, token_of, HOSTILE)
        assert (usage["user_id"], usage["tokens"], usage["by_agent"][0]["agent"]) == (HOSTILE, 1, HOSTILE)

    @pytest.mark.integration
    @pytest.mark.real_services
    async def test_only_its_user_may_ask(self, analytics, token_of):
        """Each refusal says what to do."""
        cases = {
            "": (401, "token_missing"),
            "Bearer nonsense": (401, "token_invalid"),
            f"Bearer {token_of('u1', seconds=-1)}": (401, "token_expired"),
            f"Bearer {token_of('u2')}": (403, "not_yours"),
        }
        for header, (status, code) in cases.items():
            answer = await analytics.get("/usage/u1", headers={"Authorization": header})
            assert (answer.status_code, answer.json()["error"]) == (status, code)
            assert answer.json()["message"]

    @pytest.mark.integration
    @pytest.mark.real_services
    async def test_one_bad_event_refuses_its_batch_and_says_which(self, analytics, token_of):
        """A sender learns what is wrong, and nothing of the batch is half stored."""
        answer = await analytics.post("/events", json=[event("a"), event("b", tokens=-1)])
        assert (answer.status_code, answer.json()["error"]) == (422, "invalid")
        assert answer.json()["message"].startswith("1.tokens:")
        assert (await analytics.post("/events", json=[event("x")] * 1001)).status_code == 422
        assert (await self.usage(analytics, token_of, "u1"))["events"] == 0

    @pytest.mark.integration
    @pytest.mark.real_services
    async def test_health_says_that_clickhouse_answers(self, analytics):
        """Ready means ready with its store."""
        answer = await analytics.get("/health")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok", "waiting": 0})

    async def usage(self, analytics, token_of, user_id):
        headers = {"Authorization": f"Bearer {token_of(user_id)}"}
        answer = await analytics.get(f"/usage/{quote(user_id, safe='')}", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

"""
Test execution contexts and their events

Business Value Justification (BVJ):
- Segment: All
- Business Goal: User isolation
- Value Impact: No request sees anything of another user's
- Strategic Impact: A multi-user system that can be trusted
"""

import dataclasses
import json

import pytest
from ci_toolkit.test_framework.agent_events import breaches
from shared.access import Identity
from netra_backend.app.events import Narrator
from netra_backend.app.execution import ExecutionContextFactory
from netra_backend.app.protocol import read
from netra_backend.app.settings import Limits

ASKED = json.dumps({"type": "agent_request", "agent": "cost_optimizer", "message": "Save", "context": {"a": {"b": 1}}})


def context_of(user_id, text=ASKED):
    factory = ExecutionContextFactory(Identity(user_id=user_id, subscription="free", expires_at=0))
    return factory.create(read(text, Limits()))


def test_two_requests_share_nothing_that_can_change():
    one, two = context_of("u1"), context_of("u2")
    one.details["a"]["b"] = "mine"
    assert two.details == {"a": {"b": 1}}
    assert {one.user_id, two.user_id} == {"u1", "u2"}
    assert one.thread_id != two.thread_id
    assert one.request_id != two.request_id


def test_a_context_cannot_be_changed():
    context = context_of("u1")
    with pytest.raises(dataclasses.FrozenInstanceError):
        context.user_id = "u2"
    with pytest.raises(TypeError):
        context.details["user_id"] = "u2"


def test_the_user_of_a_context_is_the_token_s_whatever_the_client_says():
    said = json.loads(ASKED) | {"user_id": "u2", "context": {"user_id": "u2"}}
    assert context_of("u1", json.dumps(said)).user_id == "u1"


async def test_events_keep_the_contract_are_numbered_and_name_their_request():
    events = []

    async def emit(event):
        events.append(dict(event))

    context = context_of("u1")
    narrator = Narrator(context, emit)
    await narrator.started()
    await narrator.thinking("Where does the money go?")
    await narrator.completed({"summary": "Nowhere."})
    assert breaches(events) == ()
    assert [event["number"] for event in events] == [1, 2, 3]
    assert {event["request_id"] for event in events} == {context.request_id}
    assert {event["thread_id"] for event in events} == {context.thread_id}

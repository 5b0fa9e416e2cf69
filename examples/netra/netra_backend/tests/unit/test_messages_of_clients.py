"""
Test what clients may say

Business Value Justification (BVJ):
- Segment: All
- Business Goal: A chat that no client can break
- Value Impact: A wrong message gets an answer that says what to do, and no other user notices
- Strategic Impact: Trust
"""

import json

import pytest
from shared.errors import Refusal
from netra_backend.app.protocol import read
from netra_backend.app.settings import Limits

LIMITS = Limits(message_bytes=2_000, message_characters=1_000)


def said(**fields):
    return json.dumps({"type": "agent_request", "message": "Save money"} | fields)


def test_a_plain_message_is_for_triage():
    ask = read('{"type": "message", "content": "hello"}', LIMITS)
    assert (ask.agent, ask.message, ask.thread_id, ask.request_id, ask.context) == ("triage_agent", "hello", "", "", {})


def test_what_is_null_is_as_if_it_were_not_there():
    ask = read(said(thread_id=None, request_id=None, context=None), LIMITS)
    assert (ask.thread_id, ask.request_id, ask.context) == ("", "", {})


def test_a_heartbeat_asks_nothing():
    assert read('{"type": "ping"}', LIMITS) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        "null",
        "[" * 1_900,
        '{"type": "agent_request", "message": NaN}',
        said(type="shutdown"),
        said(message=""),
        said(message=" \n"),
        said(message=["a", "list"]),
        said(agent=7),
        said(thread_id="../../etc/passwd"),
        said(request_id="x" * 65),
        said(request_id="line\n"),
        said(context=["a", "list"]),
        '{"type": "agent_request"}',
    ],
)
def test_what_is_no_request_is_refused_with_what_is_wrong(text):
    with pytest.raises(Refusal) as refused:
        read(text, LIMITS)
    assert (refused.value.status, refused.value.code) == (422, "invalid")
    assert refused.value.message


@pytest.mark.parametrize("text", [said(message="x" * 1_001), said(context={"x": "y" * 2_000})])
def test_what_is_too_large_is_refused(text):
    with pytest.raises(Refusal) as refused:
        read(text, LIMITS)
    assert (refused.value.status, refused.value.code) == (413, "too_large")


def test_text_that_postgresql_cannot_hold_is_made_such_that_it_can():
    assert read(said(message="a\x00b\ud800c"), LIMITS).message == "a\N{REPLACEMENT CHARACTER}b?c"

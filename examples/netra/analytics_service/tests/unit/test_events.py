"""
Test what counts as an event

Business Value Justification (BVJ):
- Segment: All
- Business Goal: Bills that users can trust
- Value Impact: A wrong number never reaches the sums
- Strategic Impact: Usage is what the product is paid by
"""

from decimal import Decimal

import pytest
from analytics_service.app.events import Event
from pydantic import ValidationError

GOOD = {"event": "agent_completed", "user_id": "u1", "agent": "triage_agent", "at": "2026-11-27T01:30:00Z"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"user_id": ""},
        {"user_id": "x" * 201},
        {"event": None},
        {"at": "2026-11-27T01:30:00"},
        {"at": "1970-01-01T00:00:00Z"},
        {"at": "9999-01-01T00:00:00Z"},
        {"tokens": -1},
        {"tokens": 10**13},
        {"duration_ms": "NaN"},
        {"duration_ms": -0.1},
        {"usd": "Infinity"},
        {"usd": -1},
    ],
    ids=str,
)
def test_an_event_that_would_spoil_a_sum_is_refused(wrong):
    with pytest.raises(ValidationError):
        Event.model_validate(GOOD | wrong)


@pytest.mark.parametrize("at", ["2026-11-27T01:30:00Z", "2026-11-27T02:30:00+01:00", 1795743000, 1795743000.0])
def test_every_way_to_write_a_moment_is_the_same_moment(at):
    assert Event.model_validate(GOOD | {"at": at}).at.timestamp() == 1795743000


def test_costs_are_whole_millionths_of_a_dollar():
    assert Event.model_validate(GOOD | {"usd": "0.000001"}).micro_dollars == 1
    assert Event.model_validate(GOOD | {"usd": 0.1}).micro_dollars == 100_000
    assert Event.model_validate(GOOD | {"usd": 0.1}).usd == Decimal("0.1")


def test_an_event_is_known_by_its_id_else_by_all_that_it_says():
    named = Event.model_validate(GOOD | {"event_id": "e1"})
    assert named.identity == "e1"
    unnamed = Event.model_validate(GOOD)
    assert unnamed.identity == Event.model_validate(GOOD).identity
    assert unnamed.identity != Event.model_validate(GOOD | {"tokens": 1}).identity

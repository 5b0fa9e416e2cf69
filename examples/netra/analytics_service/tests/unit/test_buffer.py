"""
Test the buffer of events

Business Value Justification (BVJ):
- Segment: All
- Business Goal: A chat that never waits for statistics
- Value Impact: No event is lost while ClickHouse is away, and memory stays bounded
- Strategic Impact: Usage is what the product is paid by
"""

import pytest
from analytics_service.app.buffer import BufferFullError, EventBuffer
from analytics_service.app.clickhouse import StoreError
from analytics_service.app.events import Event


class Shelf:
    """A store in memory, which can be away."""

    def __init__(self):
        self.batches = []
        self.is_away = False

    async def write(self, events):
        if self.is_away:
            raise StoreError("away")
        self.batches.append([event.event_id for event in events])


def events(*names):
    return [Event(event_id=name, event="tool_completed", user_id="u1", at=1795743000) for name in names]


async def test_what_waits_is_stored_in_batches_in_its_order():
    shelf = Shelf()
    buffer = EventBuffer(shelf, batch=2)
    buffer.add(events("a", "b"))
    buffer.add(events("c"))
    await buffer.flush()
    assert shelf.batches == [["a", "b"], ["c"]]
    assert len(buffer) == 0


async def test_nothing_is_lost_while_the_store_is_away():
    shelf = Shelf()
    buffer = EventBuffer(shelf)
    buffer.add(events("a"))
    shelf.is_away = True
    with pytest.raises(StoreError):
        await buffer.flush()
    buffer.add(events("b"))
    shelf.is_away = False
    await buffer.flush()
    assert shelf.batches == [["a", "b"]]


async def test_a_full_buffer_takes_all_of_a_request_or_nothing():
    buffer = EventBuffer(Shelf(), capacity=3)
    buffer.add(events("a", "b"))
    with pytest.raises(BufferFullError, match="2 of 3"):
        buffer.add(events("c", "d"))
    buffer.add(events("c"))
    assert len(buffer) == 3

"""
Test how a crowd is served

Business Value Justification (BVJ):
- Segment: All
- Business Goal: A chat that answers at once, also on the busiest day
- Value Impact: Users see a sign of life within 100 ms, however many write at the same moment; one user's fault is one user's
- Strategic Impact: Growth without more machines
"""

import asyncio

import pytest
from netra_backend.app.precedence import Precedence
from netra_backend.app.batching import Batcher


class Store:
    """Takes groups of numbers, and refuses those that hold a bad one."""

    def __init__(self, bad=None):
        self.round_trips = []
        self.bad = bad
        self.open = asyncio.Event()
        self.open.set()

    async def work(self, numbers):
        await self.open.wait()
        self.round_trips.append(list(numbers))
        if self.bad in numbers:
            raise ValueError(f"{self.bad} is bad")
        return [number * 10 for number in numbers]


async def test_what_comes_during_a_round_trip_shares_the_next_and_each_gets_its_own_outcome():
    store = Store()
    batcher = Batcher(store.work)
    store.open.clear()
    first = asyncio.create_task(batcher.do(0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(batcher.do(number)) for number in range(1, 150)]
    await asyncio.sleep(0)
    store.open.set()
    assert await asyncio.gather(first, *others) == [number * 10 for number in range(150)]
    assert [len(round_trip) for round_trip in store.round_trips] == [1, 100, 49]


async def test_one_that_is_at_fault_fails_alone():
    store = Store(bad=2)
    batcher = Batcher(store.work, blames_one=(ValueError,))
    ends = await asyncio.gather(*map(batcher.do, range(4)), return_exceptions=True)
    assert [end if isinstance(end, int) else str(end) for end in ends] == [0, 10, "2 is bad", 30]
    assert await batcher.do(5) == 50


async def test_a_fault_of_all_is_told_to_all_and_tried_once():
    store = Store(bad=2)
    batcher = Batcher(store.work)
    ends = await asyncio.gather(*map(batcher.do, range(4)), return_exceptions=True)
    assert {str(end) for end in ends} == {"2 is bad"}
    assert len(store.round_trips) == 1


async def test_one_that_leaves_takes_nobody_along():
    store = Store()
    batcher = Batcher(store.work)
    store.open.clear()
    waiting = [asyncio.create_task(batcher.do(number)) for number in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    store.open.set()
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert (ends[0], ends[2]) == (0, 20)
    assert isinstance(ends[1], asyncio.CancelledError)


async def test_work_gives_way_to_requests_that_begin():
    precedence, done = Precedence(), []

    async def work():
        await precedence.give_way()
        done.append("work")

    with precedence.beginning():
        working = asyncio.create_task(work())
        with pytest.raises(ZeroDivisionError), precedence.beginning():
            raise ZeroDivisionError
        await asyncio.sleep(0)
        done.append("begun")
    await working
    assert done == ["begun", "work"]


async def test_work_does_not_wait_for_ever():
    precedence = Precedence()
    with precedence.beginning():
        await precedence.give_way()

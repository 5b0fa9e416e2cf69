"""The contract of the agent events: what keeps it, and a sentence for each way to break it."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_toolkit.test_framework.agent_events import (
    ALL_FIVE_EVENTS,
    REQUIRED_FIELDS,
    breaches,
    count_events,
    event_order,
    missing_in_order,
    transcript,
)

Run = list[dict[str, Any]]
VALUES = {"duration": 0.1, "parameters": {}, "results": {}, "status": "success", "tool_name": "analyze_costs"}


def event(kind: str, **fields: Any) -> dict[str, Any]:
    required = {name: VALUES.get(name, "x") for name in REQUIRED_FIELDS[kind] if name != "timestamp"}
    return {"type": kind, "timestamp": 1.0, **required, **fields}


def whole_run() -> Run:
    run = [event(kind) for kind in ALL_FIVE_EVENTS]
    for number, one in enumerate(run):
        one["timestamp"] = float(number)
    return run


def change(index: int, **fields: Any) -> Callable[[Run], None]:
    return lambda run: run[index].update(fields)


def drop(index: int, *names: str) -> Callable[[Run], None]:
    def apply(run: Run) -> None:
        for name in names:
            del run[index][name]
        if not names:
            del run[index]

    return apply


def insert(index: int, one: dict[str, Any]) -> Callable[[Run], None]:
    return lambda run: run.insert(index, one)


@pytest.mark.parametrize(
    ("damage", "breach"),
    [
        (drop(0, "user_id", "thread_id"), "event 1, agent_started, lacks user_id, thread_id"),
        (drop(3, "results"), "event 4, tool_completed, lacks results"),
        (drop(1), "agent_thinking never came"),
        (drop(0), "agent_started came 0 times; a run has it once"),
        (drop(4), "agent_completed came 0 times; a run has it once"),
        (insert(1, event("agent_started", timestamp=0)), "agent_started came 2 times; a run has it once"),
        (insert(0, event("agent_thinking", timestamp=0)), "agent_thinking came before agent_started"),
        (insert(5, event("agent_thinking", timestamp=9)), "agent_thinking came after agent_completed"),
        (drop(3), "1 tool_executing of analyze_costs without tool_completed or tool_error"),
        (drop(2), "event 3, tool_completed of analyze_costs, ends a call that tool_executing never began"),
        (change(3, tool_name="other"), "1 tool_executing of analyze_costs without tool_completed or tool_error"),
        (change(3, duration=-1), "event 4, tool_completed, has the duration -1"),
        (change(3, duration=True), "event 4, tool_completed, has the duration True"),
        (change(2, timestamp="noon"), "event 3, tool_executing, has the timestamp 'noon', which is no time"),
        (change(2, timestamp=0), "event 3, tool_executing, is older than the event before it"),
        (insert(2, {"data": {}}), "event 3 has no type"),
    ],
)  # fmt: skip
def test_each_breach_is_said_in_a_sentence(damage: Callable[[Run], None], breach: str) -> None:
    run = whole_run()
    damage(run)
    assert breach in breaches(run)


@pytest.mark.parametrize(
    "run",
    [
        whole_run(),
        [event("agent_started"), event("agent_thinking"), event("agent_completed")],
        [event("agent_started"), {"type": "pong"}, event("agent_thinking"), event("agent_fallback"), event("agent_completed")],
        [
            event("agent_started"), event("agent_thinking"),
            event("tool_executing", tool_name="a"), event("tool_executing", tool_name="b"), event("partial_result"),
            event("tool_error", tool_name="a"), event("tool_completed", tool_name="b"), event("agent_completed"),
        ],
        [{"type": one["type"], "data": one} for one in whole_run()],
        [{**one, "timestamp": "2026-01-01T00:00:00+00:00"} for one in whole_run()],
    ],
    ids=["five", "no tools", "strangers and a fallback", "tools side by side, one fails", "fields in data", "iso times"],
)  # fmt: skip
def test_a_run_that_keeps_the_contract_has_no_breach(run: Run) -> None:
    assert breaches(run) == ()


tools = st.lists(st.sampled_from(["analyze_costs", "read_bill", "forecast"]), max_size=6)


def a_run(calls: list[str], seed: int) -> Run:
    """Tool calls interleaved at random, each end after its beginning, thoughts and strangers between."""
    choice = random.Random(seed)
    left, running, middle = list(calls), list[str](), [event("agent_thinking")]
    while left or running:
        if left and (not running or choice.random() < 0.5):
            running.append(left.pop())
            middle.append(event("tool_executing", tool_name=running[-1]))
        else:
            tool = running.pop(choice.randrange(len(running)))
            middle.append(event(choice.choice(["tool_completed", "tool_error"]), tool_name=tool))
        middle.insert(choice.randrange(len(middle) + 1), choice.choice([event("agent_thinking"), {"type": "pong"}]))
    run = [event("agent_started"), *middle, event("agent_completed")]
    for number, one in enumerate(run):
        one["timestamp"] = number
    return run


@given(tools, st.integers())
def test_any_interleaving_of_paired_tool_calls_keeps_the_contract(calls: list[str], seed: int) -> None:
    run = a_run(calls, seed)
    assert breaches(run) == ()
    assert event_order(run) == ["agent_started", "agent_thinking", "agent_completed"]
    assert count_events(run)["tool_executing"] == len(calls)


@given(tools, st.integers(), st.data())
def test_without_any_one_of_its_agent_events_but_a_repeated_thought_a_run_breaks_it(
    calls: list[str], seed: int, data: st.DataObject
) -> None:
    run = a_run(calls, seed)
    thoughts = count_events(run)["agent_thinking"]
    needed = [
        index
        for index, one in enumerate(run)
        if one["type"] in REQUIRED_FIELDS and not (one["type"] == "agent_thinking" and thoughts > 1)
    ]
    del run[data.draw(st.sampled_from(needed))]
    assert breaches(run) != ()


leaf = st.none() | st.booleans() | st.floats() | st.text(max_size=5)
json_values = leaf | st.dictionaries(st.sampled_from(["tool_name", "timestamp"]), leaf)
some_fields = st.dictionaries(st.sampled_from(["data", "timestamp", "duration", "tool_name"]), json_values)
some_events = st.tuples(st.sampled_from(ALL_FIVE_EVENTS) | leaf, some_fields).map(
    lambda two: {"type": two[0], **two[1]}
)


@given(st.lists(some_events, max_size=8))
def test_whatever_a_server_sends_it_is_judged_and_shown(events: Run) -> None:
    breaches(events)
    assert len(transcript(events).splitlines()) == max(1, len(events))


def test_expected_events_are_looked_for_in_order_with_others_between() -> None:
    run = whole_run()
    assert missing_in_order(run, ALL_FIVE_EVENTS) == ()
    assert missing_in_order(run, ["agent_started", "agent_completed"]) == ()
    assert missing_in_order(run, ["agent_completed", "agent_started"]) == ("agent_started",)
    assert missing_in_order([run[0], *run[2:]], ALL_FIVE_EVENTS) == ("agent_thinking",)
    assert missing_in_order([], ["agent_started"]) == ("agent_started",)

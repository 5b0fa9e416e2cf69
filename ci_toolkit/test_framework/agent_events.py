"""The contract of the agent events that a chat shows: fields, order, pairing of tool events. Pure.

A run of an agent reads::

    agent_started  agent_thinking+  (tool_executing .. tool_completed | tool_error)*  agent_completed

Thinking, tool events, ``partial_result`` and ``agent_fallback`` may interleave between the first and the last event;
tools may run side by side. What is not an agent event (a ping, a chat message) may stand anywhere.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

Event = Mapping[str, Any]

ALL_FIVE_EVENTS: Final = ("agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed")
"""The five events that give a chat its value."""

OPTIONAL_EVENTS: Final = ("agent_fallback", "partial_result", "tool_error")
TOOL_EVENTS: Final = frozenset({"tool_executing", "tool_completed", "tool_error"})
AGENT_EVENTS: Final = frozenset({*ALL_FIVE_EVENTS, *OPTIONAL_EVENTS})

REQUIRED_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "agent_started": ("user_id", "thread_id", "timestamp"),
    "agent_thinking": ("reasoning", "timestamp"),
    "tool_executing": ("tool_name", "parameters", "timestamp"),
    "tool_completed": ("tool_name", "results", "duration", "timestamp"),
    "agent_completed": ("status", "final_response", "timestamp"),
    "agent_fallback": ("timestamp",),
    "partial_result": ("timestamp",),
    "tool_error": ("tool_name", "timestamp"),
}
"""What each event holds beside its type, at its top or in its ``data``."""

_LONGEST_SHOWN: Final = 160


def type_of(event: object) -> str:
    """Return the type of an event, ``""`` where it has none."""
    kind = event.get("type") if isinstance(event, Mapping) else None
    return kind if isinstance(kind, str) else ""


def field_of(event: Event, name: str) -> Any:
    """Return a field of an event, from its top or from its ``data``; ``None`` where it is missing."""
    data = event.get("data")
    value = event.get(name)
    return data.get(name) if value is None and isinstance(data, Mapping) else value


def count_events(events: Iterable[Event]) -> Counter[str]:
    """Return how often each type came; 0 for a type that did not."""
    return Counter(type_of(event) for event in events)


def event_order(events: Iterable[Event]) -> list[str]:
    """Return the agent events in the order of their first coming; tool events, optional in the middle, are left out."""
    kinds = (type_of(event) for event in events)
    return list(dict.fromkeys(kind for kind in kinds if kind in AGENT_EVENTS and kind not in TOOL_EVENTS))


def breaches(events: Sequence[Event]) -> tuple[str, ...]:
    """Return every breach of the contract in one run of an agent, each a sentence that names the event by number."""
    return (
        *_field_breaches(events),
        *_bracket_breaches(events),
        *_tool_breaches(events),
        *_time_breaches(events),
    )


def missing_in_order(events: Iterable[Event], expected: Sequence[str]) -> tuple[str, ...]:
    """Return what of ``expected`` does not come in that order; others may stand between."""
    kinds = [type_of(event) for event in events]
    position, missing = 0, []
    for want in expected:
        if want in kinds[position:]:
            position = kinds.index(want, position) + 1
        else:
            missing.append(want)
    return tuple(missing)


def missing_fields(events: Iterable[Event], kinds: Collection[str] = AGENT_EVENTS) -> Iterator[str]:
    """Yield a sentence for each agent event among ``kinds`` without what the contract asks of it."""
    for number, kind, event in _agent_events(events):
        missing = [name for name in REQUIRED_FIELDS[kind] if field_of(event, name) is None]
        if missing and kind in kinds:
            yield f"event {number}, {kind}, lacks {', '.join(missing)}"


def transcript(events: Iterable[object]) -> str:
    """Return the events as numbered lines."""
    lines = [f"  {number:>3}  {_shown(event)}" for number, event in enumerate(events, start=1)]
    return "\n".join(lines) or "  (no events)"


def _shown(event: object) -> str:
    kind = json.dumps(type_of(event) or "(no type)")[1:-1]  # a server's text stays on its line
    rest = {key: value for key, value in event.items() if key != "type"} if isinstance(event, Mapping) else event
    text = json.dumps(rest, default=repr, ensure_ascii=True)
    return f"{kind:<16} {text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + '...'}"


def _agent_events(events: Iterable[Event]) -> Iterator[tuple[int, str, Event]]:
    """Yield number, type and event of every agent event."""
    for number, event in enumerate(events, start=1):
        if type_of(event) in AGENT_EVENTS:
            yield number, type_of(event), event


def _field_breaches(events: Sequence[Event]) -> Iterator[str]:
    for number, event in enumerate(events, start=1):
        if not type_of(event):
            yield f"event {number} has no type"
    yield from missing_fields(events)


def _bracket_breaches(events: Sequence[Event]) -> Iterator[str]:
    """Yield what is wrong with the first, the last, and the thought between them."""
    kinds = [kind for _, kind, _ in _agent_events(events)]
    for kind in ("agent_started", "agent_completed"):
        if kinds.count(kind) != 1:
            yield f"{kind} came {kinds.count(kind)} times; a run has it once"
    if "agent_thinking" not in kinds:
        yield "agent_thinking never came"
    if kinds and kinds[0] != "agent_started" and "agent_started" in kinds:
        yield f"{kinds[0]} came before agent_started"
    if kinds and kinds[-1] != "agent_completed" and "agent_completed" in kinds:
        yield f"{kinds[-1]} came after agent_completed"


def _tool_breaches(events: Sequence[Event]) -> Iterator[str]:
    """Yield each tool call without an end, and each end without a call."""
    running: Counter[str] = Counter()
    for number, kind, event in _agent_events(events):
        tool = str(field_of(event, "tool_name"))
        if kind == "tool_executing":
            running[tool] += 1
        elif kind in TOOL_EVENTS and running[tool]:
            running[tool] -= 1
        elif kind in TOOL_EVENTS:
            yield f"event {number}, {kind} of {tool}, ends a call that tool_executing never began"
    for tool, calls in running.items():
        if calls:
            yield f"{calls} tool_executing of {tool} without tool_completed or tool_error"


def _time_breaches(events: Sequence[Event]) -> Iterator[str]:
    """Yield times that cannot be read or run backwards, and durations below zero."""
    latest: float | None = None
    for number, kind, event in _agent_events(events):
        duration = field_of(event, "duration")
        if kind == "tool_completed" and duration is not None and not _is_span(duration):
            yield f"event {number}, {kind}, has the duration {duration!r}"
        stamp = field_of(event, "timestamp")
        if stamp is None:
            continue
        seconds = _seconds(stamp)
        if seconds is None:
            yield f"event {number}, {kind}, has the timestamp {stamp!r}, which is no time"
        elif latest is not None and seconds < latest:
            yield f"event {number}, {kind}, is older than the event before it"
        latest = latest if seconds is None else seconds


def _is_span(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _seconds(stamp: object) -> float | None:
    """Return a time as seconds: a number, or ISO 8601 text."""
    if isinstance(stamp, int | float) and not isinstance(stamp, bool):
        return float(stamp)
    try:
        return datetime.fromisoformat(str(stamp)).timestamp()
    except ValueError:
        return None

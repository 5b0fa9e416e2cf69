"""The OpenAI protocol's chat completions, as a server writes them. Pure but for ids and the time."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

_KNOWN: Final = frozenset({
    "model", "messages", "stream", "stream_options", "temperature", "top_p", "max_tokens", "max_completion_tokens",
    "seed", "stop", "n", "user", "tools", "tool_choice", "parallel_tool_calls", "response_format", "presence_penalty",
    "frequency_penalty", "metadata", "store",
})  # fmt: skip
_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool that the model wants called."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the model answers."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()


def problem_of(body: bytes) -> str:
    """Return what is wrong with a request, ``""`` where nothing is."""
    try:
        request = json.loads(body)
    except ValueError:
        return "the body is not JSON"
    if not isinstance(request, dict):
        return "the body is not an object"
    unknown = sorted(request.keys() - _KNOWN)
    if unknown:
        return f"unknown parameters: {', '.join(unknown)}"
    messages = request.get("messages")
    if not isinstance(request.get("model"), str) or not isinstance(messages, list) or not messages:
        return "model and messages are needed"
    roles = [message.get("role") if isinstance(message, dict) else None for message in messages]
    return next(
        (f"message {index} has the role {role!r}" for index, role in enumerate(roles) if role not in _ROLES), ""
    )


def error(message: str) -> dict[str, Any]:
    """Return the body of a refusal."""
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}


def _words(text: object) -> int:
    return len(str(text).split())


def _usage(request: Mapping[str, Any], reply: Reply) -> dict[str, int]:
    """Count a word as a token."""
    sent = sum(_words(message.get("content") or "") for message in request["messages"])
    received = _words(reply.text) + sum(_words(json.dumps(dict(call.arguments))) for call in reply.tool_calls)
    return {"prompt_tokens": sent, "completion_tokens": received, "total_tokens": sent + received}


def _tool_calls(reply: Reply) -> list[dict[str, Any]]:
    return [
        {
            "id": f"call_{uuid4().hex[:12]}",
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(dict(call.arguments))},
        }
        for call in reply.tool_calls
    ]


def _head(model: str, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{uuid4().hex[:12]}", "object": kind, "created": int(time.time()), "model": model}


def _finish(reply: Reply) -> str:
    return "tool_calls" if reply.tool_calls else "stop"


def completion(model: str, request: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    """Return the reply in one piece."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None, "refusal": None}
    if reply.tool_calls:
        message["tool_calls"] = _tool_calls(reply)
    choice = {"index": 0, "message": message, "finish_reason": _finish(reply), "logprobs": None}
    return _head(model, "chat.completion") | {"choices": [choice], "usage": _usage(request, reply)}


def chunks(model: str, request: Mapping[str, Any], reply: Reply) -> Iterator[dict[str, Any]]:
    """Yield the reply a word at a time, then the end, then the usage where the client asked for it."""
    head = _head(model, "chat.completion.chunk")
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": piece} for piece in _pieces(reply.text)]
    deltas += [{"tool_calls": [{"index": index} | call]} for index, call in enumerate(_tool_calls(reply))]
    for delta in deltas:
        yield head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield head | {"choices": [{"index": 0, "delta": {}, "finish_reason": _finish(reply)}]}
    if (request.get("stream_options") or {}).get("include_usage"):
        yield head | {"choices": [], "usage": _usage(request, reply)}


def _pieces(text: str) -> Sequence[str]:
    words = text.split(" ")
    return [word if index == 0 else f" {word}" for index, word in enumerate(words)] if text else []

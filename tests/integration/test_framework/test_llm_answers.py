"""Endpoints that misbehave: what is no whole answer is a RealLLMError that says what happened, where and what to do."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple

import pytest

from ci_toolkit.test_framework.llm_client import RealLLM, RealLLMError, Usage
from ci_toolkit.test_framework.llm_settings import LLMSettings
from ci_toolkit.test_framework.secret import Secret

KEY = "live-key-0123456789"
USED = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}


class Response(NamedTuple):
    """What the endpoint sends. A body that is ``cut`` is shorter than its announced length."""

    body: bytes
    content_type: str = "application/json"
    status: int = 200
    cut: bool = False


class Endpoint:
    """A server that answers every request with ``response``."""

    def __init__(self) -> None:
        self.response = Response(b"")
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                body, content_type, status, cut = endpoint.response
                self.send_response(status)
                self.send_header("x-should-retry", "false")
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body) + cut))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's word)
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def model(self) -> RealLLM:
        url = f"http://127.0.0.1:{self.server.server_port}/v1"
        return RealLLM(LLMSettings(base_url=url, api_key=Secret(KEY), model="m"))


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    with made.server:
        thread = Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.server.shutdown()
        thread.join()


def completion(*choices: Any, **more: Any) -> Response:
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": list(choices), **more}
    return Response(json.dumps(body).encode())


def choice(reason: str = "stop", **message: Any) -> dict[str, Any]:
    return {"index": 0, "finish_reason": reason, "message": {"role": "assistant", **message}}


def events(*chunks: Any, done: bool = True, cut: bool = False) -> Response:
    lines = [f"data: {chunk if isinstance(chunk, str) else json.dumps(chunk)}\n\n" for chunk in chunks]
    return Response("".join([*lines, "data: [DONE]\n\n" if done else ""]).encode(), "text/event-stream", cut=cut)


def chunk(text: str | None = None, reason: str | None = None, **more: Any) -> dict[str, Any]:
    delta = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [delta], **more}


async def complete(llm: RealLLM) -> str:
    return await llm.complete("hello")


async def chat(llm: RealLLM) -> object:
    return await llm.chat("hello")


async def stream(llm: RealLLM) -> str:
    return "".join([piece async for piece in llm.stream("hello")])


PAGE = Response(f"<html>Sign in with {KEY}</html>".encode(), "text/html")
CALL = {"id": "c", "type": "function", "function": {"name": "analyze_costs", "arguments": "{}"}}
NO_ANSWERS: dict[str, tuple[Callable[[RealLLM], Any], Response, str, str]] = {
    "a web page": (chat, PAGE, "<html>Sign in", "CI_TOOLKIT_LLM_BASE_URL"),
    "a web page in place of a stream": (
        stream,
        PAGE,
        "text/html in place of a stream: '<html>",
        "CI_TOOLKIT_LLM_BASE_URL",
    ),
    "nothing": (chat, Response(b""), "status 200|JSONDecodeError", "CI_TOOLKIT_LLM_BASE_URL"),
    "no JSON": (chat, Response(b"{oops"), "JSONDecodeError", "CI_TOOLKIT_LLM_BASE_URL"),
    "a JSON list": (chat, Response(b"[]"), "status 200|AttributeError", "CI_TOOLKIT_LLM_BASE_URL"),
    "JSON null": (chat, Response(b"null"), "status 200|AttributeError", "CI_TOOLKIT_LLM_BASE_URL"),
    "no choices": (complete, completion(usage=USED), "without a choice", "CI_TOOLKIT_LLM_BASE_URL"),
    "choices null": (chat, Response(b'{"choices": null}'), "without a choice", "CI_TOOLKIT_LLM_BASE_URL"),
    "an error with status 200": (chat, Response(b'{"error": {"message": "overloaded"}}'), "overloaded", "BASE_URL"),
    "no message": (complete, completion({"index": 0}), "no message", "CI_TOOLKIT_LLM_BASE_URL"),
    "a message that is a text": (complete, completion({"index": 0, "message": "hi"}), "no message", "BASE_URL"),
    "an empty text": (complete, completion(choice(content="")), r"empty \(finish_reason stop\)", "log"),
    "content null": (complete, completion(choice(content=None)), "empty", "log"),
    "too short a limit": (complete, completion(choice("length", content="")), "before its first word", "max_tokens"),
    "a refusal": (complete, completion(choice(content=None, refusal="I may not")), "it refused: 'I may not'", "prompt"),
    "tools alone": (
        complete,
        completion(choice("tool_calls", tool_calls=[CALL])),
        "wants analyze_costs called",
        r"chat\(\)",
    ),
    "a body that is cut": (chat, Response(b'{"choices"', cut=True), "APIConnectionError", "CI_TOOLKIT_LLM_BASE_URL"),
    "a wrong key": (chat, Response(b"{}", status=401), "AuthenticationError", "CI_TOOLKIT_LLM_API_KEY"),
    "an unknown model": (stream, Response(b"{}", status=404), "NotFoundError", "CI_TOOLKIT_LLM_MODEL"),
    "too many calls": (chat, Response(b"{}", status=429), "RateLimitError", "limit"),
    "a fault of the endpoint": (stream, Response(b"<h1>502</h1>", "text/html", 502), "InternalServerError", "log"),
    "a stream that ends early": (
        stream,
        events(chunk("a"), chunk("b"), done=False),
        "ended after 2 pieces",
        "not whole",
    ),
    "a stream that says done early": (stream, events(chunk("a")), "ended after 1 piece", "not whole"),
    "a stream that breaks": (stream, events(chunk("a"), done=False, cut=True), "after 1 piece", "not whole"),
    "an empty stream": (stream, events(), "ended after 0 pieces", "not whole"),
    "a stream of no text": (stream, events(chunk(reason="stop")), "empty", "log"),
    "a stream with an error": (stream, events(chunk("a"), {"error": {"message": "overloaded"}}), "overloaded", "log"),
    "a stream of no JSON": (
        stream,
        events(chunk("a"), "oops"),
        "JSONDecodeError.*after 1 piece",
        "not whole",
    ),
    "a stream of other things": (stream, events({"hello": 1}), "ended after 0 pieces", "not whole"),
    "a completion in place of a stream": (
        stream,
        completion(choice(content="hi")),
        "application/json in place",
        "BASE_URL",
    ),
}


@pytest.mark.parametrize(("ask", "response", "what", "advice"), NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_what_is_no_whole_answer_is_told_with_what_to_do_and_counted(
    endpoint: Endpoint, ask: Callable[[RealLLM], Any], response: Response, what: str, advice: str
) -> None:
    endpoint.response = response
    llm = endpoint.model()
    with pytest.raises(
        RealLLMError, match=rf"^m at http://127.0.0.1:\d+/v1 did not answer: (?s:.*)(?:{what})"
    ) as caught:
        asyncio.run(ask(llm))
    assert re.search(advice, str(caught.value)), caught.value
    assert KEY not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert (llm.usage.calls, llm.usage.failed) == (1, 1)


def test_a_text_that_was_cut_by_its_limit_is_an_answer(endpoint: Endpoint) -> None:
    endpoint.response = completion(choice("length", content="Save for"), usage=USED)
    assert asyncio.run(endpoint.model().complete("hello", max_tokens=2)) == "Save for"


def test_a_stream_without_usage_is_whole_and_uncounted(endpoint: Endpoint) -> None:
    endpoint.response = events(chunk("Save"), chunk(" 40%"), chunk(reason="stop"))
    llm = endpoint.model()
    assert asyncio.run(stream(llm)) == "Save 40%"
    assert llm.usage == Usage(calls=1, uncounted=1)


def test_usage_that_each_chunk_repeats_is_counted_once(endpoint: Endpoint) -> None:
    endpoint.response = events(chunk("Save", usage=USED), chunk(reason="stop", usage=USED))
    llm = endpoint.model()
    asyncio.run(stream(llm))
    assert llm.usage == Usage(calls=1, input_tokens=5, output_tokens=2)


def test_usage_that_is_nonsense_states_nothing(endpoint: Endpoint) -> None:
    endpoint.response = completion(choice(content="hi"), usage={"prompt_tokens": "many"})
    llm = endpoint.model()
    asyncio.run(llm.complete("hello"))
    assert llm.usage == Usage(calls=1, uncounted=1)


@pytest.mark.parametrize("closes", [True, False], ids=["closed", "left to the loop"])
def test_a_stream_that_is_abandoned_counts_as_a_call(endpoint: Endpoint, *, closes: bool) -> None:
    endpoint.response = events(chunk("Save"), chunk(" 40%"), chunk(reason="stop"))
    llm = endpoint.model()

    async def first(pieces: AsyncIterator[str]) -> str:
        return await anext(pieces)

    async def closing() -> str:
        pieces = llm.stream("hello")
        if not closes:
            return await first(pieces)
        async with aclosing(pieces):  # type: ignore[type-var]  # an async generator, as its caller need not know
            return await first(pieces)

    assert asyncio.run(closing()) == "Save"
    assert llm.usage == Usage(calls=1, uncounted=1)


def test_what_failed_with_a_usage_is_counted_with_it(endpoint: Endpoint) -> None:
    endpoint.response = completion(usage=USED)
    llm = endpoint.model()
    with pytest.raises(RealLLMError):
        asyncio.run(llm.chat("hello"))
    assert llm.usage == Usage(calls=1, failed=1, input_tokens=5, output_tokens=2)


@pytest.mark.parametrize("ask", ["chat", "complete"])
def test_a_whole_answer_cannot_be_streamed(endpoint: Endpoint, ask: str) -> None:
    llm = endpoint.model()
    with pytest.raises(RealLLMError, match=r"Leave out stream=, or use stream\(\)"):
        asyncio.run(getattr(llm, ask)("hello", stream=True))
    assert llm.usage.calls == 0

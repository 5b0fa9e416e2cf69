"""A server on this machine that answers in the OpenAI protocol as a test says, and fails on any other request."""

import json
import threading
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from ci_toolkit.test_framework.chat_protocol import Reply, ToolCall, chunks, completion, error, problem_of

__all__ = ["Reply", "ScriptedLLM", "ToolCall"]


class ScriptedLLM:
    """Answers each chat completion with the next reply, streamed where the client asks for it.

    Used as ``with ScriptedLLM(["Hello"]) as llm``. At the end it raises AssertionError where a request was unknown,
    malformed, or one too many. ``repeat`` goes on with the last reply for ever.
    """

    def __init__(self, replies: Iterable[str | Reply], *, model: str = "scripted-model", repeat: bool = False) -> None:
        self.model = model
        self.api_key = f"scripted-{uuid4().hex}"
        self.requests: list[dict[str, Any]] = []
        """The body of every good request, in order."""
        self.problems: list[str] = []
        """What was wrong with the others."""
        self._replies = [Reply(text=one) if isinstance(one, str) else one for one in replies]
        self._repeat = repeat
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def base_url(self) -> str:
        """What a client takes as its base URL."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        if self.problems and failure is None:
            raise AssertionError(
                "the scripted language model got a request that it does not expect:\n  " + "\n  ".join(self.problems)
            )

    def answer(self, request: dict[str, Any]) -> Reply | None:
        """Note the request and return its reply, ``None`` where the script has ended."""
        with self._lock:
            used = len(self.requests)
            if used >= len(self._replies) and not (self._repeat and self._replies):
                self.problems.append(f"request {used + 1} has no reply; the script has {len(self._replies)}")
                return None
            self.requests.append(request)
            return self._replies[min(used, len(self._replies) - 1)]

    def complain(self, problem: str) -> None:
        """Note what was wrong with a request."""
        with self._lock:
            self.problems.append(problem)


def _handler_for(llm: ScriptedLLM) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        script = llm

    return Handler


class _Handler(BaseHTTPRequestHandler):
    script: ScriptedLLM
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/v1/models":
            self._send_json(200, {"object": "list", "data": [{"id": self.script.model, "object": "model"}]})
        else:
            self._refuse(404, f"GET {self.path} is unknown")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/v1/chat/completions":
            self._refuse(404, f"POST {self.path} is unknown")
        elif self.headers.get("Authorization") != f"Bearer {self.script.api_key}":
            self._refuse(401, "the key is not this server's")
        elif problem := problem_of(body):
            self._refuse(400, problem)
        else:
            request = json.loads(body)
            reply = self.script.answer(request)
            if reply is None:
                self._send_json(400, error(self.script.problems[-1]))
            elif request.get("stream"):
                self._send_stream(request, reply)
            else:
                self._send_json(200, completion(self.script.model, request, reply))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's word)
        """Print nothing: problems are reported at the end."""

    def _refuse(self, status: int, problem: str) -> None:
        self.script.complain(problem)
        self._send_json(status, error(problem))

    def _send_json(self, status: int, value: Mapping[str, Any]) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _send_stream(self, request: Mapping[str, Any], reply: Reply) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for chunk in chunks(self.script.model, request, reply):
            self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

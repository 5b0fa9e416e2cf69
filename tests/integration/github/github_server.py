"""A GitHub of our own on the loopback: it takes what GitHub takes, refuses what it refuses, and counts what was made."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema

API = json.loads(Path(__file__).with_name("openapi.json").read_text(encoding="utf-8"))["paths"]
TOKEN = "ghs_plantedTokenOfThisJob0123456789"
REPOSITORY = "team/project"
COMMIT = "c0ffee" * 6 + "c0ff"
BYTE_LIMITS = {"summary": 65_535, "text": 65_535, "title": 255, "message": 65_536, "raw_details": 65_536}


@dataclass
class Fault:
    """What happens to one request in place of the usual answer."""

    status: int
    method: str = ""
    """Which requests it waits for; any if empty."""
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "fault"
    is_carried_out: bool = False
    """Whether the request has its effect all the same."""
    path: str = ""
    """A part of the address for which it waits."""


Values = dict[str, str]
Query = dict[str, list[str]]
Answer = tuple[int, dict[str, str], Any]
STORE = "/store/"
"""Where artifacts lie: not at the API, and not told the token."""
DROPPED = 0
"""As a status: the connection is closed without an answer."""


@dataclass
class FakeGitHub:
    """What the server holds."""

    url: str = ""
    checks: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    broken_rules: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    login: str = "github-actions[bot]"
    """Who writes with the token."""
    comments: list[dict[str, Any]] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[tuple[str, bytes]] = field(default_factory=list)
    """Name and zip archive; the place in the list is the id, from 1."""
    arriving: list[str] = field(default_factory=list)
    """Names of artifacts that other jobs upload, one after each time that somebody has listed them."""

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> Answer:
        """Return status, headers and content; status `DROPPED` is no answer."""
        self.requests.append((method, urlsplit(target).path))
        if target.startswith(STORE) and "Authorization" in headers:
            return self._refused(400, "the token was told to the store")
        if not target.startswith(STORE) and headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {}, {"message": "Bad credentials"}
        fault = next((fault for fault in self.faults if fault.method in {"", method} and fault.path in target), None)
        if fault is None:
            return self._usual(method, target, body)
        self.faults.remove(fault)
        if fault.is_carried_out:
            self._usual(method, target, body)
        return fault.status, fault.headers, {"message": fault.message}

    def _usual(self, method: str, target: str, body: bytes) -> Answer:
        parts = urlsplit(target)
        if target.startswith(STORE):
            return 200, {}, self.artifacts[int(parts.path.removeprefix(STORE)) - 1][1]
        found = matching(method, parts.path)
        if found is None:
            return self._refused(404, f"no such request: {method} {parts.path}")
        operation, values = found
        given: dict[str, Any] | None = json.loads(body) if body else None
        wrong = [*wrong_values(operation, values, parse_qs(parts.query)), *wrong_body(operation, given)]
        if wrong:
            return self._refused(422, "; ".join(wrong))
        kind = parts.path.removeprefix(f"/repos/{REPOSITORY}/").split("/")
        act = {"issues": self._comments, "pulls": self._pulls, "actions": self._actions}.get(kind[0], self._checks)
        return act(values, parse_qs(parts.query), given)

    def _checks(self, values: Values, query: Query, given: Any) -> Answer:
        if "check_run_id" in values:
            check = self.checks[int(values["check_run_id"]) - 1]
            return 200, {}, self._changed(check, given or {})
        if given is not None:
            self.checks.append({"id": len(self.checks) + 1, "annotations": [], "output": {}})
            return 201, {}, self._changed(self.checks[-1], given)
        named = [self._changed(check, {}) for check in self.checks if [check["name"]] == query.get("check_name")]
        return 200, {}, {"total_count": len(named), "check_runs": page_of(named, query)}

    def _comments(self, values: Values, query: Query, given: Any) -> Answer:
        if "comment_id" in values:
            comment = self.comments[int(values["comment_id"]) - 1]
            if comment["user"]["login"] != self.login:
                return self._refused(403, "the comment of somebody else")
            comment |= given
            return 200, {}, comment
        if given is not None:
            self.comment(self.login, given["body"])
            return 201, {}, self.comments[-1]
        return 200, {}, page_of(self.comments, query)

    def comment(self, login: str, body: str) -> None:
        """Let somebody write a comment."""
        self.comments.append({"id": len(self.comments) + 1, "user": {"login": login}, "body": body})

    def _pulls(self, values: Values, query: Query, _: Any) -> Answer:
        if "pull_number" in values:
            found = [pull for pull in self.pulls if str(pull["number"]) == values["pull_number"]]
            return (200, {}, found[0]) if found else self._refused(404, "no such pull request")
        head = query.get("head", [""])[0]
        return 200, {}, [pull for pull in self.pulls if pull["label"] == head]

    def _actions(self, values: Values, query: Query, _: Any) -> Answer:
        if "artifact_id" in values:
            return 302, {"Location": f"{self.url}{STORE}{values['artifact_id']}?sig=signed"}, b""
        found = [run for run in self.runs if str(run["id"]) == values["run_id"]]
        if not found:
            return self._refused(404, "no such run")
        if "per_page" not in query:
            return 200, {}, found[0]
        asked = query.get("name", [""])[0]
        listed = [
            {"id": number, "name": name, "size_in_bytes": len(data), "expired": False}
            for number, (name, data) in enumerate(self.artifacts, 1)
            if asked in {"", name}
        ]
        if self.arriving:
            self.artifacts.append((self.arriving.pop(0), b""))
        return 200, {}, {"total_count": len(listed), "artifacts": page_of(listed, query)}

    def _changed(self, check: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        output = dict(given.get("output", {}))
        check["annotations"] += output.pop("annotations", [])
        check |= {key: value for key, value in given.items() if key != "output"}
        if output:
            check["output"] = output
        shown = {"annotations_count": len(check["annotations"])}
        return {"id": check["id"], "external_id": check["external_id"], "output": shown, "status": check["status"]}

    def _refused(self, status: int, message: str) -> Answer:
        self.broken_rules.append(message)
        return status, {}, {"message": message}


def page_of(items: list[Any], query: Query) -> list[Any]:
    size = int(query.get("per_page", ["30"])[0])
    page = int(query.get("page", ["1"])[0])
    return items[(page - 1) * size : page * size]


def matching(method: str, path: str) -> tuple[dict[str, Any], dict[str, str]] | None:
    """The operation of the description that the request is, and the values in its path."""
    for template, operations in API.items():
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
        found = re.fullmatch(pattern, path)
        if found and method.lower() in operations:
            return operations[method.lower()], found.groupdict()
    return None


def wrong_values(operation: dict[str, Any], values: dict[str, str], query: dict[str, list[str]]) -> Iterator[str]:
    known = {parameter["name"]: parameter["schema"] for parameter in operation["parameters"]}
    for name, value in [*values.items(), *((name, value) for name, given in query.items() for value in given)]:
        if name not in known:
            yield f"unknown parameter {name}"
        elif known[name].get("type") == "integer" and not value.isdigit():
            yield f"{name} is no integer"
        elif value not in known[name].get("enum", [value]):
            yield f"{name} is {value}"
    if values.get("owner", "team") != "team" or int(query.get("per_page", ["1"])[0]) > 100:
        yield "another repository, or too large a page"


def wrong_body(operation: dict[str, Any], given: Any) -> Iterator[str]:
    if "requestBody" not in operation:
        if given is not None:
            yield "a body where there is none"
        return
    schema = operation["requestBody"]
    yield from (error.message[:300] for error in jsonschema.Draft202012Validator(schema).iter_errors(given))
    yield from (f"unknown field {name}" for name in set(given) - set(schema["properties"]))
    if given.get("status") == "completed" and "conclusion" not in given:
        yield "completed without a conclusion"
    yield from too_long(given)


def too_long(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from too_long(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if isinstance(item, str) and len(item.encode()) > BYTE_LIMITS.get(name, 65_536):
                yield f"{name} has {len(item.encode())} bytes"
            yield from too_long(item)


@contextmanager
def github_server() -> Iterator[FakeGitHub]:
    """A server on a free port while the context lasts."""
    github = FakeGitHub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65_537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, headers, content = github.answer(self.command, self.path, self.headers, body)
            if status == DROPPED:
                self.close_connection = True
                return
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    github.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield github
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""CIT003: ports are written once, in the table; a test that connects or listens takes them from there."""

import ast
import re
from collections.abc import Iterator

from ci_toolkit.lint.module import Module
from ci_toolkit.lint.names import FunctionNode, Scope, dotted, words
from ci_toolkit.lint.rules import HARDCODED_PORT
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.lint.triggers import Trigger
from ci_toolkit.lint.violation import Violation, violation_at

_LOCAL = r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]|host\.docker\.internal)"
_LOCAL_HOST = re.compile(rf"^{_LOCAL}$|^::1?$|^$")
_HOST_AND_PORT = re.compile(rf"(?:^|[/@\s,=]){_LOCAL}:(\d{{4,5}})(?!\d)")
_ADDRESS_NAME = re.compile(r"(?:^|_)(?:URL|URI|HOST|ADDR|ADDRESS|ENDPOINT|DSN|SERVER|BROKER|BASE)$")
_PORT_NAME = re.compile(r"(?:^|_)PORT$")
_FIRST_FREE, _LAST = 1024, 65535

_VERBS = frozenset(
    {
        *("connect", "connect_ex", "create_connection", "open_connection", "bind", "listen", "serve", "run_app"),
        *("start_server", "create_server", "urlopen", "urlretrieve", "from_url", "create_engine", "ws_connect"),
        *("create_async_engine", "create_pool", "create_redis_pool", "websocket_connect", "insecure_channel"),
        *("Redis", "StrictRedis", "ServerProxy", "SMTP", "FTP", "Telnet", "Elasticsearch", "runserver"),
    }
)
_NOUN = re.compile(r"^(?!Fake|Mock|Dummy|Stub)\w*(?:Client|Connection|ConnectionPool|HTTPServer|TCPServer|UDPServer)$")
_HTTP_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request", "stream"})
_HTTP_OWNERS = re.compile(r"^(?:requests|httpx|aiohttp|urllib3|\w*session|\w*client|http)$", re.IGNORECASE)


def hardcoded(module: Module, settings: LintSettings) -> Iterator[Violation]:
    """Find literal ports that reach a call which connects or listens, and constants that repeat the table."""
    seen: set[int] = set()
    for node, port in _ports(module, settings):
        if node.lineno not in seen:
            seen.add(node.lineno)
            yield violation_at(node, HARDCODED_PORT, f"Port {port} is written into the test")


def _ports(module: Module, settings: LintSettings) -> Iterator[tuple[ast.expr, int]]:
    for node, scope in module.walk(Trigger.PORT):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                if name.isupper() and not isinstance(scope.node, FunctionNode):
                    yield from _constant(name, value, settings)
                yield from _named(name, value, scope)
            case ast.Call() if _connects(node, scope):
                yield from _in_call(node)


def _named(name: str, value: ast.expr, scope: Scope) -> Iterator[tuple[ast.expr, int]]:
    """Find a literal whose name is then handed to a call that connects, in the same scope."""
    port = _port_in_text(value) or _number(value) or (_port_of_pair(value.elts) if isinstance(value, ast.Tuple) else 0)
    calls = (node for node in ast.walk(scope.node) if isinstance(node, ast.Call)) if port else ()
    if any(_is_given(name, call, is_number=bool(_number(value))) and _connects(call, scope) for call in calls):
        yield value, port


def _is_given(name: str, call: ast.Call, *, is_number: bool) -> bool:
    """Whether ``call`` takes the variable: a number as its port, a text anywhere or at the start of an f-string."""
    if is_number:
        pairs = [call.args, *(arg.elts for arg in call.args if isinstance(arg, ast.Tuple))]
        ports = [pair[1] for pair in pairs if len(pair) > 1 and _is_local(pair[0])]
        ports += [keyword.value for keyword in call.keywords if keyword.arg == "port"]
        return any(isinstance(port, ast.Name) and port.id == name for port in ports)
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    starts = [value.values[0] for value in values if isinstance(value, ast.JoinedStr) and value.values]
    values += [start.value for start in starts if isinstance(start, ast.FormattedValue)]
    return any(isinstance(value, ast.Name) and value.id == name for value in values)


def _constant(name: str, value: ast.expr, settings: LintSettings) -> Iterator[tuple[ast.expr, int]]:
    port = _port_in_text(value) if _ADDRESS_NAME.search(name) and not isinstance(value, ast.List | ast.Tuple) else 0
    port = port or (_number(value) if _PORT_NAME.search(name) else 0)
    if port in settings.known_ports:
        yield value, port


def _connects(call: ast.Call, scope: Scope) -> bool:
    chain = words(call.func)
    if not chain:
        return False
    last = chain[-1]
    if last in _VERBS or _NOUN.match(last):
        return True
    if last in _HTTP_VERBS and len(chain) > 1:
        return bool(_HTTP_OWNERS.match(chain[-2]))
    return dotted(call.func, scope) in {"uvicorn.run", "hypercorn.run"}


def _in_call(call: ast.Call) -> Iterator[tuple[ast.expr, int]]:
    for value in [*call.args, *(keyword.value for keyword in call.keywords)]:
        port = _port_in_text(value) or (_port_of_pair(value.elts) if isinstance(value, ast.Tuple) else 0)
        if port:
            yield value, port
    if port := _port_of_pair(call.args):
        yield call.args[1], port
    by_name = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    if "port" in by_name and (port := _number(by_name["port"])):
        host = by_name.get("host", call.args[0] if call.args else None)
        if host is None or _is_local(host):
            yield by_name["port"], port


def _port_of_pair(values: list[ast.expr]) -> int:
    """Return the port of a leading ``"localhost", 8000``, or 0."""
    return _number(values[1]) if len(values) > 1 and _is_local(values[0]) else 0


def _is_local(host: ast.expr) -> bool:
    return isinstance(host, ast.Constant) and isinstance(host.value, str) and bool(_LOCAL_HOST.match(host.value))


def _number(value: ast.expr) -> int:
    """Return a port that is written as a number and needs no privilege, or 0."""
    if isinstance(value, ast.Constant) and isinstance(value.value, int) and _FIRST_FREE <= value.value <= _LAST:
        return value.value
    return 0


def _port_in_text(value: ast.expr) -> int:
    """Return the port after a local host in a text, an f-string or a list of them, or 0."""
    for node in [value, *getattr(value, "values", []), *getattr(value, "elts", [])]:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = _HOST_AND_PORT.search(node.value)
            if found and _FIRST_FREE <= int(found[1]) <= _LAST:
                return int(found[1])
    return 0

"""CIT003: ports are written once, in the table; a test that connects or listens takes them from there."""

import ast
import re
from collections.abc import Iterator

from ci_toolkit.lint.bindings import FunctionNode
from ci_toolkit.lint.checks.addresses import LOCAL, SERVICE, Texts, number
from ci_toolkit.lint.checks.categories import category_of
from ci_toolkit.lint.module import Module
from ci_toolkit.lint.names import Scope, dotted, words
from ci_toolkit.lint.rules import HARDCODED_PORT
from ci_toolkit.lint.settings import LintSettings
from ci_toolkit.lint.triggers import Trigger
from ci_toolkit.lint.violation import Violation, violation_at

_LOCAL_HOST = re.compile(rf"^{LOCAL}$|^::1?$|^$")
_SERVICE_HOST = re.compile(rf"^{SERVICE}$")
_ADDRESS_NAME = re.compile(r"(?:^|_)(?:URL|URI|HOST|ADDR|ADDRESS|ENDPOINT|DSN|SERVER|BROKER|BASE)$")
_PORT_NAME = re.compile(r"(?:^|_)PORTS?$", re.IGNORECASE)
_PURE = "unit"
"""The one category whose tests talk to nothing: an address there is data."""

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
    """Find literal ports that reach a call which connects or listens, and what repeats the table.

    A test that is of a category beyond unit talks to services: there an address with a port of the table counts
    wherever it stands, and so does a number of the table that is called a port.
    """
    seen: set[int] = set()
    texts = Texts(settings.known_ports)
    is_among_services = _is_among_services(module, settings)
    prose: set[int] = set()
    for node, scope in module.walk(Trigger.PORT):
        found = [*_where_used(node, scope, texts)]
        if isinstance(node, ast.Expr):
            prose.add(id(node.value))
        if is_among_services and id(node) not in prose:
            found += _repeating(node, scope, texts)
        for place, port in found:
            if place.lineno not in seen:
                seen.add(place.lineno)
                yield violation_at(place, HARDCODED_PORT, f"Port {port} is written into the test")


def _is_among_services(module: Module, settings: LintSettings) -> bool:
    """Whether every test of the file is of a category that uses services."""
    directory = settings.category_of_directory(module.directory)
    if directory:
        return directory != _PURE
    if not module.triggers.marks_a_category(settings.categories):
        return False
    found = {category_of(test, module, settings) for test in module.tests}
    return bool(found) and not found & {"", _PURE}


def _where_used(node: ast.AST, scope: Scope, texts: Texts) -> Iterator[tuple[ast.expr, int]]:
    match node:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
        ):
            if name.isupper() and not isinstance(scope.node, FunctionNode):
                yield from _constant(name, value, scope, texts)
            yield from _named(name, value, scope, texts)
        case ast.Call() if _connects(node, scope):
            yield from _in_call(node, scope, texts)


def _repeating(node: ast.AST, scope: Scope, texts: Texts) -> Iterator[tuple[ast.expr, int]]:
    """Find what repeats the table in a test of services: an address as text, a number under the name of a port."""
    named: list[tuple[str, ast.expr]] = []
    match node:
        case ast.Constant(value=str() | bytes()) | ast.JoinedStr() | ast.BinOp():
            assert isinstance(node, ast.expr)
            if (port := texts.port(node, scope)) in texts.known:
                yield node, port
        case ast.Assign(targets=[target], value=value) if words(target):
            named = [(words(target)[-1], value)]
        case ast.AnnAssign(target=target, value=ast.expr() as value) if words(target):
            named = [(words(target)[-1], value)]
        case ast.keyword(arg=str(name), value=value):
            named = [(name, value)]
        case ast.arguments():
            optional = [*node.posonlyargs, *node.args][-len(node.defaults) :] if node.defaults else []
            named = [(arg.arg, value) for arg, value in zip(optional, node.defaults, strict=True)]
            named += [(arg.arg, value) for arg, value in zip(node.kwonlyargs, node.kw_defaults, strict=True) if value]
        case ast.Call(args=[ast.Constant(value=str(name)), value, *_]):
            named = [(name, value)]
    for name, value in named:
        ports = [number(item) for item in _items(value)] if _PORT_NAME.search(name) else []
        yield from ((value, port) for port in ports if port in texts.known)


def _items(value: ast.expr) -> list[ast.expr]:
    """Return the value, or what a dictionary, list or tuple of values holds."""
    return list(value.values) if isinstance(value, ast.Dict) else list(getattr(value, "elts", [value]))


def _named(name: str, value: ast.expr, scope: Scope, texts: Texts) -> Iterator[tuple[ast.expr, int]]:
    """Find a literal whose name is then handed to a call that connects, in the same scope."""
    port = (
        texts.port(value, scope)
        or number(value)
        or (_port_of_pair(value.elts, texts) if isinstance(value, ast.Tuple) else 0)
    )
    calls = (node for node in ast.walk(scope.node) if isinstance(node, ast.Call)) if port else ()
    for call in calls:
        if _connects(call, scope) and _is_given(name, call, scope, texts, is_number=bool(number(value))):
            yield value, port
            return


def _is_given(name: str, call: ast.Call, scope: Scope, texts: Texts, *, is_number: bool) -> bool:
    """Whether ``call`` takes the variable: a number as its port, a text anywhere or within an f-string."""
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    if is_number:
        pairs = [call.args, *(arg.elts for arg in call.args if isinstance(arg, ast.Tuple))]
        ports = [pair[1] for pair in pairs if len(pair) > 1 and _is_local(pair[0])]
        ports += [keyword.value for keyword in call.keywords if keyword.arg == "port"]
        if any(isinstance(port, ast.Name) and port.id == name for port in ports):
            return True
        joined = [value for value in values if isinstance(value, ast.JoinedStr | ast.BinOp | ast.Call)]
        return any(_mentions(name, value) and texts.port(value, scope) for value in joined)
    starts = [value.values[0] for value in values if isinstance(value, ast.JoinedStr) and value.values]
    values += [start.value for start in starts if isinstance(start, ast.FormattedValue)]
    values += [value.left for value in values if isinstance(value, ast.BinOp)]
    return any(isinstance(value, ast.Name) and value.id == name for value in values)


def _mentions(name: str, value: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(value))


def _constant(name: str, value: ast.expr, scope: Scope, texts: Texts) -> Iterator[tuple[ast.expr, int]]:
    is_address = _ADDRESS_NAME.search(name) and not isinstance(value, ast.List | ast.Tuple)
    port = texts.port(value, scope) if is_address else 0
    port = port or (number(value) if _PORT_NAME.search(name) else 0)
    if port in texts.known:
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


def _in_call(call: ast.Call, scope: Scope, texts: Texts) -> Iterator[tuple[ast.expr, int]]:
    for value in [*call.args, *(keyword.value for keyword in call.keywords)]:
        port = texts.port(value, scope) or (_port_of_pair(value.elts, texts) if isinstance(value, ast.Tuple) else 0)
        if port:
            yield value, port
    if port := _port_of_pair(call.args, texts):
        yield call.args[1], port
    by_name = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    if "port" in by_name and (port := number(by_name["port"])):
        host = by_name.get("host", call.args[0] if call.args else None)
        if host is None or _is_local(host) or (port in texts.known and _is_service(host)):
            yield by_name["port"], port


def _port_of_pair(values: list[ast.expr], texts: Texts) -> int:
    """Return the port of a leading ``"localhost", 8000``, or of ``"backend", 8000`` if the table has it, or 0."""
    port = number(values[1]) if len(values) > 1 else 0
    return port if port and (_is_local(values[0]) or (port in texts.known and _is_service(values[0]))) else 0


def _is_local(host: ast.expr) -> bool:
    return isinstance(host, ast.Constant) and isinstance(host.value, str) and bool(_LOCAL_HOST.match(host.value))


def _is_service(host: ast.expr) -> bool:
    return isinstance(host, ast.Constant) and isinstance(host.value, str) and bool(_SERVICE_HOST.match(host.value))

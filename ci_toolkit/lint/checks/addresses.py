"""Ports as tests write them: numbers, and texts put together in every way that can be read without running them."""

import ast
import re
from collections.abc import Callable, Collection

from ci_toolkit.lint.names import Scope, words

LOCAL = r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]|host\.docker\.internal)"
"""This machine, under the names that it has for itself."""
SERVICE = r"[A-Za-z][A-Za-z0-9_-]*"
"""A host without a domain: what a compose file or an ``/etc/hosts`` calls a service."""
_HOST_AND_PORT = re.compile(rf"(?:^|[/@\s,=]){LOCAL}:(\d{{4,5}})(?!\d)")
_SERVICE_AND_PORT = re.compile(rf"^(?:\w[\w+.-]*://)?(?:[^\s/@]*@)?{SERVICE}:(\d{{4,5}})(?:[/?]|$)")
_FIRST_FREE, _LAST = 1024, 65535
_UNKNOWN = "\0"
"""Stands in a text for what is only known when it runs."""
_DEPTH = 8


class Texts:
    """Reads addresses. ``known`` are the ports of the table."""

    def __init__(self, known: Collection[int]) -> None:
        self.known = known

    def port(self, value: ast.expr, scope: Scope) -> int:
        """Return the port after a local host in a text or a list of texts, or 0.

        After a service's name only a port of the table is one.
        """
        for node in [value, *getattr(value, "elts", [])]:
            text = read(node, scope) if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp | ast.Call) else ""
            if found := _HOST_AND_PORT.search(text):
                port = int(found[1])
            else:
                service = _SERVICE_AND_PORT.match(text)
                port = int(service[1]) if service and int(service[1]) in self.known else 0
            if _FIRST_FREE <= port <= _LAST:
                return port
        return 0


def number(value: ast.expr) -> int:
    """Return a port that is written as a number, or as a text of digits, and needs no privilege, or 0."""
    if isinstance(value, ast.Call) and words(value.func) in {("int",), ("str",)} and len(value.args) == 1:
        value = value.args[0]
    if not isinstance(value, ast.Constant):
        return 0
    written = value.value
    if isinstance(written, str) and written.isascii() and written.isdigit() and len(written) <= len(str(_LAST)):
        written = int(written)
    return written if isinstance(written, int) and _FIRST_FREE <= written <= _LAST else 0


def read(node: ast.expr, scope: Scope, depth: int = _DEPTH) -> str:  # noqa: PLR0911 (one for each way to write a text)
    """Return the text that the expression makes, as far as the file tells; the rest is one unknown character each."""
    if depth == 0:
        return _UNKNOWN
    match node:
        case ast.Constant(value=str() | int() | bytes() as value):
            return value.decode("latin-1") if isinstance(value, bytes) else str(value)
        case (
            ast.NamedExpr(value=inner)
            | ast.FormattedValue(value=inner)
            | ast.Call(func=ast.Name(id="str"), args=[inner])
        ):
            return read(inner, scope, depth - 1)
        case ast.JoinedStr(values=parts):
            return "".join(read(part, scope, depth - 1) for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return read(left, scope, depth - 1) + read(right, scope, depth - 1)
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod(), right=right):
            values = right.elts if isinstance(right, ast.Tuple) else [right]
            return _filled(re.split(r"%[sdi]", text), [read(value, scope, depth - 1) for value in values])
        case ast.Call(func=ast.Attribute(attr=method, value=ast.Constant(value=str(text)))):
            return _made_by(method, text, node, lambda value: read(value, scope, depth - 1))
        case ast.Name(id=name):
            bound = scope.value(name)
            return read(bound, scope, depth - 1) if isinstance(bound, ast.Constant | ast.JoinedStr) else _UNKNOWN
    return _UNKNOWN


def _made_by(method: str, text: str, call: ast.Call, read_part: Callable[[ast.expr], str]) -> str:
    """Return what a method of ``text`` makes: ``"{}:{}".format(...)``, ``":".join([...])``."""
    if method == "join" and call.args and isinstance(call.args[0], ast.List | ast.Tuple):
        return text.join(map(read_part, call.args[0].elts))
    if method != "format":
        return _UNKNOWN
    named = {keyword.arg: read_part(keyword.value) for keyword in call.keywords}
    text = re.sub(r"\{(\w+)\}", lambda match: named.get(match[1], match[0]), text)
    return _filled(re.split(r"\{\d*\}", text), list(map(read_part, call.args)))


def _filled(pieces: list[str], values: list[str]) -> str:
    """Return the pieces with the values between them, an unknown one where there are too few."""
    padded = [*values, *[_UNKNOWN] * len(pieces)]
    return "".join(piece + value for piece, value in zip(pieces, [*padded[: len(pieces) - 1], ""], strict=True))

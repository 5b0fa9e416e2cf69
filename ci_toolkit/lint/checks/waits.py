"""What waits a fixed time: sleeps under every name, and waits for what nobody will bring about."""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from ci_toolkit.lint.names import Scope, dotted, words

Wait = tuple[ast.expr, str]
"""Where it waits, and with what, as its author would say it."""

_BLOCKING = frozenset({"time.sleep", "gevent.sleep", "eventlet.sleep", "eventlet.greenthread.sleep", "pyautogui.sleep"})
_AWAITED = frozenset(
    {
        *("asyncio.sleep", "asyncio.tasks.sleep", "anyio.sleep", "trio.sleep", "curio.sleep", "tornado.gen.sleep"),
        *("anyio.sleep_forever", "trio.sleep_forever"),
    }
)
_BROWSERS = frozenset({"wait_for_timeout", "waitForTimeout", "qWait"})
"""Methods that let a browser or a window sleep (Playwright, Puppeteer, Qt)."""
_RUNNERS = frozenset(
    {
        *("run", "run_until_complete", "run_sync", "gather", "shield", "create_task", "ensure_future"),
        *("to_thread", "run_in_executor", "wait"),
    }
)
"""Calls that do at once what they are given, or whose result is awaited."""
_COMMANDS = frozenset({f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output")} | {"os.system"})
_PROCESSES = frozenset({"os.popen", "subprocess.Popen"})

_SIGNALS = frozenset(
    {
        *("threading.Event", "threading.Condition", "threading.Barrier", "multiprocessing.Event"),
        *("multiprocessing.Condition", "asyncio.Event", "asyncio.Condition", "trio.Event", "anyio.Event"),
        *("queue.Queue", "queue.SimpleQueue", "queue.LifoQueue", "asyncio.Queue", "multiprocessing.Queue"),
        *("select.poll", "select.epoll", "asyncio.Future"),
    }
)
_WAITING = frozenset({"wait", "wait_for", "get", "poll"})
_ASKING = _WAITING | {"is_set", "clear", "empty", "qsize", "done", "acquire", "release"}
"""Methods that bring nothing about: whoever waits beside them alone waits for the end of the time."""


def waits_of(statement: ast.stmt, scope: Scope) -> Iterator[Wait]:
    """Yield the fixed waits among the statement's own expressions; what it hands on as a lambda is not its own."""
    pending: list[ast.AST] = [child for child in ast.iter_child_nodes(statement) if not isinstance(child, ast.stmt)]
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        yield from _of_command(statement.value, scope)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Lambda | ast.ExceptHandler | ast.match_case):
            continue
        found = _awaited(node.value, scope) if isinstance(node, ast.Await) else None
        found = found or (_blocking(node, scope) if isinstance(node, ast.Call) else None)
        if found:
            yield found
        pending.extend(ast.iter_child_nodes(node))


def outwaits_the_clock(loop: ast.AST, scope: Scope) -> Wait | None:
    """Return the wait that a loop is which looks at the clock alone: ``while time.time() < end: pass``."""
    if not isinstance(loop, ast.While) or not all(_does_nothing(node, scope) for node in loop.body):
        return None
    clocks = {"time.time", "time.monotonic", "time.perf_counter", "datetime.datetime.now"}
    calls = [node for node in ast.walk(loop.test) if isinstance(node, ast.Call)]
    asks_only_clocks = bool(calls) and all(dotted(call.func, scope) in clocks for call in calls)
    return (loop.test, "a loop that looks at the clock") if asks_only_clocks else None


def _does_nothing(node: ast.stmt, scope: Scope) -> bool:
    if isinstance(node, ast.Pass | ast.Continue):
        return True
    return isinstance(node, ast.Expr) and (isinstance(node.value, ast.Constant) or any(waits_of(node, scope)))


def _awaited(value: ast.expr, scope: Scope) -> Wait | None:
    if not isinstance(value, ast.Call):
        return None
    origin = dotted(value.func, scope)
    if origin in _AWAITED and not _yields_only(value):
        return value, _as_written(value)
    if origin == "asyncio.wait_for" and value.args:
        return _in_time_limit(value, scope)
    return _run(value, scope)


def _blocking(call: ast.Call, scope: Scope) -> Wait | None:
    origin = dotted(call.func, scope)
    chain = words(call.func)
    if origin in _BLOCKING:
        return None if _yields_only(call) else (call, _as_written(call))
    is_empty_select = origin == "select.select" and len(call.args) == 4 and all(map(_is_empty, call.args[:3]))  # noqa: PLR2004
    is_empty_signal = origin == "signal.sigtimedwait" and _is_empty(call.args[0])
    if is_empty_select or is_empty_signal or origin == "signal.pause":
        return call, _as_written(call)
    if chain and (chain[-1] in _BROWSERS or chain[-2:] == ("qtbot", "wait")) and call.args:
        return call, _as_written(call)
    if isinstance(call.func, ast.Name) and _is_ready_made(call.func.id, scope):
        return call, _as_written(call)
    if isinstance(call.func, ast.Attribute) and _is_vain(call.func, scope):
        return call, f"{_as_written(call)}, which nobody ends"
    is_runner = origin in {"asyncio.run", "trio.run", "anyio.run"} or chain[-1:] in {
        ("run_until_complete",),
        ("run_sync",),
    }
    return _run(call, scope) if is_runner else None


def _is_ready_made(name: str, scope: Scope) -> bool:
    """Whether the name is a sleep with its time: ``partial(time.sleep, 3)`` or ``lambda: time.sleep(3)``."""
    match scope.value(name):
        case ast.Call(func=maker, args=[ast.Name() | ast.Attribute() as done, *_]):
            return dotted(maker, scope) == "functools.partial" and dotted(done, scope) in _BLOCKING
        case ast.Lambda(body=ast.Call() as done):
            return dotted(done.func, scope) in _BLOCKING and not _yields_only(done)
    return False


def _run(call: ast.Call, scope: Scope) -> Wait | None:
    """Return the sleep that the call is given to do: called already, or as a function with its arguments."""
    if words(call.func)[-1:] and words(call.func)[-1] in _RUNNERS:
        for given in call.args:
            argument = _only_one(given)
            if isinstance(argument, ast.Call) and (found := _run(argument, scope)):
                return call, found[1]
            inner = argument.func if isinstance(argument, ast.Call) else argument
            origin = dotted(inner, scope) if isinstance(inner, ast.Name | ast.Attribute) else ""
            sleeps = _AWAITED if isinstance(argument, ast.Call) else _AWAITED | _BLOCKING
            if origin in sleeps and not (isinstance(argument, ast.Call) and _yields_only(argument)):
                return call, ".".join(words(inner))
    return None


def _only_one(given: ast.expr) -> ast.expr:
    """Return what a list of one task holds; among several a sleep may be the limit of the others."""
    return given.elts[0] if isinstance(given, ast.List | ast.Set | ast.Tuple) and len(given.elts) == 1 else given


def _in_time_limit(call: ast.Call, scope: Scope) -> Wait | None:
    """Return what ``asyncio.wait_for`` waits for if that only takes time: a bare future, a sleep below the limit."""
    inner = call.args[0]
    if not isinstance(inner, ast.Call):
        return None
    if dotted(inner.func, scope) == "asyncio.Future" or words(inner.func)[-1:] == ("create_future",):
        return call, f"{_as_written(inner)}, which nobody ends"
    if dotted(inner.func, scope) in _AWAITED and not _yields_only(inner):
        limit = (
            call.args[1] if len(call.args) > 1 else next((k.value for k in call.keywords if k.arg == "timeout"), None)
        )
        slept = inner.args[0] if inner.args else None
        if isinstance(limit, ast.Constant) and isinstance(slept, ast.Constant) and _is_less(slept, limit):
            return inner, _as_written(inner)
    return None


def _is_less(first: ast.Constant, second: ast.Constant) -> bool:
    return second.value is None or (
        isinstance(first.value, int | float) and isinstance(second.value, int | float) and first.value < second.value
    )


def _of_command(call: ast.Call, scope: Scope) -> Iterator[Wait]:
    """Find ``subprocess.run(["sleep", "3"])``, unless a time limit makes its length the subject."""
    started = call.func.value if isinstance(call.func, ast.Attribute) and not call.args and not call.keywords else None
    if isinstance(started, ast.Call) and dotted(started.func, scope) in _PROCESSES:
        call = started
    elif dotted(call.func, scope) not in _COMMANDS:
        return
    if call.args and all(k.arg != "timeout" for k in call.keywords):
        first = call.args[0]
        program = first.elts[0] if isinstance(first, ast.List | ast.Tuple) and first.elts else first
        text = program.value if isinstance(program, ast.Constant) and isinstance(program.value, str) else ""
        if text.split() and PurePosixPath(text.split()[0]).name == "sleep":
            yield call, f"{_as_written(call)} of sleep"


def _is_vain(method: ast.Attribute, scope: Scope) -> bool:
    """Whether ``event.wait`` waits for an event (queue, condition, ...) of its own that nobody else has in hand."""
    if method.attr not in _WAITING:
        return False
    if isinstance(method.value, ast.Call):
        return dotted(method.value.func, scope) in _SIGNALS
    made = scope.value(method.value.id) if isinstance(method.value, ast.Name) else None
    return isinstance(made, ast.Call) and dotted(made.func, scope) in _SIGNALS and _is_only_asked(method.value, scope)


def _is_only_asked(name: ast.expr, scope: Scope) -> bool:
    assert isinstance(name, ast.Name)
    binder = scope.binder(name.id)
    asked: set[int] = set()
    for node in ast.walk(binder.node) if binder else ():
        if isinstance(node, ast.Attribute) and node.attr in _ASKING:
            asked.add(id(node.value))
        elif isinstance(node, ast.withitem):
            asked.add(id(node.context_expr))
        elif (
            isinstance(node, ast.Name)
            and node.id == name.id
            and isinstance(node.ctx, ast.Load)
            and id(node) not in asked
        ):
            return False
    return True


def _is_empty(value: ast.expr) -> bool:
    return (isinstance(value, ast.List | ast.Tuple) and not value.elts) or (
        isinstance(value, ast.Call) and not value.args and words(value.func) in {("list",), ("set",), ("tuple",)}
    )


def _yields_only(call: ast.Call) -> bool:
    """Whether the sleep is ``sleep(0)``, which lets others run and waits for no time."""
    first = call.args[0] if call.args else next((keyword.value for keyword in call.keywords), None)
    return isinstance(first, ast.Constant) and first.value == 0


def _as_written(call: ast.Call) -> str:
    return ".".join(words(call.func))

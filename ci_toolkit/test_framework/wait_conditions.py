"""Waits until a condition is true, within a time limit: what a test does instead of sleeping."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final

_WORTH_SAYING: Final = 0.1


class ConditionTimeoutError(AssertionError):
    """What was waited for did not become true in time."""


async def wait_for_condition(
    predicate: Callable[[], Any | Awaitable[Any]],
    timeout: float = 10.0,  # noqa: ASYNC109 (the guide's word)
    interval: float = 0.1,
    *,
    description: str = "",
) -> Any:
    """Return the first true value of ``predicate``, which may be async, asked every ``interval`` seconds.

    Fails after ``timeout`` seconds with the last value that it gave. An async predicate that hangs is left then; a sync
    one runs on the event loop and cannot be, so the message says how long it really took. What the predicate raises is
    raised at once: an error is not a "not yet".
    """
    __tracebackhide__ = True
    clock = asyncio.get_running_loop().time
    deadline = clock() + timeout
    asked, value = 0, None
    while (left := deadline - clock()) > 0 or not asked:
        asked += 1
        value = predicate()
        if inspect.isawaitable(value):
            try:
                async with asyncio.timeout(max(left, 0.001)) as limit:
                    value = await value
            except TimeoutError:
                if not limit.expired():
                    raise
                value = "an answer that never came"
                break
        if value:
            return value
        await asyncio.sleep(min(interval, max(deadline - clock(), 0)))
    what = description or _source(predicate)
    over = clock() - deadline
    late = f" (and {over:.1f} s more for a sync predicate, which cannot be left)" if over >= _WORTH_SAYING else ""
    raise ConditionTimeoutError(
        f"waited {timeout:g} s{late} for {what}; asked {asked} times, the last answer was {value!r}"
    )


def _source(predicate: Callable[[], Any]) -> str:
    """Return the predicate as its author wrote it, on one line."""
    try:
        return " ".join(inspect.getsource(predicate).split())[:160]
    except (OSError, TypeError):
        return repr(predicate)

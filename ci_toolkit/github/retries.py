"""When a request to GitHub is worth another try, and how long to wait for it.

The rules are GitHub's: wait as long as ``retry-after`` says; else, where no requests are left, until the limit is
reset; else, after a secondary limit, at least a minute.
"""

import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

import httpx
import stamina

T = TypeVar("T")
LONGEST_PAUSE = 180.0
"""Seconds. A job does not wait longer for a status: the verdict stands in its summary and its exit code."""
SECONDARY_LIMIT_PAUSE = 60.0
TRIES = 6
_MARGIN = 1.0

logging.getLogger("stamina").addHandler(logging.NullHandler())  # what finally fails is said, in our words


def patiently(action: Callable[[int], T]) -> T:
    """Return what ``action`` returns; it is told which try this is, from 1.

    Its last error is raised, and at once what no other try would mend.
    """
    for attempt in stamina.retry_context(
        on=lambda error: pause_before_retry(error, time.time()),
        attempts=TRIES,
        timeout=2 * LONGEST_PAUSE,
        wait_initial=1.0,
        wait_max=20.0,
    ):
        with attempt:
            return action(attempt.num)
    raise AssertionError("the last try returns or raises")


def pause_before_retry(error: Exception, now: float) -> bool | float:
    """Return the seconds to wait for another try, True where nobody says how long, False where none would help.

    ``now`` is the time in seconds since 1970.
    """
    if isinstance(error, httpx.TransportError):
        return True
    if not isinstance(error, httpx.HTTPStatusError):
        return False
    response = error.response
    if _is_limited(response):
        pause = _asked_pause(response, now)
        return pause if pause <= LONGEST_PAUSE else False
    return response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR


def _is_limited(response: httpx.Response) -> bool:
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    if response.status_code != HTTPStatus.FORBIDDEN:
        return False
    headers = response.headers
    return (
        "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0" or "rate limit" in response.text.lower()
    )


def _asked_pause(response: httpx.Response, now: float) -> float:
    after = _seconds(response, "retry-after")
    if after is not None:
        return after
    reset = _seconds(response, "x-ratelimit-reset")
    if response.headers.get("x-ratelimit-remaining") == "0" and reset is not None:
        return max(_MARGIN, reset - now + _MARGIN)
    return SECONDARY_LIMIT_PAUSE


def _seconds(response: httpx.Response, name: str) -> float | None:
    text = response.headers.get(name, "")
    return float(text) if text.isascii() and text.isdigit() else None

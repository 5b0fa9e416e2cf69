"""A verdict as strangers may see it: without secrets, and without characters that nobody sees."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from ci_toolkit.masking import MASK, may_hold_secrets, without_secrets
from ci_toolkit.model.verdict import LostTest, TestFailure, Verdict

T = TypeVar("T", TestFailure, LostTest)
_LISTS = ("failures", "flaky", "lost", "left_out")
"""Of the verdict, what can be as long as the suite."""
LONGEST_LINE = 1_000
"""Characters of a line that are shown."""
LONGEST_DETAIL = 16_000
"""Characters of a traceback that are shown: its end, where the error is."""
MOST_DETAILS = 200
"""Failures whose traceback is shown. Where a broken database fails every test, of the others the last frames remain."""
_LAST_FRAMES = 1_000
_LONGEST_READ = 4_000
"""Characters of a line that are searched for secrets: one that begins in what is shown ends in what is searched."""
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff9-\ufffc\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Zero-width characters, and those that turn the direction of what follows."""


def publishable(
    verdict: Verdict, hidden: Iterable[str] = (), *, keeps_output: bool = False, most: int | None = None
) -> Verdict:
    """Return ``verdict`` with each line of its texts cut, masked and visible.

    ``hidden`` are secrets that are known by value, such as the token that this process was given. What tests printed
    is left out, unless ``keeps_output`` says that it is for those who may read the run's artifacts. Where pages show
    at most ``most`` of a kind, the others are left blank: they are counted, and cost nothing.
    """
    secrets = sorted(filter(None, hidden), key=len, reverse=True)

    def line(text: str) -> str:
        text = text[:_LONGEST_READ]
        for secret in secrets:
            text = text.replace(secret, MASK)
        shown = _INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", without_secrets(text))
        return shown if len(shown) <= LONGEST_LINE else f"{shown[: LONGEST_LINE - 3]}..."

    def clean(text: str) -> str:
        is_plain = len(text) <= LONGEST_LINE and not may_hold_secrets(text)
        if is_plain and not any(secret in text for secret in secrets):
            return text
        return "\n".join(map(line, text.split("\n")))

    lists = {name: _split(getattr(verdict, name), most) for name in _LISTS}
    short = msgspec.structs.replace(verdict, **{name: shown for name, (shown, _) in lists.items()})
    short = msgspec.structs.replace(
        short,
        failures=_shortened(short.failures, keeps_output=keeps_output),
        flaky=_shortened(short.flaky, keeps_output=keeps_output),
    )
    clear = msgspec.convert(_mapped(msgspec.to_builtins(short), clean), Verdict)
    blank = {name: (*getattr(clear, name), *map(_blank, rest)) for name, (_, rest) in lists.items()}
    return msgspec.structs.replace(clear, **blank)


def _split(tests: Sequence[T], most: int | None) -> tuple[tuple[T, ...], tuple[T, ...]]:
    """Return the first ``most`` of those in quarantine, and of the others; and the rest."""
    if most is None or len(tests) <= most:
        return tuple(tests), ()
    shown: list[T] = []
    rest: list[T] = []
    left = {False: most, True: most}
    for test in tests:
        is_quarantined = bool(getattr(test, "quarantined", False))
        left[is_quarantined] -= 1
        (shown if left[is_quarantined] >= 0 else rest).append(test)
    return tuple(shown), tuple(rest)


def _blank(test: TestFailure | LostTest) -> TestFailure | LostTest:
    if isinstance(test, LostTest):
        return LostTest(node_id="", shard=test.shard, reason="")
    return TestFailure(node_id="", file="", line=0, message="", quarantined=test.quarantined)


def _shortened(failures: Sequence[TestFailure], *, keeps_output: bool) -> tuple[TestFailure, ...]:
    return tuple(
        msgspec.structs.replace(
            failure,
            detail=_end_of(failure.detail, LONGEST_DETAIL if number < MOST_DETAILS else _LAST_FRAMES),
            output=_end_of(failure.output, LONGEST_DETAIL) if keeps_output and number < MOST_DETAILS else "",
        )
        for number, failure in enumerate(failures)
    )


def _end_of(detail: str, longest: int) -> str:
    if len(detail) <= longest:
        return detail
    # From its first whole line on: half a line may hold half a secret, which no pattern finds.
    _, _, whole_lines = detail[-longest:].partition("\n")
    return f"(cut here: the last lines of {len(detail)} characters)\n{whole_lines}"


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list | tuple):
        return [_mapped(item, change) for item in value]
    if isinstance(value, dict):
        return {change(key): _mapped(item, change) for key, item in value.items()}
    return value

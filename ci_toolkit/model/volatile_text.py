"""What differs in the text of one failure from run to run, replaced by names, so that equal failures read alike.

Replaced are addresses, uuids, times of day, durations, temporary and absolute paths, process ids, ports, worker names,
floats and long numbers. Short whole numbers stay: ``assert 404 == 200`` and ``assert 500 == 200`` are two failures.
"""

import functools
import re

NUMBER = "<n>"
STRING = "<s>"
_WIDEST_OPERAND = 25
_OPERAND_START = 12
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_HINT = re.compile(r"\.? Did you mean:? .*$")
"""Newer Pythons give hints that older ones do not."""
_COUNTED = r"pid|tid|ppid|process|thread|task|fd|port|line|lineno|column|char|position|offset|worker|attempt|took|after"
_UNITS = r"ns|us|µs|ms|s|sec|secs|seconds?|minutes?|min|hours?|[kKMG]i?B|bytes?"
_REPLACED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\b"), "<uuid>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"), "<time>"),
    (re.compile(r"\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?\b"), "<time>"),
    (re.compile(r"datetime\.(datetime|date|time|timedelta)\([^()]*\)"), r"<\1>"),
    (re.compile(r"\b0[xX][0-9a-fA-F]+\b"), "<address>"),
    (
        re.compile(
            r"(?:[A-Za-z]:)?(?:/private)?[/\\](?:tmp|var[/\\]folders|var[/\\]tmp|dev[/\\]shm)[/\\][^\s'\",;:)\]}>]*"
        ),
        "<tmp>",
    ),
    (re.compile(r"(?:[A-Za-z]:\\|(?<![\w.<>/])/)(?:[^\s'\",;:()\[\]{}<>/\\]+[/\\])+(?=[^\s'\",;:()\[\]{}<>/\\])"), ""),
    (re.compile(r"\bgw\d+\b"), "<worker>"),
    (re.compile(r"(?<=[\w\]]):\d{2,5}\b"), f":{NUMBER}"),
    (re.compile(rf"(?<![\w.])-?\d+(?:\.\d+)? ?(?:{_UNITS})\b"), NUMBER),
    (re.compile(rf"(?i)\b({_COUNTED})([\s#=:'\"(-]{{1,3}})-?\d+(?:\.\d+)?"), rf"\1\2{NUMBER}"),
    (re.compile(r"(?<![\w.])-?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|(?<![\w.])-?\d+[eE][+-]?\d+"), NUMBER),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b"), "<hex>"),
    (re.compile(r"\d{4,}"), NUMBER),
)
_SET = re.compile(r"\{([^{}]*)\}")
_COMPARISON = re.compile(r" (==|!=|<=|>=|<|>|not in|in|is not|is) ")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_ANY_NUMBER = re.compile(r"(?<![\w<])-?\d+")


def without_escapes(text: str) -> str:
    """Return ``text`` without the colours of a terminal."""
    return _ESCAPES.sub("", text) if "\x1b" in text else text


def stable_message(message: str, *, any_value: bool = False) -> str:
    """Return the first line of ``message`` with what differs from run to run replaced.

    Further lines are left out: how many there are depends on pytest's verbosity, and on whether a CI runs it. With
    ``any_value`` every number and quoted string is replaced, as of a parametrized test, whose values they may be.
    """
    line = _without_what_differs(message)
    if any_value:
        line = _ANY_NUMBER.sub(NUMBER, _QUOTED.sub(STRING, line))
    return _with_short_operands(_SET.sub(_sorted_items, line))


@functools.lru_cache(maxsize=4)  # a signature asks twice, with values and without
def _without_what_differs(message: str) -> str:
    line = without_escapes(message).strip().partition("\n")[0].strip()
    line = _HINT.sub("", line)
    for pattern, name in _REPLACED:
        line = pattern.sub(name, line)
    return line


def _sorted_items(braces: re.Match[str]) -> str:
    # The order of a set follows the seed of string hashes.
    return "{" + ", ".join(sorted(item.strip() for item in braces[1].split(","))) + "}"


def _with_short_operands(line: str) -> str:
    # pytest leaves out the middle of a long operand, unless it is verbose or runs in a CI.
    before, mark, comparison = line.partition("assert ")
    if not mark or before:
        return line
    left, *rest = _COMPARISON.split(comparison, maxsplit=1)
    return mark + " ".join([_short(left), *(_short(part) for part in rest)])


def _short(operand: str) -> str:
    return operand[:_OPERAND_START] + "..." if len(operand) > _WIDEST_OPERAND or "..." in operand else operand

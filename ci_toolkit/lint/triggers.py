"""Where in a file's text each rule could possibly apply, found by plain search before any tree is walked.

Most functions of a suite hold nothing that a rule looks for; walking only the others is what keeps linting fast.
A trigger is a necessary condition, never a finding.
"""

import ast
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cached_property


class Trigger(Enum):
    """The words without which a rule has nothing to find."""

    MOCK = (
        *(b"ock", b"patch", b"autospec", b"setattr", b"delattr"),
        *(b"responses", b"respx", b"httpretty", b"moto", b"fakeredis"),
    )
    ENVIRON = (b"environ", b"tenv")
    SLEEP = (b"sleep", b"qWait(")
    SKIP = (b"skip", b"xfail")
    FLAKY = (b"flaky",)
    CAUGHT = (b"AssertionError", b"suppress", b"s(Exception")
    PORT = (
        *(b"localhost", b"127.0.0.1", b"0.0.0.0", b"::1", b"docker.internal:"),
        *(b"port=", b"port =", b"port: int", b"PORT", b'("",', b"('',"),
    )
    AGENT = (b"agent", b"Agent")


_WITHIN = {
    (Trigger.SLEEP, b"wait"): (
        *(b"wait_for_timeout", b"bot.wait(", b"sigtimedwait(", b"Event()", b"Condition()", b"Barrier("),
        *(b"Future()", b"create_future(", b"threading import", b"asyncio import"),
    ),
    (Trigger.SLEEP, b"while "): (
        *(b"while time.", b"time.time():", b"monotonic():", b"perf_counter():", b"time.time() <", b"monotonic() <"),
    ),
    (Trigger.SLEEP, b"select"): (b"select([", b"select((", b"select import", b"poll()"),
    (Trigger.SLEEP, b"signal"): (b"pause()",),
    (Trigger.SLEEP, b"ueue"): (b"Queue()",),
    (Trigger.CAUGHT, b"except"): (b"except:", b"except Exception", b"except BaseException", b"except (", b"except*"),
    (Trigger.CAUGHT, b"finally:"): (b"finally:",),
}
"""More words of a trigger, which are looked for only where the shorter one beside the trigger stands."""
_NEARBY_WORD = {
    b"except (": re.compile(rb"Exception|AssertionError"),
    b"except*": re.compile(rb"Exception|AssertionError"),
    b"finally:": re.compile(rb"\b(?:return|break|continue)\b"),
}
"""What must follow soon after a word for it to count."""
_RENAMED = re.compile(
    rb"\b(?:environb?|getenvb?|putenv|unsetenv|sleep|patch|\w*[Mm]ock|create_autospec|responses|respx|fakeredis|moto"
    rb"|Event|Condition|Barrier|\w*Queue|Future|select|pause|skip|suppress|AssertionError)$"
)
_OTHER_NAME = re.compile(
    rb"[ \t]*(\w+)(?:[ \t]*:[^=\n]*)?[ \t]*=[ \t]*"
    rb"(?:[\w.]+|getattr\(.*|(?:\w+\.)?partial\(.*|lambda.*|\(.*)[ \t]*(?:#.*)?$"
)
"""``nap = time.sleep``, ``nap = partial(time.sleep, 3)``, ``BAD = (AssertionError, KeyError)``: names given anew."""
_OTHER_NAMES = re.compile(rb"[ \t]*(\w+(?:[ \t]*,[ \t]*\w+)+)[ \t]*=[^=]")
"""``nap, now = time.sleep, time.time``."""
_GETS_NAMES = frozenset({Trigger.ENVIRON, Trigger.SLEEP, Trigger.SKIP, Trigger.CAUGHT})
_NEW_NAME = re.compile(rb"\w+")
_LONGEST_NAME = 40
_NUMBER = re.compile(rb"\d{4}")
_OTHER_FORMS = ("{:_}", "0x{:x}", "0x{:X}")
"""Of a port: ``8_000``, ``0x1f40``, ``0x1F40``."""
_PORT = re.compile(rb"[^\w.]\d{4,5}(?![\w.])")
"""A number of its own, neither a part of a longer one nor of a word."""
_DIGITS_ALIKE = bytes.maketrans(b"123456789", b"000000000")
"""Makes of the search for any number of four digits one for a text, which is several times faster."""
_NEARBY = 120
"""Within so many bytes stands what a word announces."""
_MAKES_A_MOCK = re.compile(rb"=\s*(?:\w+\.)*\w*(?:Mock|create_autospec|mock_open)\(")


class TriggerLines:
    """The lines of one source that hold each trigger. ``ports`` are those of the table: each is a word of its own."""

    def __init__(self, source: bytes, ports: Iterable[int] = ()) -> None:
        if b"\r" in source:
            source = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        self.source = source
        self._ports = tuple(str(port).encode() for port in ports)
        self._ports_otherwise = tuple(form.format(port).encode() for port in ports for form in _OTHER_FORMS)
        self._lines: dict[Trigger, list[int]] = {}

    @cached_property
    def _aliases(self) -> tuple[bytes, ...]:
        """What the file calls the things the rules look for: ``from time import sleep as nap`` makes ``nap``."""
        found: set[bytes] = set()
        for at in _occurrences(b" as ", self.source):
            new = _NEW_NAME.match(self.source, at + len(b" as "))
            if new and _RENAMED.search(self.source[max(0, at - _LONGEST_NAME) : at]):
                found.add(new[0])
        return tuple(sorted(found))

    def of(self, trigger: Trigger) -> list[int]:
        """Return the line numbers with ``trigger``, sorted."""
        if trigger not in self._lines:
            self._lines[trigger] = self._line_numbers(trigger)
        return self._lines[trigger]

    def _line_numbers(self, trigger: Trigger) -> list[int]:
        lines: list[int] = []
        line, counted = 1, 0
        for position in sorted(self._positions(trigger)):
            line += self.source.count(b"\n", counted, position)
            counted = position
            if not lines or lines[-1] != line:
                lines.append(line)
        return lines

    def _positions(self, trigger: Trigger) -> list[int]:
        otherwise = self._ports_written_otherwise() if trigger is Trigger.PORT else []
        if trigger is Trigger.PORT and b"0000" not in self.source.translate(_DIGITS_ALIKE):
            return otherwise
        words = self._words(trigger)
        found = [at for word in words for at in _occurrences(word, self.source) if self._counts(trigger, word, at)]
        aliases = set(self._aliases) if words else set()
        if trigger in _GETS_NAMES:
            lines = {self._line_at(at) for at in found}
            aliases |= {match[1] for line in lines if (match := _OTHER_NAME.match(line))}
            aliases |= {
                name for line in lines if (match := _OTHER_NAMES.match(line)) for name in _NEW_NAME.findall(match[1])
            }
        found += [at for alias in aliases for at in _occurrences(alias, self.source)] + otherwise
        for port in self._ports if trigger is Trigger.PORT else ():
            found += [at for at in _occurrences(port, self.source) if _PORT.match(self.source, max(0, at - 1))]
        return found

    def _ports_written_otherwise(self) -> list[int]:
        return [at for port in self._ports_otherwise for at in _occurrences(port, self.source)]

    def _words(self, trigger: Trigger) -> list[bytes]:
        more = [words for (of, gate), words in _WITHIN.items() if of is trigger and gate in self.source]
        return [word for word in (*trigger.value, *(word for words in more for word in words)) if word in self.source]

    def _counts(self, trigger: Trigger, word: bytes, at: int) -> bool:
        needed = _NUMBER if trigger is Trigger.PORT else _NEARBY_WORD.get(word)
        return needed is None or needed.search(self.source, at, at + _NEARBY) is not None

    def _line_at(self, position: int) -> bytes:
        end = self.source.find(b"\n", position)
        return self.source[self.source.rfind(b"\n", 0, position) + 1 : end if end >= 0 else len(self.source)]

    def marks_a_category(self, names: Iterable[str]) -> bool:
        """Whether a marker of one of these categories can stand in the source."""
        if b"mark" not in self.source:
            return False
        return any(b"." + name.encode() in self.source for name in names)

    @cached_property
    def assigns_a_mock(self) -> bool:
        """Whether a mock is made and given a name somewhere."""
        if b"ock" not in self.source and b"autospec" not in self.source:
            return False
        return bool(self._aliases) or _MAKES_A_MOCK.search(self.source) is not None

    def holds(self, *words: bytes) -> bool:
        """Whether one of the words stands in the source."""
        return any(word in self.source for word in words)

    def touch(self, trigger: Trigger, node: ast.stmt) -> bool:
        """Whether a line of ``node``, its decorators included, holds ``trigger``."""
        lines = self.of(trigger)
        if not lines:
            return False
        decorators = getattr(node, "decorator_list", None)
        at = bisect_left(lines, decorators[0].lineno if decorators else node.lineno)
        return at < len(lines) and lines[at] <= (node.end_lineno or node.lineno)


def _occurrences(word: bytes, source: bytes) -> Iterator[int]:
    at = source.find(word)
    while at >= 0:
        yield at
        at = source.find(word, at + 1)

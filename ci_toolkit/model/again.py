"""Which failed tests are tried again at once, in the process in which they failed, and how often."""

from collections import Counter

import msgspec

from ci_toolkit.model.node_id import function_of
from ci_toolkit.model.record import Record
from ci_toolkit.model.traced_lines import TracedFile


class AgainRule(Record, frozen=True, kw_only=True):
    """How failed tests are tried again at once."""

    times: int = 3
    """How often one is tried, until it passes."""
    seconds: float
    """What these tries may take together in one shard."""
    most_of_cause: int = 3
    """So many tests that failed each time for one cause tell enough of it."""
    only_of: str = ""
    """The one test that is tried; ``""`` is each that fails."""
    not_of: tuple[str, ...] = ()
    """Tests that are not tried; one without parameters stands for all of them."""
    change: tuple[TracedFile, ...] | None = None
    """What the change wrote in; None where nobody can tell by what a test runs whether that touches it."""

    def shared_by(self, processes: int) -> "AgainRule":
        """Return what each of so many processes may do of it."""
        return msgspec.structs.replace(self, seconds=self.seconds / max(1, processes))


class Agains:
    """Decides whether failed tests of one process are tried again, and keeps count."""

    def __init__(self, rule: AgainRule) -> None:
        self._rule = rule
        self._never = frozenset(rule.not_of)
        self._left = rule.seconds
        self._vain: Counter[str] = Counter()
        """How many tests failed each time, by cause."""

    def most_for(self, test: str, cause: str, seconds: float) -> int:
        """Return how often ``test`` is tried, which took ``seconds`` and failed for ``cause``; 0 is never."""
        if self._rule.only_of not in {"", test}:
            return 0
        if test in self._never or function_of(test) in self._never or self._vain[cause] >= self._rule.most_of_cause:
            return 0
        return self._rule.times if self.can_pay(seconds) else 0

    def can_pay(self, seconds: float) -> bool:
        """Return whether there is time for one more try that takes ``seconds``."""
        return seconds <= self._left

    def pay(self, seconds: float) -> None:
        """Take the time of one try."""
        self._left -= seconds

    def note_vain(self, cause: str) -> None:
        """Note that a test which failed for ``cause`` failed each time."""
        self._vain[cause] += 1

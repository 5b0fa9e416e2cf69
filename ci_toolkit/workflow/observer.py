"""Who hears what a workflow does while it works."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from ci_toolkit.model.plan import Plan
from ci_toolkit.model.progress import ShardEvent


class Observer(Protocol):
    """Shows a workflow to whoever started it; the command line writes to standard error."""

    def say(self, line: str) -> None:
        """Take one line for a reader, without a newline at its end."""

    def watch(self, plan: Plan) -> AbstractContextManager[Callable[[ShardEvent], None]]:
        """Return a context in which the shards of ``plan`` run; its value takes their events, from any thread."""

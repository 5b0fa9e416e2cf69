"""An observer that keeps what it hears."""

import contextlib
from collections.abc import Callable, Iterator

from ci_toolkit.model.plan import Plan
from ci_toolkit.model.progress import ShardEvent


class Listener:
    """Keeps every line and every event of a workflow."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.events: list[ShardEvent] = []

    def say(self, line: str) -> None:
        """Keep ``line``."""
        self.lines.append(line)

    @contextlib.contextmanager
    def watch(self, plan: Plan) -> Iterator[Callable[[ShardEvent], None]]:  # noqa: ARG002 (the Protocol's)
        """Keep the events."""
        yield self.events.append

"""What a test has stopped of its worker's services: each runs again before the next test."""

from collections.abc import Callable, Iterable

from ci_toolkit.isolation.errors import IsolationError
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.started import Stack


class Interruptions:
    """Ends services of one worker and starts them again; remembers which are down."""

    def __init__(self, has_begun_again: Callable[[str, bool], None]) -> None:
        """``has_begun_again`` is told which service runs again, and whether it was ended in order."""
        self._has_begun_again = has_begun_again
        self._down: dict[str, Stack] = {}
        self._killed: set[str] = set()

    def end(self, name: str, stack: Stack, *, by_force: bool) -> None:
        """End the service ``name`` of ``stack``, in order or by SIGKILL."""
        self._down[name] = stack
        if by_force:
            self._killed.add(name)
        stack.end(name, by_force=by_force)

    def start_again(self, name: str, stack: Stack) -> None:
        """Start it again, ended before or not; return when it is ready. Raises an InfrastructureError."""
        self._down[name] = stack
        stack.start_again(name)
        del self._down[name]
        was_killed = name in self._killed
        self._killed.discard(name)
        self._has_begun_again(name, not was_killed)

    def mend(self) -> None:
        """Start again what is down. Raises the first InfrastructureError."""
        for name, stack in list(self._down.items()):
            self.start_again(name, stack)


def stack_with(endpoint: Endpoint, stacks: Iterable[Stack]) -> Stack:
    """Return the one of ``stacks`` whose server is at ``endpoint``. Raises IsolationError where none is."""
    for stack in stacks:
        if any((server.name, server.port) == (endpoint.name, endpoint.port) for server in stack.endpoints):
            return stack
    raise not_alone(endpoint.name)


def not_alone(name: str) -> IsolationError:
    """Return the error for a service that a worker may not stop."""
    return IsolationError(
        f"{name} is not this worker's alone, and other tests would fail if it were stopped",
        advice="Run such a test in one process (plain pytest, or one shard), or start a server of its own for it.",
    )

"""The real things that a run asks for: services brought up for it, a language model."""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ci_toolkit.errors import InfrastructureError
from ci_toolkit.model.bundle import SERVICES_FOLDER
from ci_toolkit.model.record import Record

if TYPE_CHECKING:
    from ci_toolkit.services.stack import Stack

REAL_LLM = "CI_TOOLKIT_REAL_LLM"
"""``1`` makes a test fail that asks for a real language model and has none; else it is skipped with the reason."""

_USUAL_SERVICES = ("postgresql", "redis")
"""What --real-services brings up where no test has a category that says what it needs."""


class RealParts(Record, frozen=True, kw_only=True):
    """What is to be real."""

    services: tuple[str, ...] | None
    """The services that the tests' categories need; None leaves services to whoever runs the tests."""
    provider: str = ""
    alpine: bool = True
    dynamic_ports: bool = False
    force_recreate: bool = False
    llm: bool = False
    seconds: float | None = None
    """What the run's budget leaves them to start in."""


class RealThings:
    """What was asked for and is there, and what the tests' own fixtures started below this process."""

    def __init__(self, variables: Mapping[str, str], tell: Callable[[str], None], stack: "Stack | None" = None) -> None:
        self.variables = variables
        """What the tests' environment says of it; holds passwords."""
        self._tell = tell
        self._stack = stack

    def trouble(self, bundles: Path) -> str:
        """Return which service did not live as long as the tests, with the end of its log, or ``""``.

        ``bundles`` says where the whole log is.
        """
        try:
            for stack in self._stacks():
                stack.check()
        except InfrastructureError as error:
            return f"a service did not live as long as the tests (see {bundles / SERVICES_FOLDER}): {error}"
        return ""

    def save_logs(self, folder: Path) -> None:
        """Copy what may be shown of the services' logs to ``folder``."""
        try:
            for stack in self._stacks():
                stack.save_logs(folder)
        except OSError as error:  # the tests' outcomes count even so
            self._tell(f"the logs of the services could not be saved: {error}")

    def _stacks(self) -> "tuple[Stack, ...]":
        from ci_toolkit.services.storage.folders import has_registry  # noqa: PLC0415 (start-up time)

        if not has_registry():  # then nothing has been started, and a run without services needs no folder for them
            return ()
        from ci_toolkit.services.stack import owned  # noqa: PLC0415 (start-up time)

        of_fixtures = owned(os.getpid())
        return (of_fixtures,) if self._stack is None else (self._stack, of_fixtures)

    def stop(self) -> None:
        """End what was started for this process."""
        for stack in self._stacks():
            stack.stop()


@contextlib.contextmanager
def real_parts(parts: RealParts, root: Path, tell: Callable[[str], None]) -> Iterator[RealThings]:
    """Yield the real parts, with the services up while the context lasts, and those that fixtures start as well.

    Raises an InfrastructureError where a service cannot be had: never a mock in its place.
    """
    llm = {REAL_LLM: "1"} if parts.llm else {}
    if parts.services is None:
        real = RealThings({**llm, **_for_fixtures(parts)}, tell)
    else:
        stack, variables = _services(parts, root, tell)
        real = RealThings({**llm, **variables}, tell, stack)
    try:
        yield real
    finally:
        real.stop()


def _for_fixtures(parts: RealParts) -> Mapping[str, str]:
    """Return what tells the fixtures, which start what they need, how to."""
    from ci_toolkit.services.catalog.endpoint import Provider  # noqa: PLC0415 (start-up time)
    from ci_toolkit.services.handover import Handover  # noqa: PLC0415

    provider = Provider(parts.provider) if parts.provider else None
    return Handover(provider=provider, dynamic_ports=parts.dynamic_ports).variables()


def _services(parts: RealParts, root: Path, tell: Callable[[str], None]) -> "tuple[Stack, Mapping[str, str]]":
    from ci_toolkit.services.catalog.endpoint import Provider  # noqa: PLC0415 (only where services are asked for)
    from ci_toolkit.services.catalog.settings import read_table  # noqa: PLC0415
    from ci_toolkit.services.catalog.table import ServiceEnvironment  # noqa: PLC0415
    from ci_toolkit.services.handover import Handover  # noqa: PLC0415
    from ci_toolkit.services.stack import StackRequest, acquire  # noqa: PLC0415

    table = read_table(root)
    wanted = tuple(name for name in parts.services or _USUAL_SERVICES if name in table.startable())
    environment = ServiceEnvironment.TEST_ALPINE if parts.alpine else ServiceEnvironment.TEST
    provider = Provider(parts.provider) if parts.provider else None
    request = StackRequest(
        services=wanted,
        environment=environment,
        provider=provider,
        dynamic_ports=parts.dynamic_ports,
        force_recreate=parts.force_recreate,
        seconds=parts.seconds,
    )
    below = Handover(owner=os.getpid(), environment=environment, provider=provider, dynamic_ports=parts.dynamic_ports)
    stack = acquire(request, table, root, owner_pid=os.getpid(), report=tell)
    return stack, {**stack.variables(), **below.variables()}

"""The real things that a run asks for: services brought up for it, a language model."""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ci_toolkit.errors import InfrastructureError
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


class RealThings:
    """What was asked for and is there."""

    def __init__(self, variables: Mapping[str, str], stack: "Stack | None" = None) -> None:
        self.variables = variables
        """What the tests' environment says of it; holds passwords."""
        self._stack = stack

    def trouble(self) -> str:
        """Return which service did not live as long as the tests, with the end of its log, or ``""``."""
        try:
            if self._stack is not None:
                self._stack.check()
        except InfrastructureError as error:
            return f"a service did not live as long as the tests: {error}"
        return ""


@contextlib.contextmanager
def real_parts(parts: RealParts, root: Path, tell: Callable[[str], None]) -> Iterator[RealThings]:
    """Yield the real parts, with the services up while the context lasts.

    Raises an InfrastructureError where a service cannot be had: never a mock in its place.
    """
    llm = {REAL_LLM: "1"} if parts.llm else {}
    if parts.services is None:
        yield RealThings(llm)
        return
    with _services(parts, root, tell) as (variables, stack):
        yield RealThings({**llm, **variables}, stack)


@contextlib.contextmanager
def _services(parts: RealParts, root: Path, tell: Callable[[str], None]) -> Iterator[tuple[Mapping[str, str], "Stack"]]:
    from ci_toolkit.services.endpoint import Provider  # noqa: PLC0415 (only where services are asked for)
    from ci_toolkit.services.handover import Handover  # noqa: PLC0415
    from ci_toolkit.services.settings import read_table  # noqa: PLC0415
    from ci_toolkit.services.stack import StackRequest, acquire  # noqa: PLC0415
    from ci_toolkit.services.table import Environment  # noqa: PLC0415

    table = read_table(root)
    wanted = tuple(name for name in parts.services or _USUAL_SERVICES if name in table.startable())
    environment = Environment.TEST_ALPINE if parts.alpine else Environment.TEST
    provider = Provider(parts.provider) if parts.provider else None
    request = StackRequest(
        services=wanted,
        environment=environment,
        provider=provider,
        dynamic_ports=parts.dynamic_ports,
        force_recreate=parts.force_recreate,
    )
    below = Handover(owner=os.getpid(), environment=environment, provider=provider, dynamic_ports=parts.dynamic_ports)
    with acquire(request, table, root, owner_pid=os.getpid(), tell=tell) as stack:
        yield {**stack.variables(), **below.variables()}, stack

"""The real things that a run asks for: services brought up for it, an LLM."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from ci_toolkit.errors import InfrastructureError
from ci_toolkit.model.record import Record

REAL_LLM = "CI_TOOLKIT_REAL_LLM"


class RealParts(Record, frozen=True, kw_only=True):
    """What is to be real."""

    services: tuple[str, ...] | None
    """The services to bring up; None leaves them to whoever runs the tests."""
    llm: bool = False
    alpine: bool = True
    dynamic_ports: bool = False
    force_recreate: bool = False


@contextlib.contextmanager
def real_parts(parts: RealParts, root: Path) -> Iterator[Mapping[str, str]]:  # noqa: ARG001
    """Yield what the tests' environment says of them, with the services up while the context lasts.

    Raises InfrastructureError where a service cannot be had: never a mock in its place.
    """
    if parts.services:
        raise InfrastructureError("services cannot be brought up yet")
    yield {REAL_LLM: "1"} if parts.llm else {}

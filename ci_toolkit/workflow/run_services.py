"""The services that a run brings up for its tests, or that their fixtures start below it; the real language model."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ci_toolkit.errors import InfrastructureError
from ci_toolkit.model.bundle import SERVICES_FOLDER
from ci_toolkit.model.record import Record

if TYPE_CHECKING:
    from ci_toolkit.services.started import Stack

REAL_LLM = "CI_TOOLKIT_REAL_LLM"
"""``1`` makes a test fail that asks for a real language model and has none; else it is skipped with the reason."""


class ServiceNeeds(Record, frozen=True, kw_only=True):
    """What a run asks for to be real."""

    services: tuple[str, ...] | None = None
    """The services that the tests' categories need; None leaves services to the tests' own fixtures."""
    provider: str = ""
    alpine: bool = True
    dynamic_ports: bool = False
    force_recreate: bool = False
    llm: bool = False
    seconds: float | None = None
    """What the run's budget leaves them to start in."""


class ServiceOptions(Record, frozen=True, kw_only=True):
    """The options of a command that brings services up for its tests, one field each."""

    real_services: bool = False
    provider: str | None = None
    real_llm: bool = False
    no_alpine: bool = False
    dynamic_ports: bool = False
    force_recreate: bool = False

    def needs(self, services: tuple[str, ...], seconds: float | None) -> ServiceNeeds:
        """Return what is asked for, where the tests need ``services``, which have ``seconds`` to start in."""
        return ServiceNeeds(
            services=services if self.real_services else None,
            provider=self.provider or "",
            llm=self.real_llm,
            alpine=not self.no_alpine,
            dynamic_ports=self.dynamic_ports,
            force_recreate=self.force_recreate,
            seconds=seconds,
        )


class RunServices:
    """The services that were brought up for a run, and those that its tests' fixtures started below this process."""

    def __init__(
        self, variables: Mapping[str, str], failures: Path, say: Callable[[str], None], stack: "Stack | None" = None
    ) -> None:
        """``failures`` is the file in which the tests' processes say which services failed."""
        from ci_toolkit.services.handover import failures_variable

        self.variables = {**variables, **failures_variable(failures)}
        """What the tests' environment says of it; holds passwords."""
        self._failures = failures
        self._say = say
        self._stack = stack

    def failure(self, bundles: Path) -> str:
        """Return which service could not be had, or did not live as long as the tests, with its log's end, or ``""``.

        ``bundles`` says where the whole log is.
        """
        from ci_toolkit.services.handover import handed_back

        try:
            for stack in self._stacks():
                stack.check()
        except InfrastructureError as error:
            return f"a service did not live as long as the tests (see {bundles / SERVICES_FOLDER}): {error}"
        of_fixtures = handed_back(self._failures)
        return f"a service failed the tests that asked for it: {'; '.join(of_fixtures)}" if of_fixtures else ""

    def save_logs(self, folder: Path) -> None:
        """Copy what may be shown of the services' logs to ``folder``."""
        try:
            for stack in self._stacks():
                stack.save_logs(folder)
        except OSError as error:  # the tests' outcomes count even so
            self._say(f"the logs of the services could not be saved: {error}")

    def _stacks(self) -> "tuple[Stack, ...]":
        from ci_toolkit.services.storage.folders import has_registry

        if not has_registry():  # then nothing has been started, and a run without services needs no folder for them
            return ()
        from ci_toolkit.services.stack import owned

        of_fixtures = owned(os.getpid())
        return (of_fixtures,) if self._stack is None else (self._stack, of_fixtures)

    def stop(self) -> None:
        """End what was started for this process."""
        for stack in self._stacks():
            stack.stop()


@contextlib.contextmanager
def services_for(needs: ServiceNeeds, root: Path, say: Callable[[str], None]) -> Iterator[RunServices]:
    """Yield the services of a run; they are up while the context lasts, those that fixtures start as well.

    Raises an InfrastructureError where a service cannot be had: never a mock in its place.
    """
    llm = {REAL_LLM: "1"} if needs.llm else {}
    with tempfile.TemporaryDirectory(prefix="ci-toolkit-services-") as folder:
        failures = Path(folder, "failures.jsonl")
        if needs.services is None:
            services = RunServices({**llm, **_for_fixtures(needs)}, failures, say)
        else:
            stack, variables = _services(needs, root, say)
            services = RunServices({**llm, **variables}, failures, say, stack)
        try:
            yield services
        finally:
            services.stop()


def _for_fixtures(needs: ServiceNeeds) -> Mapping[str, str]:
    """Return what tells the fixtures, which start what they need, how to."""
    from ci_toolkit.services.catalog.endpoint import Provider
    from ci_toolkit.services.handover import Handover

    provider = Provider(needs.provider) if needs.provider else None
    return Handover(provider=provider, dynamic_ports=needs.dynamic_ports).variables()


def _services(needs: ServiceNeeds, root: Path, say: Callable[[str], None]) -> "tuple[Stack, Mapping[str, str]]":
    from ci_toolkit.services.catalog.endpoint import Provider
    from ci_toolkit.services.catalog.settings import read_table
    from ci_toolkit.services.catalog.table import ServiceEnvironment
    from ci_toolkit.services.handover import Handover
    from ci_toolkit.services.stack import StackRequest, acquire

    table = read_table(root)
    wanted = tuple(name for name in needs.services or () if name in table.startable())
    environment = ServiceEnvironment.TEST_ALPINE if needs.alpine else ServiceEnvironment.TEST
    provider = Provider(needs.provider) if needs.provider else None
    request = StackRequest(
        services=wanted,
        environment=environment,
        provider=provider,
        dynamic_ports=needs.dynamic_ports,
        force_recreate=needs.force_recreate,
        seconds=needs.seconds,
    )
    below = Handover(owner=os.getpid(), environment=environment, provider=provider, dynamic_ports=needs.dynamic_ports)
    stack = acquire(request, table, root, owner_pid=os.getpid(), report=say)
    return stack, {**stack.variables(), **below.variables()}

"""A server as a child process: started, waited for, ended."""

import signal

from ci_toolkit.services.catalog.endpoint import Endpoint, Provider, endpoint_of
from ci_toolkit.services.processes.child import Child
from ci_toolkit.services.providers.listening import who_listens
from ci_toolkit.services.providers.provider import ServiceRequest
from ci_toolkit.services.readiness.signs import Question
from ci_toolkit.services.readiness.waiting import wait_until_ready

_ORDERLY_SECONDS = 20.0


class Server:
    """A server that is a child process."""

    def __init__(
        self, child: Child, *, stops_by: signal.Signals, grace: float = 2.0, pauses_by: signal.Signals | None = None
    ) -> None:
        """``stops_by`` ends it for good, and ``pauses_by`` without loss, where that is another one."""
        self._child = child
        self._stops_by = stops_by
        self._grace = grace
        self._pauses_by = pauses_by
        self._endpoint: Endpoint | None = None

    @property
    def endpoint(self) -> Endpoint:
        """Where it answers."""
        assert self._endpoint is not None, "it was not yet ready"
        return self._endpoint

    def until_ready(self, request: ServiceRequest, *, detail: str = "", question: Question | None = None) -> "Server":
        """Return it once it has answered; end it if it does not. Raises an InfrastructureError.

        ``question`` is asked in place of one in its own protocol.
        """
        try:
            self._endpoint = wait_until_ready(
                native_endpoint(request, detail=detail),
                request.service,
                requested_at=request.requested_at,
                who_listens=who_listens,
                is_alive=self.is_alive,
                tail=self.tail,
                question=question,
            )
        except BaseException:
            self.stop()
            raise
        return self

    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self._child.is_alive()

    def tail(self) -> str:
        """Return the end of its log."""
        return self._child.tail()

    def stop(self) -> None:
        """End it; what it holds is thrown away."""
        self._child.stop(self._stops_by, grace=self._grace)

    def pause(self) -> None:
        """End it in order; what it has on disk stays."""
        by = self._pauses_by
        self._child.stop(by or self._stops_by, grace=_ORDERLY_SECONDS if by else self._grace)

    def kill(self) -> None:
        """End it by SIGKILL, with every process below it."""
        self._child.kill()

    def resume(self, request: ServiceRequest) -> bool:  # noqa: ARG002 (as providers promise)
        """Say no: another process runs on what this one left on disk."""
        return False


def native_endpoint(request: ServiceRequest, *, detail: str = "") -> Endpoint:
    """Return where the server of ``request`` is to answer."""
    return endpoint_of(request.service, port=request.port, provider=Provider.NATIVE, detail=detail)

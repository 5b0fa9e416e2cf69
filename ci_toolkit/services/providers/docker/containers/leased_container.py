"""A container that lives as long as this process holds it.

The lease is the container's standard input. A shell inside starts the server and waits for the end of that input,
which comes when this process lets go or ends, however it ends: the engine then closes it, the shell kills the server,
and the engine removes the container. No second container is needed to watch this one.

The lease carries orders as well, a line each. The name of a signal ends the server by it, and the container stays; the
next line has the server run again on what it left, as on a machine whose database is restarted. The engine could only
stop the whole container, and with it would go what the server keeps in memory.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from docker.errors import APIError, NotFound
from docker.utils.socket import frames_iter

from ci_toolkit.model.record import Record
from ci_toolkit.services.catalog.endpoint import LOOPBACK
from ci_toolkit.services.catalog.images import INPUT
from ci_toolkit.services.errors import EngineError
from ci_toolkit.services.ports.listeners import taken
from ci_toolkit.services.providers.docker.containers.engine import PORT_LABEL, SERVICE_LABEL, SESSION_LABEL, Engine
from ci_toolkit.services.providers.docker.containers.port_publisher import who_listens

HELD: Final = "ci-toolkit: a test had it end, and it starts again when it is told to"
"""What its log says where an order has ended the server."""
_GONE: Final = "ci-toolkit: the container is gone, and this session had not asked for it"
_LEASE: Final = """\
exec 3<&0
{first}
{prepare}
trap 'kill -TERM $server' TERM INT
trap 'is_held=yes' USR1
while :; do
    is_held=
    {run}
    {{
        if read -r signal <&3; then kill -USR1 $$; else signal=KILL; fi
        if [ $signal = KILL ]; then kill -KILL -1; else kill -$signal $server; fi
    }} &
    while :; do
        wait $server; status=$?
        kill -0 $server 2>/dev/null || break
    done
    if [ $status -gt 128 ]; then how="by signal $((status - 128))"; else how="with exit status $status"; fi
    echo "ci-toolkit: the server ended $how"
    [ $is_held ] || exit $status
    echo "{held}"
    read -r _ <&3 || exit $status
done
"""
"""Ends with the server, or ends the server with the lease. When it ends, the kernel ends whatever is left inside.

``kill -KILL -1`` meets every process inside but the first, which waits, and the one that kills. Whoever reads the
lease ends with its first line, so the shell may read the second one."""

_RUN: Final = '"$@" 3<&- </dev/null & server=$!'
_PREPARE_INPUT: Final = f"input=${INPUT}; unset {INPUT}"
_RUN_WITH_INPUT: Final = """\
"$@" 3<&- <<END & server=$!
$input
END"""
_ORDERLY_SECONDS: Final = 20.0
"""How long a server may take to end in order."""
_GONE_SECONDS: Final = 5.0
_PAUSE: Final = 0.005
_TAKEN: Final = ("port is already allocated", "address already in use")


class ContainerSpec(Record, frozen=True, kw_only=True):
    """What a container is to be."""

    image: str
    """What it is made from."""
    service: str
    session: str
    port: int
    """On the loopback of the engine's machine."""
    container_port: int
    environment: dict[str, str]
    command: tuple[str, ...]
    """The entry point and its arguments."""
    in_memory: tuple[str, ...] = ()
    """Folders whose content goes with the container and never meets a disk."""
    network: str = ""
    """Where it has the name of its service; empty for the engine's default network."""
    first: str = ""
    """Shell lines that run before the image's own entry point."""
    input: str = ""
    """What the server reads from its standard input; stands in no argument."""


class LeasedContainer:
    """A running container, its output in a log file of this machine."""

    def __init__(self, engine: Engine, identity: str, log: Path) -> None:
        """Hold the created container ``identity``, whose input ends with this object's process."""
        self._engine = engine
        self.identity = identity
        self._log = log
        self._ended = threading.Event()
        self._is_let_go = False
        streams = {"stream": 1, "stdin": 1, "stdout": 1, "stderr": 1}
        with engine.asked_to("attach to a container"):
            self._lease = engine.api.attach_socket(identity, params=streams)
        threading.Thread(target=self._follow, name=f"log of {identity[:12]}", daemon=True).start()

    def is_alive(self) -> bool:
        """Whether it runs, and the engine with it."""
        return not self._ended.is_set()

    def wait_for_end(self, seconds: float) -> bool:
        """Whether it ended within ``seconds``."""
        return self._ended.wait(seconds)

    def execute(self, script: str) -> None:
        """Run a shell script inside. Raises EngineError with what it said if it fails."""
        api = self._engine.api
        with self._engine.asked_to("run a command in a container"):
            command = api.exec_create(self.identity, ["/bin/sh", "-c", script])["Id"]
            said = api.exec_start(command)
            status = api.exec_inspect(command)["ExitCode"]
        if status != 0:
            raise EngineError(
                f"a command in a container ended with exit status {status}: {said.decode(errors='replace')[-500:]}",
                advice="Its image may lack a program that this needs: name the official one as `image` of the row.",
            )

    def end_server(self, signal: str) -> None:
        """End the server by ``signal``, such as ``TERM``; the container and what is in it stay. Raises EngineError.

        One that does not end in time is killed.
        """
        before = self._log.stat().st_size
        self._say(signal)
        if self._is_down_after(before):
            return
        self.execute("kill -KILL -1")
        if not self._is_down_after(before):
            raise EngineError(
                f"a server in a container did not end within {2 * _ORDERLY_SECONDS:g} s",
                advice="Look at `docker ps` and `docker logs`, and restart the engine if it hangs.",
            )

    def start_server(self) -> None:
        """Start the server again that ``end_server`` has ended. Raises EngineError."""
        self._say("start")

    def _say(self, word: str) -> None:
        connection = getattr(self._lease, "_sock", self._lease)  # of the reading end of an HTTP answer
        try:
            connection.sendall(f"{word}\n".encode())
        except OSError as error:
            raise EngineError(
                f"a container takes no orders: {error}", advice="Run the tests again, and look at the engine's log."
            ) from error

    def _is_down_after(self, size: int) -> bool:
        """Whether the log says so after its first ``size`` bytes, or the container ends, within the server's time."""
        until = time.monotonic() + _ORDERLY_SECONDS
        while time.monotonic() < until:
            if not self.is_alive() or HELD.encode() in self._log.read_bytes()[size:]:
                return True
            time.sleep(_PAUSE)  # between two looks
        return False

    def remove(self) -> None:
        """End and remove it; safe to call twice. Raises EngineError if the engine cannot."""
        self._is_let_go = True
        with self._engine.asked_to("remove a container"):
            remove(self._engine, self.identity)
        self._ended.wait(_GONE_SECONDS)

    def _follow(self) -> None:
        """Write what it says to the log until it ends."""
        with self._log.open("ab", buffering=0) as log:
            try:
                for _, text in frames_iter(self._lease, tty=False):  # type: ignore[no-untyped-call]
                    log.write(text)
            except OSError as error:
                log.write(f"(its log could not be followed to the end: {error})\n".encode())
            finally:
                if not self._is_let_go:
                    log.write(f"{_GONE}\n".encode())
                self._ended.set()


def start(
    engine: Engine, spec: ContainerSpec, log: Path, *, before_start: Callable[[], None] = lambda: None
) -> LeasedContainer:
    """Create and hold a container, and start it once ``before_start`` returns.

    Raises an InfrastructureError; then there is none.
    """
    identity = _create(engine, spec)
    try:
        container = LeasedContainer(engine, identity, log)
        before_start()
        _start(engine, identity, spec)
    except BaseException:
        with suppress(EngineError), engine.asked_to("remove a container"):
            remove(engine, identity)  # an engine that fails here as well is named by the first error
        raise
    return container


def remove(engine: Engine, identity: str) -> None:
    """Remove a container with its volumes, unless it is gone or just going."""
    try:
        engine.api.remove_container(identity, force=True, v=True)
    except NotFound:
        return
    except APIError as error:
        if "already in progress" not in str(error):
            raise


def _create(engine: Engine, spec: ContainerSpec) -> str:
    host = engine.api.create_host_config(
        port_bindings={spec.container_port: (LOOPBACK, spec.port)},
        auto_remove=True,
        init=False,  # the shell is the first process inside
        tmpfs=dict.fromkeys(spec.in_memory, ""),
    )
    joined = {spec.network: engine.api.create_endpoint_config(aliases=[spec.service])} if spec.network else None
    labels = {SESSION_LABEL: spec.session, SERVICE_LABEL: spec.service, PORT_LABEL: str(spec.container_port)}
    prepare, run = (_PREPARE_INPUT, _RUN_WITH_INPUT) if spec.input else ("", _RUN)
    lease = _LEASE.format(first=spec.first, prepare=prepare, run=run, held=HELD)
    with engine.asked_to(f"create a container of {spec.image}"):
        created = engine.api.create_container(
            spec.image,
            name=f"ci-toolkit-{spec.session}-{spec.service}",
            entrypoint=["/bin/sh", "-c", lease, "lease"],
            command=list(spec.command),
            environment=spec.environment | ({INPUT: spec.input} if spec.input else {}),
            ports=[spec.container_port],
            labels=labels,
            host_config=host,
            networking_config={"EndpointsConfig": joined} if joined else None,
            stdin_open=True,
        )
    return str(created["Id"])


def _start(engine: Engine, identity: str, spec: ContainerSpec) -> None:
    try:
        with engine.asked_to(f"start a container of {spec.image}"):
            engine.api.start(identity)
    except EngineError as error:
        if any(words in error.message for words in _TAKEN):
            raise taken(spec.port, by=who_listens(spec.port)) from error
        if '"/bin/sh"' in error.message:
            raise EngineError(
                f"the image {spec.image} has no /bin/sh, which ends the container with its session",
                advice="Use a variant of the image that has a shell.",
            ) from error
        raise
